// Whatever is planned, a sync ends; and a worker that is lost at any of its actions changes nothing of how it ends: the live objects, the
// phase, and that each hook runs once in each attempt. Plans are waves x hooks x prune x faults x attempts, on the simulator, where a TTL
// removes hooks as soon as it may, and earlier syncs have left hooks that are held by their finalizer.
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOOK, HOOK_DELETE_POLICY, SYNC_OPTIONS, SYNC_WAVE, TRACKING_ID } from '../../../lib/model/annotations.ts';
import { held, isHeld } from '../../../lib/model/hook.ts';
import type { LiveObject, Manifest, ResourceKey } from '../../../lib/model/manifest.ts';
import type { OperationState, SyncOperation } from '../../../lib/model/operation.ts';
import { endedOrRetrying, nextAttempt, retryRemainingSeconds } from '../../../lib/sync/retry.ts';
import { applyRecord, INSTANCE, type Invocation, invoke, Lost, type Nature, NOW, Simulator, type Sync } from '../../support/simulator.ts';

/** One object of a plan and what happens to it. */
interface Part {
  readonly name: string;
  readonly manifest: Manifest;
  readonly desired: boolean;
  readonly before: LiveObject | undefined;
  readonly nature: Nature;
}

interface Plan {
  readonly parts: readonly Part[];
  readonly sync: SyncOperation;
  /** The tick at which somebody tells it to stop. */
  readonly stopAt: number;
  /** How often it is tried again. */
  readonly retries: number;
  /** What was wrong in the first attempt is right from then on. */
  readonly mends: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

type Annotations = Readonly<Record<string, string>>;

function object(apiVersion: string, kind: string, name: string, annotations: Annotations): Manifest {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  const tracking = `${INSTANCE}:${group}/${kind}:shop/${name}`;
  return { apiVersion, kind, metadata: { name, namespace: 'shop', annotations: { [TRACKING_ID]: tracking, ...annotations } } };
}

const ENDS = {
  claim: { good: { phase: 'Bound' }, bad: { phase: 'Lost' } },
  job: { good: { conditions: [{ type: 'Complete', status: 'True' }] }, bad: { conditions: [{ type: 'Failed', status: 'True' }] } },
} as const;

const wave = fc.integer({ min: -1, max: 2 });
const ticks = fc.integer({ min: 0, max: 2 });
const rarely = fc.integer({ min: 0, max: 7 }).map((n) => n === 0);

/** What is there before: nothing, what Git has, as an earlier sync applied it, or something else. */
function earlierOf(manifest: Manifest, there: string): LiveObject | undefined {
  if (there === 'no') return undefined;
  if (there === 'other') return { ...manifest, data: { earlier: 'yes' } };
  return { ...manifest, metadata: { ...manifest.metadata, managedFields: [applyRecord(manifest, EARLIER)] }, data: {} };
}
const refusalOf = (words: string) => rarely.map((applies) => (applies ? words : undefined));

const resource = fc
  .record({
    claim: fc.boolean(),
    wave,
    there: fc.constantFrom('no', 'same', 'other'),
    ticks,
    lingers: ticks,
    bad: rarely,
    refused: refusalOf('is refused'),
    fixed: refusalOf('cannot be changed'),
    option: fc.constantFrom('', '', '', 'Replace=true', 'Force=true', 'Force=true,Replace=true'),
  })
  .map(({ claim, wave: at, there, ticks: after, lingers, bad, refused, fixed, option }) => (name: string): Part => {
    const annotations = { [SYNC_WAVE]: `${at}`, [SYNC_OPTIONS]: option };
    const manifest = object('v1', claim ? 'PersistentVolumeClaim' : 'ConfigMap', name, annotations);
    const status = bad ? ENDS.claim.bad : ENDS.claim.good;
    const nature = {
      refusal: refused,
      fixed,
      settles: claim ? { ticks: after, status } : undefined,
      lingers,
    };
    return { name, manifest: { ...manifest, data: {} }, desired: true, before: earlierOf(manifest, there), nature };
  });

const phases = fc.subarray(['PreSync', 'Sync', 'PostSync', 'SyncFail'], { minLength: 1, maxLength: 2 });
const policies = fc.subarray(['BeforeHookCreation', 'HookSucceeded', 'HookFailed']);

/** What an earlier operation, or Argo CD, has left of a hook. */
function leftHook(manifest: Manifest, how: string): LiveObject {
  if (how === 'free') return manifest;
  const there = held(manifest);
  return how === 'held' ? there : { ...there, metadata: { ...there.metadata, deletionTimestamp: EARLIER } };
}

const hook = fc
  .record({
    phases,
    policies,
    wave,
    there: fc.constantFrom('no', 'no', 'free', 'held', 'leaving'),
    ticks: fc.integer({ min: 1, max: 2 }),
    ttl: fc.constantFrom(undefined, undefined, 0, 1),
    lingers: ticks,
    bad: rarely,
    refused: rarely,
  })
  .map((made) => (name: string, retries: number): Part => {
    const annotations = { [HOOK]: made.phases.join(), [HOOK_DELETE_POLICY]: made.policies.join(), [SYNC_WAVE]: `${made.wave}` };
    const manifest = object('batch/v1', 'Job', name, annotations);
    const before = made.there === 'no' ? undefined : leftHook({ ...manifest, status: ENDS.job.good }, made.there);
    const settles = { ticks: made.ticks, status: made.bad ? ENDS.job.bad : ENDS.job.good };
    const refusal = made.refused ? `${name} is refused` : undefined;
    // Whether a TTL removes an earlier run before the next takes it for its own is a matter of time, and so is how the sync ends then.
    const isReplaced = made.policies.length === 0 || made.policies.includes('BeforeHookCreation');
    const runsOnce = before === undefined && made.phases.length === 1 && retries === 0;
    const ttl = isReplaced || runsOnce ? made.ttl : undefined;
    return { name, manifest, desired: true, before, nature: { settles, ttl, lingers: made.lingers, refusal } };
  });

/** A hook that Git has no more. */
const removed = fc.constantFrom('free', 'held', 'leaving').map((how) => (name: string): Part => {
  const manifest = object('batch/v1', 'Job', name, { [HOOK]: 'PreSync' });
  return { name, manifest, desired: false, before: leftHook(manifest, how), nature: {} };
});

/** Not in Git any more. */
const extra = fc
  .record({ lingers: ticks, option: fc.constantFrom('', 'Prune=false', 'Prune=confirm', 'PruneLast=true'), wave })
  .map(({ lingers, option, wave: at }) => (name: string): Part => {
    const manifest = object('v1', 'ConfigMap', name, { [SYNC_OPTIONS]: option, [SYNC_WAVE]: `${at}` });
    return { name, manifest, desired: false, before: manifest, nature: { lingers } };
  });

const operation = fc.record({
  prune: fc.boolean(),
  syncOptions: fc.subarray(['PruneLast=true', 'ApplyOutOfSyncOnly=true']),
  dryRun: rarely,
});

const plan: fc.Arbitrary<Plan> = fc
  .record({
    makers: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: resource },
        { weight: 3, arbitrary: hook },
        { weight: 1, arbitrary: extra },
        { weight: 1, arbitrary: removed },
      ),
      {
        minLength: 1,
        maxLength: 7,
      },
    ),
    sync: operation,
    stopAt: fc.oneof({ weight: 6, arbitrary: fc.constant(NEVER) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: 4 }) }),
    retries: fc.constantFrom(0, 0, 1, 2),
    mends: fc.boolean(),
  })
  .map(({ makers, ...rest }) => ({ parts: makers.map((make, index) => make(`part-${index}`, rest.retries)), ...rest }));

