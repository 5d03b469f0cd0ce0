// Whose an object says it is (spec/diff.md §2).
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../../lib/model/manifest.ts';
import {
  DEFAULT_TRACKING,
  hasOwner,
  instanceOf,
  type Tracking,
  trackingIdOf,
  trackingIdText,
  trackingSelector,
} from '../../../lib/model/tracking.ts';

const ID = 'argocd.argoproj.io/tracking-id';
const LABEL = 'app.kubernetes.io/instance';
const INSTALLATION = 'argocd.argoproj.io/installation-id';
const object = (annotations: Record<string, string> = {}, labels: Record<string, string> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', annotations, labels },
});
const by = (method: Tracking['method'], installationId = '') => ({ ...DEFAULT_TRACKING, method, installationId });

describe('a tracking id', () => {
  it.each([
    'web:/Service:shop/ui',
    'web:apps/Deployment:shop/ui',
    'team_web:apps/Deployment:/ui',
    'web:rbac.authorization.k8s.io/Role:shop/system:a:b',
  ])('is read as it is written: %s', (text) => {
    const id = trackingIdOf(object({ [ID]: text }), DEFAULT_TRACKING);
    expect(id && trackingIdText(id)).toBe(text);
  });

  it.each([
    '',
    'web',
    'web:apps/Deployment',
    'web:Deployment:shop/ui',
    'web:a/b/C:shop/ui',
    'web:apps/Deployment:ui',
    'web:apps/Deployment:a/b/c',
  ])('that is none is as good as absent: %j', (text) => {
    expect(trackingIdOf(object({ [ID]: text }), DEFAULT_TRACKING)).toBeUndefined();
  });
});

describe('the Application of an object', () => {
  const both = object({ [ID]: 'noted:/ConfigMap:shop/a' }, { [LABEL]: 'labelled' });
  it.each([
    ['annotation', 'noted'],
    ['label', 'labelled'],
    ['annotation+label', 'noted'],
    ['none', undefined],
  ] as const)('by %s is %s', (method, expected) => {
    expect(instanceOf(both, by(method))).toBe(expected);
  });

  it.each([
    ['annotation', object({}, { [LABEL]: 'labelled' })],
    ['annotation+label', object({}, { [LABEL]: 'labelled' })],
    ['label', object({ [ID]: 'noted:/ConfigMap:shop/a' })],
    ['label', object({}, { [LABEL]: '' })],
  ] as const)('by %s is nobody without its mark', (method, marked) => {
    expect(instanceOf(marked, by(method))).toBeUndefined();
  });

  it('is read under another label', () => {
    expect(instanceOf(object({}, { app: 'web' }), { ...by('label'), labelKey: 'app' })).toBe('web');
  });

  it('is nobody of this installation unless the object says so', () => {
    const blue = object({ [ID]: 'web:/ConfigMap:shop/a', [INSTALLATION]: 'blue' }, { [LABEL]: 'web' });
    const marked = (method: Tracking['method'], installation: string) => instanceOf(blue, by(method, installation));
    expect([marked('annotation', 'blue'), marked('annotation', 'green'), marked('annotation', '')]).toEqual(['web', undefined, 'web']);
    expect(marked('annotation+label', 'green')).toBeUndefined();
    expect(marked('label', 'green')).toBe('web');
  });
});

describe('the selector of what an Application tracks', () => {
  it.each([
    ['label', 'web', `${LABEL}=web`],
    ['label', 'team_web', `${LABEL}=team_web`],
    ['label', 'a'.repeat(63), `${LABEL}=${'a'.repeat(63)}`],
    ['label', 'a'.repeat(64), undefined],
    ['label', 'web,other', undefined],
    ['annotation', 'web', undefined],
    ['annotation+label', 'web', undefined],
  ] as const)('by %s for %s is %s', (method, instance, expected) => {
    expect(trackingSelector(instance, by(method))).toBe(expected);
  });
});

describe('an object belongs to another', () => {
  const made = (apiVersion: string, kind: string, more: object = {}, annotations: Record<string, string> = {}): Manifest => ({
    apiVersion,
    kind,
    metadata: { name: 'a', annotations },
    ...more,
  });
  const token = { type: 'kubernetes.io/service-account-token' };
  const account = { 'kubernetes.io/service-account.name': 'web' };
  it.each<[string, Manifest, boolean]>([
    ['by its references', { ...object(), metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: '1' }] } }, true],
    ['by no reference', { ...object(), metadata: { ownerReferences: [] } }, false],
    ['as Endpoints', made('v1', 'Endpoints'), true],
    ['as Endpoints of another group', made('shop.example/v1', 'Endpoints'), false],
    ['as a token', made('v1', 'Secret', token, account), true],
    ['as a token of nobody', made('v1', 'Secret', token), false],
    ['as an ordinary Secret', made('v1', 'Secret', { type: 'Opaque' }, account), false],
    ['as a copied operator', made('operators.coreos.com/v1alpha1', 'ClusterServiceVersion', {}, { 'olm.operatorGroup': 'all' }), true],
    ['as an operator', made('operators.coreos.com/v1alpha1', 'ClusterServiceVersion'), false],
  ])('%s', (_what, manifest, expected) => {
    expect(hasOwner(manifest)).toBe(expected);
  });
});
