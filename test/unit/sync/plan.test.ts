// The order of a plan is total and stable: it does not depend on the order in which objects were rendered, compared or read.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOOK, SYNC_WAVE } from '../../../lib/model/annotations.ts';
import type { ResourceComparison } from '../../../lib/model/comparison.ts';
import { keyOf, type Manifest } from '../../../lib/model/manifest.ts';
import type { OperationState } from '../../../lib/model/operation.ts';
import { kindIndex, PHASE_ORDER } from '../../../lib/sync/order.ts';
import { definesKind, planSync } from '../../../lib/sync/plan.ts';
import { type SyncTask, taskId } from '../../../lib/sync/task.ts';

const STATE: OperationState = { operation: { sync: { prune: true } }, phase: 'Running', startedAt: '2026-11-22T15:04:05Z' };

const manifest: fc.Arbitrary<Manifest> = fc
  .record({
    kind: fc.constantFrom('ConfigMap', 'Namespace', 'Deployment', 'Widget', 'CustomResourceDefinition', 'Job'),
    name: fc.constantFrom('a', 'b', 'shop'),
    namespace: fc.constantFrom('shop', 'other'),
    wave: fc.integer({ min: -1, max: 1 }),
    hook: fc.constantFrom(undefined, undefined, 'PreSync', 'Sync', 'PostSync,SyncFail'),
  })
  .map(({ kind, name, namespace, wave, hook }) => ({
    apiVersion: kind === 'Widget' ? 'example.org/v1' : 'v1',
    kind,
    metadata: {
      name,
      ...(kind === 'Namespace' || kind === 'CustomResourceDefinition' ? {} : { namespace }),
      annotations: { [SYNC_WAVE]: `${wave}`, ...(hook ? { [HOOK]: hook } : {}) },
    },
    spec: { group: 'example.org', names: { kind: 'Widget' } },
  }));

const objects = fc.uniqueArray(manifest, { selector: (object) => JSON.stringify(keyOf(object)), maxLength: 14 });

function rowOf(object: Manifest, extra: boolean): ResourceComparison {
  const sides = extra ? { target: undefined, live: object } : { target: object, live: undefined };
  const common = { hook: false, settled: false, syncWave: 0, health: undefined, requiresDeletionConfirmation: false };
  return { key: keyOf(object), version: 'v1', ...sides, status: 'OutOfSync', requiresPruning: extra, ...common };
}

function plan(resources: readonly Manifest[], hooks: readonly Manifest[], extras: readonly Manifest[]): readonly SyncTask[] {
  const rows = [...resources.map((object) => rowOf(object, false)), ...extras.map((object) => rowOf(object, true))];
  const comparison = { status: 'OutOfSync', health: { status: 'Healthy' }, resources: rows, conditions: [] } as const;
  return planSync({ operationState: STATE, comparison, hooks, live: new Map(), destinationNamespace: 'shop' });
}

function split(all: readonly Manifest[]) {
  const hooks = all.filter(({ metadata }) => metadata.annotations?.[HOOK]);
  const rest = all.filter((object) => !hooks.includes(object));
  const cut = Math.ceil(rest.length / 2);
  return { hooks, resources: rest.slice(0, cut), extras: rest.slice(cut) };
}

/** Stably sorted by what is named. */
function sortedBy(tasks: readonly SyncTask[], ...by: readonly ((task: SyncTask) => number)[]): readonly string[] {
  const compare = (a: SyncTask, b: SyncTask) => by.reduce((found, value) => found || value(a) - value(b), 0);
  return [...tasks].sort(compare).map(taskId);
}

describe('a plan', () => {
  test('is the same in whatever order its objects come', () => {
    const shuffled = objects.chain((all) => {
      const { hooks, resources, extras } = split(all);
      const anyOrder = (list: Manifest[]) => fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length });
      return fc.record({
        all: fc.constant(all),
        hooks: anyOrder(hooks),
        resources: anyOrder([...resources]),
        extras: anyOrder([...extras]),
      });
    });
    fc.assert(
      fc.property(shuffled, ({ all, ...other }) => {
        const made = split(all);
        const one = plan(made.resources, made.hooks, made.extras).map((task) => `${taskId(task)} ${task.wave}`);
        const two = plan(other.resources, other.hooks, other.extras).map((task) => `${taskId(task)} ${task.wave}`);
        expect(two).toEqual(one);
      }),
      { numRuns: 500 },
    );
  });

  test('goes by phase and wave, and within a wave by kind, but for what others need first', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const { hooks, resources, extras } = split(all);
        const tasks = plan(resources, hooks, extras);
        const phase = (task: SyncTask) => PHASE_ORDER[task.phase];
        const wave = (task: SyncTask) => task.wave;
        expect(sortedBy(tasks, phase, wave)).toEqual(tasks.map(taskId));
        const unmoved = tasks.filter(({ key }) => key.kind !== 'Namespace' && key.kind !== 'CustomResourceDefinition');
        expect(sortedBy(unmoved, phase, wave, (task) => kindIndex(task.key.kind))).toEqual(unmoved.map(taskId));
      }),
      { numRuns: 500 },
    );
  });

  test('never has an object before its namespace or its definition', () => {
    fc.assert(
      fc.property(objects, (all) => {
        const { hooks, resources, extras } = split(all);
        const tasks = plan(resources, hooks, extras).filter((task) => task.target);
        for (const [index, task] of tasks.entries()) {
          const later = tasks.slice(index + 1);
          const namespaces = later.filter(({ key }) => key.kind === 'Namespace' && key.name === task.key.namespace);
          const definitions = later.filter((other) => definesKind(other, task));
          expect([...namespaces, ...definitions].map(taskId), taskId(task)).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('kinds that are not listed come last, all equal', () => {
  expect(kindIndex('Namespace')).toBe(0);
  expect(kindIndex('APIService')).toBe(34);
  expect(kindIndex('Widget')).toBe(35);
  expect(kindIndex('Anchor')).toBe(35);
});