const EARLIER = '2026-11-20T00:00:00Z';
const LIMIT = 300;
const START = { phase: 'Running', startedAt: NOW, syncResult: { revision: 'a', source: { repoURL: '' } } } as const;

/** How a plan ends when the worker is lost at those of its actions, counted from when it was told to stop if it is. */
function outcome(made: Plan, lostAt: ReadonlySet<number>) {
  const { parts, sync, stopAt, retries } = made;
  const live = parts.flatMap(({ before }) => (before ? [before] : []));
  const cluster = new Simulator(live, (key: ResourceKey) => natureIn(state, made, key));
  let actions = 0;
  let tick = 0;
  const action = () => {
    if (tick < stopAt && stopAt !== NEVER) return;
    actions += 1;
    if (lostAt.has(actions)) throw new Lost();
  };
  let state: OperationState = { ...START, operation: { sync, retry: { limit: retries, backoff: { duration: '1s' } } } };
  for (let invocations = 1; invocations <= LIMIT; invocations += 1) {
    if (tick >= stopAt) state = { ...state, phase: 'Terminating' };
    if (made.mends && (state.retryCount ?? 0) > 0) mendClaims(cluster);
    const done = look(made, state, cluster, action);
    state = done.state;
    if (done.end === 'finished') return { ...ended(state, cluster), actions };
    if (done.end === 'lost') continue;
    cluster.tick();
    tick += 1;
  }
  throw new Error(`still running: ${state.message}`);
}

/** An invocation, unless the next attempt is not due yet. */
function look(made: Plan, before: OperationState, cluster: Simulator, action: () => void): Pick<Invocation, 'state' | 'end'> {
  if (retryRemainingSeconds(before, cluster.now) > 0) return { state: before, end: 'waits' };
  const desired = made.parts.filter((part) => part.desired).map(({ manifest }) => manifest);
  const state = attempted(before);
  const asked: Sync = { desired, state, destinationNamespace: 'shop', deletionApproved: true, refusals: new Map() };
  const done = invoke(asked, cluster, action);
  if (done.end !== 'finished') return done;
  const after = endedOrAgain(done.state, cluster, before.phase !== 'Terminating');
  return { state: after, end: after.phase === 'Running' ? 'waits' : 'finished' };
}

