// Every branch of the decision to sync by itself (spec/sync.md §8), and the waits of self-healing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Application, ApplicationSpec, SyncPolicy } from '../../../lib/model/application.ts';
import type { Comparison, ResourceComparison } from '../../../lib/model/comparison.ts';
import { type OperationState, RESTORE } from '../../../lib/model/operation.ts';
import { decideSync, healWaitSeconds, isSuperseded } from '../../../lib/policy/autosync.ts';
import { ATTEMPTS_INFO, passingWaitSeconds } from '../../../lib/policy/passing.ts';

const OLD = 'a'.repeat(40);
const NEW = 'b'.repeat(40);
const ENDED = Date.parse('2026-11-22T10:00:00Z');
const source = { repoURL: 'https://git.example/shop.git', path: 'app' };
const sources = [source, { repoURL: 'https://git.example/values.git', ref: 'values' }];

const restoreOperation = { info: [RESTORE], sync: { syncStrategy: { apply: {} } } };

type Automated = NonNullable<SyncPolicy['automated']>;

function application(
  automated: Automated | undefined,
  more: { spec?: Partial<ApplicationSpec>; state?: OperationState } = {},
): Application {
  const spec = { project: 'default', source, destination: {}, syncPolicy: { automated }, ...more.spec };
  const status = more.state ? { status: { operationState: more.state } } : {};
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web', namespace: 'argocd' }, spec, ...status };
}

/** The last operation, on OLD. */
function last(more: Partial<OperationState> = {}): OperationState {
  const base = {
    operation: { sync: {} },
    phase: 'Succeeded',
    startedAt: '2026-11-22T09:59:58Z',
    finishedAt: '2026-11-22T10:00:00Z',
  } as const;
  return { ...base, syncResult: { revision: OLD, source }, ...more };
}

function row(kind: string, what: Partial<ResourceComparison>): ResourceComparison {
  const key = { group: kind === 'Deployment' ? 'apps' : '', kind, namespace: 'shop', name: kind.toLowerCase() };
  const sides = { target: undefined, live: undefined, health: undefined, settled: false };
  const none = { hook: false, requiresPruning: false, requiresDeletionConfirmation: false, syncWave: 0 };
  return { key, version: 'v1', ...sides, ...none, status: 'OutOfSync', ...what };
}

const CHANGED = row('Deployment', {});
const SAME = row('ConfigMap', { status: 'Synced' });
const EXTRA = row('Secret', { requiresPruning: true });
const HOOK = row('Job', { status: '', hook: true, requiresPruning: true });

function compared(resources: readonly ResourceComparison[], status: Comparison['status'] = 'OutOfSync'): Comparison {
  return { status, health: { status: 'Healthy' }, resources, conditions: [] };
}

const decide = (made: Application, comparison: Comparison = compared([CHANGED, SAME]), revisions: readonly string[] = [NEW], now = ENDED) =>
  decideSync(made, comparison, revisions, now);

const NONE = { kind: 'none' } as const;

describe('an Application that is OutOfSync', () => {
  test('is synced to what was compared, as its policy says', () => {
    const spec = { syncPolicy: { automated: { prune: true }, syncOptions: ['PruneLast=true'], retry: { limit: 2 } } };
    expect(decide(application({}, { spec }))).toEqual({
      kind: 'start',
      operation: {
        initiatedBy: { automated: true },
        retry: { limit: 2 },
        sync: { revision: NEW, source, prune: true, syncOptions: ['PruneLast=true'] },
      },
    });
  });

  test('is tried five times more where its policy says nothing', () => {
    expect(decide(application({}))).toEqual({
      kind: 'start',
      operation: { initiatedBy: { automated: true }, retry: { limit: 5 }, sync: { revision: NEW, source } },
    });
  });

  test('of several sources is synced to all their revisions', () => {
    expect(decide(application({}, { spec: { sources } }), undefined, [NEW, OLD])).toMatchObject({
      kind: 'start',
      operation: { sync: { revisions: [NEW, OLD], sources } },
    });
  });

  const differing = compared([CHANGED, SAME]);
  const left: readonly (readonly [string, Application, Comparison])[] = [
    ['it is not automated', application(undefined), differing],
    ['automation is switched off', application({ enabled: false }), differing],
    ['an operation is asked for already', { ...application({}), operation: {} }, differing],
    [
      'it is being deleted',
      { ...application({}), metadata: { name: 'web', namespace: 'argocd', deletionTimestamp: '2026-11-22T10:00:00Z' } },
      differing,
    ],
    ['its status is not known', application({ prune: true }), compared([CHANGED], 'Unknown')],
    ['it is Synced after all', application({ prune: true }), compared([SAME], 'Synced')],
    ['all that differs is to be pruned and it does not prune', application({}), compared([SAME, EXTRA])],
    ['only live hooks and extra objects differ and it does not prune', application({}), compared([EXTRA, HOOK])],
  ];
  test.each(left)('is left alone when %s', (_, made, comparison) => {
    expect(decide(made, comparison)).toEqual(NONE);
  });

  test('is not emptied by itself', () => {
    const error = `Skipping sync attempt to [${NEW}]: auto-sync will wipe out all resources`;
    expect(decide(application({ prune: true }), compared([EXTRA, HOOK]))).toEqual({ kind: 'none', error });
    expect(decide(application({ prune: true }), compared([]))).toEqual({ kind: 'none', error });
    expect(decide(application({ prune: true, allowEmpty: true }), compared([EXTRA]))).toMatchObject({ kind: 'start' });
    expect(decide(application({ prune: true }), compared([EXTRA, SAME]))).toMatchObject({ kind: 'start' });
  });
});

