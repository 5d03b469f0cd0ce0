// Should this comparison start a sync by itself? First answer wins (spec/sync.md §8).
import { isDeepStrictEqual } from 'node:util';
import { isNamespaceStale } from '../compare/managed-namespace.ts';
import { type Application, isAutomated, isMultiSource } from '../model/application.ts';
import type { Comparison, ResourceComparison } from '../model/comparison.ts';
import { withoutUndefined } from '../model/merge-patch.ts';
import { isCompleted, isRestore, type Operation, type OperationState, type SyncOperation } from '../model/operation.ts';
import { ATTEMPTS_INFO, isRefused, passingAttempts, passingReason, passingWaitSeconds } from './passing.ts';

export type SyncDecision =
  | { readonly kind: 'start'; readonly operation: Operation }
  /** Self-healing, or what failed for a reason that may pass, backs off: ask again then. `error` as below. */
  | { readonly kind: 'later'; readonly afterSeconds: number; readonly error?: string }
  /** `error` becomes the SyncError condition; without it the condition goes. */
  | { readonly kind: 'none'; readonly error?: string };

const NONE: SyncDecision = { kind: 'none' };

/** Retries of an automated sync whose policy names none. */
const DEFAULT_RETRY = { limit: 5 } as const;

const HEAL_BACKOFF = { seconds: 2, factor: 3, capSeconds: 300 } as const;

/**
 * `revisions` are the commits that were just compared, in source order; `now` is milliseconds since the epoch.
 * Returns the operation to start, when to ask again, or why there is nothing to start.
 */
export function decideSync(application: Application, comparison: Comparison, revisions: readonly string[], now: number): SyncDecision {
  const { syncPolicy } = application.spec;
  if (!isAutomated(syncPolicy)) return NONE;
  if (application.operation || application.metadata.deletionTimestamp) return NONE;
  if (comparison.status !== 'OutOfSync') return NONE;
  const settled = comparison.resources.every((row) => row.status === 'Synced' || row.requiresPruning);
  if (settled && !syncPolicy?.automated?.prune && !comparison.namespaceDiffers) return NONE;
  const previous = lastAttempt(application);
  if (previous && alreadyAttempted(application, previous, revisions))
    return afterAttempt({ application, previous, comparison, revisions, now });
  return started(application, comparison, revisions, {});
}

/** Every automated sync passes here, a self-heal too: what lost all its objects in Git is not emptied in the cluster. */
function started(
  application: Application,
  comparison: Comparison,
  revisions: readonly string[],
  extra: Partial<SyncOperation>,
): SyncDecision {
  if (wipesEverything(application, comparison.resources)) {
    return { kind: 'none', error: `Skipping sync attempt to [${revisions.join(' ')}]: auto-sync will wipe out all resources` };
  }
  return { kind: 'start', operation: operationFor(application, revisions, extra) };
}

/**
 * The operation that counts as the last one. One that restored what was pruned, which Argo CD does not know, synced no commit, whatever it was
 * pinned to: then the history tells what was deployed last.
 */
export function lastAttempt({ status }: Application): OperationState | undefined {
  const state = status?.operationState;
  if (!state || !isRestore(state.operation)) return state;
  const entry = status.history?.at(-1);
  if (!entry) return undefined;
  const { revision = '', revisions, source = { repoURL: '' }, sources, deployedAt, deployStartedAt = deployedAt } = entry;
  return {
    operation: { sync: {} },
    phase: 'Succeeded',
    startedAt: deployStartedAt,
    finishedAt: deployedAt,
    syncResult: { revision, revisions, source, sources },
  };
}

/** Whether the last operation was of these commits, sources and namespace metadata: it is not begun again by itself, except to heal. */
export function alreadyAttempted(application: Application, previous: OperationState, revisions: readonly string[]): boolean {
  const result = previous.syncResult;
  if (!result) return isCompleted(previous.phase);
  const multiple = isMultiSource(application.spec);
  const tried = multiple ? (result.revisions ?? []) : [result.revision];
  const isStale = !previous.operation.sync?.dryRun && isNamespaceStale(application); // a dry run records no metadata
  if (!isDeepStrictEqual(tried, [...revisions]) || isStale) return false;
  return multiple ? sameData(result.sources, application.spec.sources) : sameData(result.source, application.spec.source);
}

/**
 * Whether an automated operation that waits, for health or for its next attempt, works on commits that Git has moved on from. Argo CD
 * waits to the end; here the newer commit, which may be the cure, goes first.
 */
export function isSuperseded(application: Application, state: OperationState, revisions: readonly string[]): boolean {
  if (!isAutomated(application.spec.syncPolicy) || !state.operation.initiatedBy?.automated || state.phase !== 'Running') return false;
  return state.syncResult !== undefined && !alreadyAttempted(application, state, revisions);
}