/** The record with which a run begins; the next attempt knows nothing of the one before. */
function attempted(state: OperationState): OperationState {
  return state.phase === 'Running' && state.finishedAt ? { ...nextAttempt(state), syncResult: START.syncResult } : state;
}

function endedOrAgain(state: OperationState, { now }: Simulator, allowed: boolean): OperationState {
  const { phase, message = '', ...rest } = state;
  if (phase !== 'Succeeded' && phase !== 'Failed' && phase !== 'Error') throw new Error(`${phase} is no end`);
  return endedOrRetrying({ ...rest, phase: 'Running' }, phase, message, new Date(now).toISOString(), { allowed, until: NEVER });
}

/** One that was lost in the first attempt is right then too: when that was is a matter of time, of which lost workers take some. */
function mendClaims({ live }: Simulator): void {
  for (const [key, object] of live) {
    if (isDeepStrictEqual(object['status'], ENDS.claim.bad)) live.set(key, { ...object, status: ENDS.claim.good });
  }
}

function natureIn({ retryCount = 0 }: OperationState, { parts, mends }: Plan, key: ResourceKey): Nature {
  const nature = parts.find(({ name }) => name === key.name)?.nature ?? {};
  return mends && retryCount > 0 ? mended(nature, key) : nature;
}

function mended({ settles, ...nature }: Nature, { kind }: ResourceKey): Nature {
  const { good } = ENDS[kind === 'Job' ? 'job' : 'claim'];
  return { ...nature, refusal: undefined, fixed: undefined, settles: settles && { ...settles, status: good } };
}

/** What counts, once the cluster has come to rest. */
function ended(state: OperationState, cluster: Simulator) {
  for (let ticks = 0; ticks < 10; ticks += 1) cluster.tick();
  const live = [...cluster.live.values()].map(
    ({ metadata: { uid: _uid, creationTimestamp: _at, managedFields: _records, ...metadata }, ...rest }) => ({
      ...rest,
      metadata,
    }),
  );
  return {
    phase: state.phase,
    created: [...cluster.created].sort(),
    live: live.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)),
  };
}

function refuses({ parts }: Plan, name: string | undefined): boolean {
  return parts.some((part) => part.name === name && part.nature.refusal !== undefined);
}

/** Nothing of it is a reason for a sync to fail. */
function isFine({ nature: { refusal, fixed, settles } }: Part): boolean {
  const bad = settles !== undefined && [ENDS.claim.bad, ENDS.job.bad].some((status) => status === settles.status);
  return refusal === undefined && fixed === undefined && !bad;
}

/** It stays as the first attempt made it: a claim that is lost, or a hook that failed and is not replaced. */
function isLostForGood({ manifest, nature: { settles } }: Part): boolean {
  if (settles?.status === ENDS.claim.bad) return true;
  const policies = manifest.metadata.annotations?.[HOOK_DELETE_POLICY] ?? '';
  return settles?.status === ENDS.job.bad && policies === 'HookSucceeded';
}

function hasToSucceed({ parts, stopAt, retries, mends }: Plan): boolean {
  const isMended = mends && retries > 0 && !parts.some(isLostForGood);
  return stopAt === NEVER && (isMended || parts.every(isFine));
}

const RUNS = Number(process.env['EVENKEEL_PLAN_RUNS'] ?? 1000);

/** Machines differ; what counts is that they come to the end. */
const PATIENCE = { timeout: 120 * Math.max(RUNS, 1000) };

describe('every planned sync', PATIENCE, () => {
  test('ends, runs each hook at most once in each of its phases and attempts, and leaves none held', () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { phase, created, live } = outcome(made, new Set());
        const undeletable = made.stopAt !== NEVER && made.parts.some(({ nature }) => nature.refusal !== undefined);
        expect(['Succeeded', 'Failed', ...(undeletable ? ['Error'] : [])]).toContain(phase);
        expect(new Set(created).size).toBe(created.length);
        if (hasToSucceed(made)) expect(phase).toBe('Succeeded');
        const free = live.filter(({ metadata }) => !refuses(made, metadata.name));
        if (!made.sync.dryRun) expect(free.filter(isHeld)).toEqual([]);
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test('ends the same way when the worker is lost in between', () => {
    fc.assert(
      fc.property(plan, fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }), (made, lost) => {
        const { actions: _actions, ...undisturbed } = outcome(made, new Set());
        const { actions: more, ...disturbed } = outcome(made, new Set(lost));
        fc.pre(lost.some((at) => at <= more));
        expect(disturbed).toEqual(undisturbed);
      }),
      { numRuns: RUNS },
    );
  });

  test('ends the same way wherever a single worker is lost', () => {
    fc.assert(
      fc.property(plan, (made) => {
        const { actions, ...undisturbed } = outcome(made, new Set());
        for (let at = 1; at <= actions; at += 1) {
          const { actions: _actions, ...disturbed } = outcome(made, new Set([at]));
          expect(disturbed, `lost at action ${at} of ${actions}`).toEqual(undisturbed);
        }
      }),
      { numRuns: RUNS / 10 },
    );
  });
});