describe('a commit that was synced before', () => {
  const again = (automated: Automated, state: OperationState, more: { comparison?: Comparison; now?: number } = {}) =>
    decide(application(automated, { state }), more.comparison, [OLD], more.now ?? ENDED + 3_600_000);

  test('is not synced again without self-healing', () => {
    expect(again({ prune: true }, last())).toEqual(NONE);
  });

  test('that failed is not tried again, and says why', () => {
    const error = `Failed last sync attempt to [${OLD}]: one or more objects failed to apply`;
    for (const phase of ['Failed', 'Error'] as const) {
      expect(again({ selfHeal: true }, last({ phase, message: 'one or more objects failed to apply' }))).toEqual({ kind: 'none', error });
    }
  });

  test('counts as such after what was pruned was restored, which synced no commit', () => {
    const restored = last({ operation: restoreOperation, phase: 'Failed', message: 'nothing to restore' });
    const deployed = { history: [{ id: 0, revision: OLD, source, deployedAt: '2026-11-22T09:00:00Z' }] };
    const made = application({ selfHeal: true }, { state: restored });
    const decided = (history: object, automated: Automated = {}) => {
      const spec = { ...made.spec, syncPolicy: { automated } };
      return decide({ ...made, spec, status: { ...made.status, ...history } }, undefined, [OLD]);
    };
    expect(decided(deployed)).toEqual(NONE);
    expect(decided(deployed, { selfHeal: true })).toMatchObject({ kind: 'start', operation: { sync: { autoHealAttemptsCount: 1 } } });
    const whole = { kind: 'start', operation: { initiatedBy: { automated: true }, retry: { limit: 5 }, sync: { revision: OLD, source } } };
    expect(decided({})).toEqual(whole);
    expect(decided({ history: [{ ...deployed.history[0], revision: NEW }] }, { selfHeal: true })).toEqual(whole);
  });

  const AUTOMATED = { initiatedBy: { automated: true }, sync: {} } as const;

  /** Failed by itself, for this reason, after so many attempts before. */
  const failed = (message: string, attempts = 0, more: Partial<OperationState> = {}) => {
    const info = attempts > 0 ? { info: [{ name: ATTEMPTS_INFO, value: String(attempts) }] } : {};
    const rows = [{ group: '', version: 'v1', kind: 'Pod', namespace: 'shop', name: 'a', status: 'SyncFailed', message } as const];
    const syncResult = { revision: OLD, source, resources: rows };
    return last({
      phase: 'Failed',
      message: 'one or more objects failed to apply',
      operation: { ...AUTOMATED, ...info },
      syncResult,
      ...more,
    });
  };

  test.each([
    'pods "a" is forbidden: unable to create new content in namespace shop because it is being terminated',
    'configmap/a is still there 10 minutes after it was deleted to be created again, held by its finalizers (example.com/held)',
    'deleted, but not created again: configmaps "a" is forbidden: exceeded quota: small',
    'The Kubernetes API could not find version "v1" of example.org/Widget for requested resource shop/w. Version "v2" of example.org/Widget is installed on the destination cluster.',
    'pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
    'Internal error occurred: failed calling webhook "a.b": Post "https://x": dial tcp 10.0.0.1:443: connect: connection refused',
    'the server is currently unable to handle the request',
    'serviceaccount shop/deployer does not exist in the cluster https://c: create it, or name another',
    'The Kubernetes API could not find a.example/Thing for requested resource shop/a. Make sure the "Thing" CRD is installed on the destination cluster.',
    'namespaces "shop" not found',
    'pods is forbidden: User "system:serviceaccount:a:b" cannot patch resource "pods" in API group "" in the namespace "shop"',
  ])('that failed for a reason outside Git is tried again until it has passed: %s', (reason) => {
    const wait = passingWaitSeconds('web', 0) * 1000;
    expect(again({}, failed(reason), { now: ENDED + wait - 1500 })).toEqual({
      kind: 'later',
      afterSeconds: 2,
      error: expect.stringMatching(
        /^Failed last sync attempt to \[a+\]: .+ \(the reason lies outside Git: attempt #2 at 2026-11-22T10:00:\d\dZ\)$/,
      ),
    });
    expect(again({}, failed(reason), { now: ENDED + wait })).toEqual({
      kind: 'start',
      operation: { initiatedBy: { automated: true }, sync: { revision: OLD, source }, info: [{ name: ATTEMPTS_INFO, value: '1' }] },
    });
  });

  test('that failed so waits longer each time, up to a quarter of an hour and a fifth', () => {
    const waits = Array.from({ length: 12 }, (_, count) => passingWaitSeconds('web', count));
    for (const [index, wait] of waits.entries()) {
      const middle = Math.min(900, 30 * 2 ** index);
      expect(Math.abs(wait - middle)).toBeLessThanOrEqual(middle * 0.2 + 1);
      expect(again({}, failed('namespaces "shop" not found', index), { now: ENDED + wait * 1000 })).toMatchObject({ kind: 'start' });
      expect(again({}, failed('namespaces "shop" not found', index), { now: ENDED + wait * 1000 - 1000 })).toMatchObject({ kind: 'later' });
    }
    expect(new Set(['a', 'b', 'c', 'd', 'e'].map((name) => passingWaitSeconds(name, 9))).size).toBeGreaterThan(2);
  });

  test('that its spec has ended is tried again whatever had failed until then, with its retries', () => {
    const message = 'InvalidSpecError: application destination server is not permitted';
    const refused = failed('admission denied', 0, { phase: 'Error', message, operation: { ...AUTOMATED, retry: { limit: 5 } } });
    expect(again({}, refused)).toMatchObject({
      kind: 'start',
      operation: { retry: { limit: 5 }, info: [{ name: ATTEMPTS_INFO, value: '1' }] },
    });
    const stopped = failed('admission denied', 0, { phase: 'Error', message: `Operation termination had errors: ${message}` });
    expect(again({}, stopped)).toMatchObject({ kind: 'none' });
  });

  test('that failed for a reason in Git, by hand, or by being stopped, waits for somebody', () => {
    const passing = 'namespaces "shop" not found';
    expect(again({}, failed('Deployment.apps "a" is invalid: spec.selector: field is immutable'))).toMatchObject({ kind: 'none' });
    expect(again({}, failed(passing, 0, { operation: { sync: {} } }))).toMatchObject({ kind: 'none' });
    expect(again({}, failed(passing, 0, { message: 'Operation terminated' }))).toMatchObject({ kind: 'none' });
  });

  test('whose healing failed so is healed again, not synced whole', () => {
    const operation = {
      initiatedBy: { automated: true },
      sync: { autoHealAttemptsCount: 3, resources: [{ kind: 'ConfigMap', name: 'x' }] },
    };
    const decision = again({ selfHeal: true }, failed('namespaces "shop" not found', 0, { operation }), {
      comparison: compared([CHANGED]),
    });
    expect(decision).toMatchObject({ kind: 'start', operation: { sync: { autoHealAttemptsCount: 3, resources: [expect.anything()] } } });
  });

  test('without a result counts as tried once its operation is over', () => {
    const { syncResult: _none, ...bare } = last({ phase: 'Error', message: 'ComparisonError: broken' });
    expect(again({}, bare)).toEqual({ kind: 'none', error: 'Failed last sync attempt to []: ComparisonError: broken' });
    expect(again({}, { ...bare, phase: 'Running' })).toMatchObject({ kind: 'start' });
  });

  test('from another source is another', () => {
    expect(again({}, last({ syncResult: { revision: OLD, source: { ...source, path: 'other' } } }))).toMatchObject({ kind: 'start' });
    expect(again({}, last({ syncResult: { revision: OLD, source: { ...source, chart: undefined } } }))).toEqual(NONE);
  });

  test('is known among several sources too', () => {
    const state = last({ syncResult: { revision: '', revisions: [OLD, NEW], source: { repoURL: '' }, sources } });
    const made = application({}, { spec: { sources }, state });
    expect(decide(made, undefined, [OLD, NEW])).toEqual(NONE);
    expect(decide(made, undefined, [NEW, NEW])).toMatchObject({ kind: 'start' });
    expect(decide(application({}, { spec: { sources: [source] }, state }), undefined, [OLD, NEW])).toMatchObject({ kind: 'start' });
  });

  test('is healed in part: what is not Synced, without namespace, hooks or history', () => {
    expect(again({ prune: true, selfHeal: true }, last(), { comparison: compared([CHANGED, SAME, EXTRA, HOOK]) })).toEqual({
      kind: 'start',
      operation: {
        initiatedBy: { automated: true },
        retry: { limit: 5 },
        sync: {
          revision: OLD,
          source,
          prune: true,
          autoHealAttemptsCount: 1,
          resources: [
            { group: 'apps', kind: 'Deployment', name: 'deployment' },
            { kind: 'Secret', name: 'secret' },
            { kind: 'Job', name: 'job' },
          ],
        },
      },
    });
  });

  test('is not healed into nothing: without prune and with only extra objects nothing happens', () => {
    expect(again({ selfHeal: true }, last(), { comparison: compared([SAME, EXTRA]) })).toEqual(NONE);
  });

  const waits = [0, 2, 6, 18, 54, 162, 300, 300, 300] as const;
  test.each(waits.map((wait, attempts) => ({ attempts, wait })))('waits $wait s after $attempts attempts to heal', ({ attempts, wait }) => {
    expect(healWaitSeconds(attempts)).toBe(wait);
    const state = last({ operation: { sync: { autoHealAttemptsCount: attempts } } });
    const at = (ms: number) => again({ selfHeal: true }, state, { now: ENDED + ms });
    if (wait > 0) expect(at(wait * 1000 - 1)).toEqual({ kind: 'later', afterSeconds: 1 });
    if (wait > 0) expect(at(0)).toEqual({ kind: 'later', afterSeconds: wait });
    expect(at(wait * 1000)).toMatchObject({ kind: 'start', operation: { sync: { autoHealAttemptsCount: attempts + 1 } } });
  });

  test('never makes healing wait longer than five minutes', () => {
    fc.assert(fc.property(fc.nat({ max: 10_000 }), (attempts) => healWaitSeconds(attempts) <= 300));
  });
});

describe('a newer commit', () => {
  const waiting = last({ phase: 'Running', operation: { initiatedBy: { automated: true }, sync: {} } });

  test('is synced whatever became of the older one, and heals count anew', () => {
    const state = last({ phase: 'Failed', operation: { sync: { autoHealAttemptsCount: 4 } } });
    const decision = decide(application({}, { state }));
    expect(decision).toMatchObject({ kind: 'start', operation: { sync: { revision: NEW } } });
    expect(decision).not.toHaveProperty('operation.sync.autoHealAttemptsCount');
  });

  test('goes before an automated operation on an older one', () => {
    expect(isSuperseded(application({}), waiting, [NEW])).toBe(true);
    expect(isSuperseded(application({}), waiting, [OLD])).toBe(false);
  });

  test('does not touch what people asked for, what is stopping, and what has not pinned its commit', () => {
    expect(isSuperseded(application({}), { ...waiting, operation: { sync: {} } }, [NEW])).toBe(false);
    expect(isSuperseded(application({ enabled: false }), waiting, [NEW])).toBe(false);
    expect(isSuperseded(application(undefined), waiting, [NEW])).toBe(false);
    expect(isSuperseded(application({}), { ...waiting, phase: 'Terminating' }, [NEW])).toBe(false);
    const { syncResult: _none, ...unpinned } = waiting;
    expect(isSuperseded(application({}), unpinned, [NEW])).toBe(false);
  });
});
