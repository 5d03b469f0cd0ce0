import { describe, expect, it } from 'vitest';
import { isSame, upsertPatch } from '../../../../lib/cli/request/manifest.ts';
import type { Manifest } from '../../../../lib/model/manifest.ts';

const wanted: Manifest = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'shop', namespace: 'argocd', labels: { team: 'books' } },
  spec: { project: 'default', source: { repoURL: 'r', path: undefined } },
};
const live: Manifest = {
  ...wanted,
  metadata: { ...wanted.metadata, uid: '1', resourceVersion: '7' },
  spec: { source: { repoURL: 'r' }, project: 'default' },
  status: { health: { status: 'Healthy' } },
};

describe('an Application that is there already', () => {
  it('is the same when spec, labels, annotations and finalizers are', () => {
    expect(isSame(live, wanted)).toBe(true);
  });

  it.each<[string, Manifest]>([
    ['spec', { ...live, spec: { project: 'other' } }],
    ['labels', { ...live, metadata: { ...live.metadata, labels: {} } }],
    ['annotations', { ...live, metadata: { ...live.metadata, annotations: { a: 'b' } } }],
    ['finalizers', { ...live, metadata: { ...live.metadata, finalizers: ['x'] } }],
  ])('differs in its %s', (_field, other) => {
    expect(isSame(other, wanted)).toBe(false);
  });

  it('gets the new spec, and keeps labels that nobody mentions', () => {
    const labelled = { ...live, metadata: { ...live.metadata, labels: { team: 'toys', tier: 'web' } } };
    expect(upsertPatch(labelled, wanted)).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
      { op: 'replace', path: '/spec', value: wanted['spec'] },
      { op: 'add', path: '/metadata/labels', value: { team: 'books', tier: 'web' } },
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'add', path: '/metadata/finalizers', value: [] },
    ]);
  });
});
