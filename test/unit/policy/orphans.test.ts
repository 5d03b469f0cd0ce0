// Which objects of a namespace are orphans (spec/project.md §2.5, §5); of each nothing but metadata is known.
import { expect, it } from 'vitest';
import { keyOf, keyText, type LiveObject } from '../../../lib/model/manifest.ts';
import { parseProject } from '../../../lib/model/project.ts';
import { orphansAmong, orphanWarning } from '../../../lib/policy/orphans.ts';

function object(apiVersion: string, kind: string, name: string, more: Partial<LiveObject['metadata']> = {}): LiveObject {
  return { apiVersion, kind, metadata: { name, namespace: 'shop', ...more } };
}

const project = (spec: object) => parseProject({ metadata: { name: 'p' }, spec: { orphanedResources: { warn: true }, ...spec } });
const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: '1' };
const isOrphan = (one: LiveObject, spec: object = {}, others: readonly LiveObject[] = []) =>
  orphansAmong([one, ...others], new Set(others.map((other) => keyText(keyOf(other)))), project(spec)).includes(one);

const CASES: readonly (readonly [why: string, one: LiveObject, orphan: boolean, spec?: object])[] = [
  ['nobody has it', object('v1', 'ConfigMap', 'x'), true],
  ['another object owns it', object('v1', 'Pod', 'x', { ownerReferences: [owner] }), false],
  ['each namespace has it', object('v1', 'ServiceAccount', 'default'), false],
  ['each namespace has it too', object('v1', 'ConfigMap', 'kube-root-ca.crt'), false],
  ['the API server made it', object('v1', 'Service', 'kubernetes', { namespace: 'default' }), false],
  ['it is only called so', object('v1', 'Service', 'kubernetes'), true],
  ['a Service makes it', object('v1', 'Endpoints', 'x'), false],
  ['it is the token of an account', object('v1', 'Secret', 'x', { annotations: { 'kubernetes.io/service-account.name': 'a' } }), false],
  ['the project does not permit its kind', object('v1', 'ConfigMap', 'x'), false, { namespaceResourceWhitelist: [] }],
  [
    'the project forbids its kind',
    object('v1', 'ConfigMap', 'x'),
    false,
    { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] },
  ],
  ...(
    [
      [{ kind: 'ConfigMap' }, false],
      [{ group: '', kind: 'Config*', name: 'x?' }, true],
      [{ group: '*', name: 'x' }, false],
      [{ group: 'apps' }, true],
      [{}, false],
    ] as const
  ).map(([filter, orphan]) => {
    const spec = { orphanedResources: { warn: true, ignore: [filter] } };
    return [`the project excuses ${JSON.stringify(filter)}`, object('v1', 'ConfigMap', 'x'), orphan, spec] as const;
  }),
];

it.each(CASES.map(([why, one, orphan, spec = {}]) => ({ why, one, orphan, spec })))('where $why', ({ one, orphan, spec }) => {
  expect(isOrphan(one, spec)).toBe(orphan);
});

it('leaves claims to the StatefulSets that make them', () => {
  const set = object('apps/v1', 'StatefulSet', 'db');
  expect(isOrphan(object('v1', 'PersistentVolumeClaim', 'data-db-0'), {}, [set])).toBe(false);
  expect(isOrphan(object('v1', 'PersistentVolumeClaim', 'data-other-0'), {}, [set])).toBe(true);
  expect(isOrphan(object('v1', 'PersistentVolumeClaim', 'data-db'), {}, [set])).toBe(true);
});

it('warns only where the project says so, and of some', () => {
  expect(orphanWarning(project({}), 3)).toEqual([{ type: 'OrphanedResourceWarning', message: 'Application has 3 orphaned resources' }]);
  expect(orphanWarning(project({}), 0)).toEqual([]);
  for (const asked of [{ warn: null }, { warn: false }, {}, null])
    expect(orphanWarning(project({ orphanedResources: asked }), 3)).toEqual([]);
});