function sameData(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutUndefined(a), withoutUndefined(b));
}

/** What differs although these commits were synced, or tried, before. */
interface Tried {
  readonly application: Application;
  readonly previous: OperationState;
  readonly comparison: Comparison;
  readonly revisions: readonly string[];
  readonly now: number;
}

function afterAttempt(tried: Tried): SyncDecision {
  const { application, previous, comparison, revisions, now } = tried;
  if (previous.phase !== 'Succeeded') return afterFailure(tried);
  if (!application.spec.syncPolicy?.automated?.selfHeal) return NONE;
  const attempts = previous.operation.sync?.autoHealAttemptsCount ?? 0;
  const due = healDueAt(previous);
  if (due > now) return { kind: 'later', afterSeconds: Math.ceil((due - now) / 1000) };
  return started(application, comparison, revisions, healing(comparison.resources, attempts));
}

/** Argo CD waits for another commit; here what failed for a reason that no commit takes away is tried until the reason has gone. */
function afterFailure({ application, previous, comparison, revisions, now }: Tried): SyncDecision {
  const commits = previous.syncResult ? revisions.join(' ') : '';
  const error = `Failed last sync attempt to [${commits}]: ${previous.message ?? ''}`;
  if (!previous.operation.initiatedBy?.automated || passingReason(previous) === undefined) return { kind: 'none', error };
  const attempts = passingAttempts(previous);
  const due = passingDueAt(application.metadata.name, previous);
  if (due > now) {
    const at = new Date(due).toISOString().replace(/\.\d+Z$/, 'Z');
    const text = `${error} (the reason lies outside Git: attempt #${attempts + 2} at ${at})`;
    return { kind: 'later', afterSeconds: Math.ceil((due - now) / 1000), error: text };
  }
  const healed = previous.operation.sync?.autoHealAttemptsCount;
  const again = started(application, comparison, revisions, healed === undefined ? {} : healing(comparison.resources, healed - 1));
  if (again.kind !== 'start') return again;
  const info = [{ name: ATTEMPTS_INFO, value: String(attempts + 1) }];
  if (isRefused(previous)) return { kind: 'start', operation: { ...again.operation, info } };
  // The wait between attempts takes the place of the retries within one.
  const { retry: _retry, ...operation } = again.operation;
  return { kind: 'start', operation: { ...operation, info } };
}

/** When what failed for a passing reason is tried again, in milliseconds since the epoch. */
export function passingDueAt(name: string, previous: OperationState): number {
  return endOf(previous) + passingWaitSeconds(name, passingAttempts(previous)) * 1000;
}

/** When what differs again after `previous` is healed, in milliseconds since the epoch. */
export function healDueAt(previous: OperationState): number {
  return endOf(previous) + healWaitSeconds(previous.operation.sync?.autoHealAttemptsCount ?? 0) * 1000;
}

function endOf({ finishedAt, startedAt }: OperationState): number {
  return Date.parse(finishedAt ?? startedAt);
}

/** 0, 2, 6, 18, 54, 162, then 300 seconds: the wait before heal number `attempts` + 1. */
export function healWaitSeconds(attempts: number): number {
  if (attempts === 0) return 0;
  return Math.min(HEAL_BACKOFF.seconds * HEAL_BACKOFF.factor ** (attempts - 1), HEAL_BACKOFF.capSeconds);
}

/** Healing is a partial sync of what differs: no hooks, no history entry. */
function healing(rows: readonly ResourceComparison[], attempts: number): Partial<SyncOperation> {
  const resources = rows
    .filter((row) => row.status !== 'Synced')
    .map(({ key }) => ({ ...(key.group === '' ? {} : { group: key.group }), kind: key.kind, name: key.name }));
  return { autoHealAttemptsCount: attempts + 1, resources };
}

/** Whether an automated sync would prune all that is left, which nobody has allowed. */
export function wipesEverything(application: Application, rows: readonly { readonly requiresPruning?: boolean | undefined }[]): boolean {
  const automated = application.spec.syncPolicy?.automated;
  return automated?.prune === true && automated.allowEmpty !== true && rows.every((row) => row.requiresPruning);
}

function operationFor(application: Application, revisions: readonly string[], extra: Partial<SyncOperation>): Operation {
  const { spec } = application;
  const policy = spec.syncPolicy;
  const what = isMultiSource(spec) ? { revisions, sources: spec.sources } : { revision: revisions[0], source: spec.source };
  return {
    initiatedBy: { automated: true },
    retry: policy?.retry ?? DEFAULT_RETRY,
    sync: {
      ...what,
      ...(policy?.automated?.prune ? { prune: true } : {}),
      ...(policy?.syncOptions ? { syncOptions: policy.syncOptions } : {}),
      ...extra,
    },
  };
}
