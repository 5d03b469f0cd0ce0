// The marks that a manifest gets (spec/diff.md §2).
import { describe, expect, it } from 'vitest';
import { tracked } from '../../../lib/desired/track.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import { DEFAULT_TRACKING, type Tracking } from '../../../lib/model/tracking.ts';

const ID = 'argocd.argoproj.io/tracking-id';
const INSTALLATION = 'argocd.argoproj.io/installation-id';
const LABEL = 'app.kubernetes.io/instance';
const LEGACY = 'applications.argoproj.io/app-name';
const mark = (manifest: Manifest, tracking: Partial<Tracking>, instanceName = 'web') =>
  tracked(manifest, { instanceName, destinationNamespace: 'dest' }, { ...DEFAULT_TRACKING, ...tracking });
const map = (metadata: Manifest['metadata'] = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
});
const marksOf = ({ metadata }: Manifest) => ({ ...metadata.annotations, ...metadata.labels });
const definition = (metadata: Manifest['metadata'] = {}): Manifest => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'd', ...metadata },
});
const own = 'web:/ConfigMap:shop/a';

describe('a manifest', () => {
  it.each([
    ['annotation', '', { [ID]: own }],
    ['annotation', 'blue', { [ID]: own, [INSTALLATION]: 'blue' }],
    ['label', 'blue', { [LABEL]: 'web' }],
    ['annotation+label', '', { [ID]: own, [LABEL]: 'web' }],
    ['annotation+label', 'blue', { [ID]: own, [LABEL]: 'web', [INSTALLATION]: 'blue' }],
    ['none', 'blue', {}],
  ] as const)('by %s in installation %j', (method, installationId, expected) => {
    expect(marksOf(mark(map(), { method, installationId }))).toEqual(expected);
  });

  it('loses the mark of another installation, where annotations track', () => {
    const foreign = map({ annotations: { [INSTALLATION]: 'green' } });
    expect(marksOf(mark(foreign, { method: 'annotation' }))).toEqual({ [ID]: own });
    expect(marksOf(mark(foreign, { method: 'label' }))).toEqual({ [INSTALLATION]: 'green', [LABEL]: 'web' });
  });

  it('keeps its other labels and annotations', () => {
    const marked = mark(map({ labels: { [LABEL]: 'chart', team: 'a' }, annotations: { [ID]: 'x', note: 'n' } }), {
      method: 'annotation+label',
    });
    expect(marksOf(marked)).toEqual({ [ID]: own, note: 'n', [LABEL]: 'web', team: 'a' });
  });

  it.each(['annotation', 'label', 'annotation+label', 'none'] as const)('is not marked by %s when it is a definition', (method) => {
    expect(mark(definition(), { method, installationId: 'blue' })).toEqual(definition());
  });

  const long = (name: string) => marksOf(mark(map(), { method: 'annotation+label' }, name));
  it.each([
    ['a'.repeat(63), 'a'.repeat(63)],
    ['a'.repeat(64), 'a'.repeat(63)],
    [`${'a'.repeat(60)}-_.b`, 'a'.repeat(60)],
    [`team_${'a'.repeat(57)}-b`, `team_${'a'.repeat(57)}`],
  ])('by both has a label that is short enough: %s', (name, label) => {
    expect(long(name)).toEqual({ [ID]: `${name}:/ConfigMap:shop/a`, [LABEL]: label });
  });

  it('by label has its whole name, which the API server may refuse', () => {
    expect(marksOf(mark(map(), { method: 'label' }, 'a'.repeat(64)))).toEqual({ [LABEL]: 'a'.repeat(64) });
  });
});

describe('a pod template', () => {
  const workload = (apiVersion: string, kind: string, template: unknown = { metadata: { labels: { app: 'a' } } }): Manifest => ({
    ...map(),
    apiVersion,
    kind,
    spec: { replicas: 1, template },
  });
  const template = (manifest: Manifest) => (manifest['spec'] as { readonly template: unknown }).template;

  it.each([
    ['apps/v1', 'Deployment', true],
    ['apps/v1', 'StatefulSet', true],
    ['apps/v1', 'DaemonSet', true],
    ['extensions/v1beta1', 'ReplicaSet', true],
    ['batch/v1', 'Job', true],
    ['batch/v1', 'CronJob', false],
    ['apps/v1', 'ControllerRevision', false],
    ['shop.example/v1', 'Deployment', false],
  ])('of %s %s gets the older label: %s', (apiVersion, kind, expected) => {
    const marked = mark(workload(apiVersion, kind), { method: 'label', labelKey: LEGACY });
    expect(marksOf(marked)).toEqual({ [LEGACY]: 'web' });
    expect(template(marked)).toEqual({ metadata: { labels: { app: 'a', ...(expected ? { [LEGACY]: 'web' } : {}) } } });
  });

  it('gets no other label', () => {
    const before = workload('apps/v1', 'Deployment');
    expect(template(mark(before, { method: 'annotation+label' }))).toEqual(template(before));
  });

  it('that is odd is left to the API server', () => {
    const tracking = { method: 'label', labelKey: LEGACY } as const;
    expect(template(mark(workload('apps/v1', 'Deployment', 'text'), tracking))).toBe('text');
    expect(template(mark(workload('apps/v1', 'Deployment', {}), tracking))).toEqual({ metadata: { labels: { [LEGACY]: 'web' } } });
  });
});
