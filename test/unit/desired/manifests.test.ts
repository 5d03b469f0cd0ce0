import { describe, expect, it } from 'vitest';
import { flattened, normalise } from '../../../lib/desired/manifests.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';

const options = {
  instanceName: 'team_shop',
  destinationNamespace: 'dest',
  scopeOf: ({ kind }: { kind: string }) => (kind === 'Namespace' ? ('Cluster' as const) : undefined),
};
const object = (kind: string, metadata: Manifest['metadata'], apiVersion = 'v1'): Manifest => ({ apiVersion, kind, metadata });
const TRACKING = 'argocd.argoproj.io/tracking-id';

describe('normalise', () => {
  it.each<[string, Manifest, string | undefined, string | undefined]>([
    ['a namespaced object without a namespace', object('ConfigMap', { name: 'a' }), 'dest', 'team_shop:/ConfigMap:dest/a'],
    [
      'an object elsewhere',
      object('Deployment', { name: 'a', namespace: 'other' }, 'apps/v1'),
      'other',
      'team_shop:apps/Deployment:other/a',
    ],
    [
      'a cluster-scoped object with a namespace',
      object('Namespace', { name: 'a', namespace: 'x' }),
      undefined,
      'team_shop:/Namespace:dest/a',
    ],
    [
      'a name with colons',
      object('Role', { name: 'a:b' }, 'rbac.authorization.k8s.io/v1'),
      'dest',
      'team_shop:rbac.authorization.k8s.io/Role:dest/a:b',
    ],
    ['a definition', object('CustomResourceDefinition', { name: 'a' }, 'apiextensions.k8s.io/v1'), 'dest', undefined],
    [
      'another group that calls its kind so',
      object('CustomResourceDefinition', { name: 'a' }, 'x.example/v1'),
      'dest',
      'team_shop:x.example/CustomResourceDefinition:dest/a',
    ],
  ])('settles %s', (_what, manifest, namespace, tracking) => {
    const [settled] = normalise([manifest], options).manifests;
    expect([settled?.metadata.namespace, settled?.metadata.annotations?.[TRACKING]]).toEqual([namespace, tracking]);
  });

  it('keeps the last of three and says so once', () => {
    const versions = ['v1', 'v2', 'v3'].map((version) => object('Thing', { name: 'a' }, `x.example/${version}`));
    const { manifests, conditions } = normalise([...versions, object('ConfigMap', { name: 'a' })], options);
    expect(manifests.map(({ apiVersion }) => apiVersion)).toEqual(['x.example/v3', 'v1']);
    expect(conditions).toEqual([
      { type: 'RepeatedResourceWarning', message: 'Resource x.example/Thing/dest/a appeared 3 times among application resources.' },
    ]);
  });

  it('leaves excluded kinds out, each with a condition, after repeats have been counted', () => {
    const excludes = ({ kind }: { kind: string }) => kind === 'Endpoints';
    const objects = [object('Endpoints', { name: 'a' }), object('ConfigMap', { name: 'a' }), object('Endpoints', { name: 'a' })];
    const { manifests, conditions } = normalise([...objects, object('Endpoints', { name: 'b' }, 'x.example/v1')], { ...options, excludes });
    expect(manifests.map(({ kind }) => kind)).toEqual(['ConfigMap']);
    expect(conditions).toEqual([
      { type: 'RepeatedResourceWarning', message: 'Resource /Endpoints/dest/a appeared 2 times among application resources.' },
      { type: 'ExcludedResourceWarning', message: 'Resource /Endpoints a is excluded in the settings' },
      { type: 'ExcludedResourceWarning', message: 'Resource x.example/Endpoints b is excluded in the settings' },
    ]);
  });

  it('leaves namespaces empty where the destination names none', () => {
    const { manifests } = normalise([object('ConfigMap', { name: 'a' })], { ...options, destinationNamespace: '' });
    expect(manifests[0]?.metadata).toEqual({ name: 'a', annotations: { [TRACKING]: 'team_shop:/ConfigMap:/a' } });
  });
});

describe('flattened', () => {
  const list = (items: unknown): Manifest => ({ ...object('AnyList', {}), items });
  it('takes lists apart one level deep and drops empty ones', () => {
    const item = object('ConfigMap', { name: 'a' });
    expect(flattened([list([item, null]), list(null), list([])], 'f')).toEqual([item]);
    expect(flattened([{ ...list(null), spec: {} }], 'f')).toHaveLength(1);
  });

  it('refuses items that are no objects', () => {
    expect(() => flattened([list(['x'])], 'f.yaml')).toThrow('Failed to unmarshal "f.yaml"');
    expect(() => flattened([list([{ metadata: {} }])], 'f.yaml')).toThrow("Object 'Kind' is missing");
  });
});
