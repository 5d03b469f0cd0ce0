// How an operation begins, what its record holds, and what it leaves in the history (spec/sync.md §1.2, §11).
import { DELETION_APPROVED, FIELD_MANAGER, HOOK_OPERATION } from '../model/annotations.ts';
import {
  type Application,
  type ApplicationSource,
  type ApplicationStatus,
  isMultiSource,
  type SyncPolicy,
  sourcesOf,
} from '../model/application.ts';
import { entriesOf } from '../model/managed-fields.ts';
import { annotationOf, type LiveObject } from '../model/manifest.ts';
import { BLOCKED, isRestore, type Operation, type OperationState, type ResourceResult, STALLED } from '../model/operation.ts';
import { parseTime } from '../model/time.ts';
import { approvableSince, isAsking, isHeldBack } from '../sync/deadline.ts';
import { UNDER_WAY } from '../sync/message.ts';
import { rowId, type SyncTask } from '../sync/task.ts';
import { timeText } from './time.ts';

/** The sources that an operation works from: its own when it names any, else the spec's. */
export function operationSources(application: Application, operation: Operation): readonly ApplicationSource[] {
  const own = sourcesOf(operation.sync ?? {});
  return own.length > 0 ? own : sourcesOf(application.spec);
}

/** The revisions that an operation asks for, in source order; undefined entries follow the source's targetRevision. */
export function operationRevisions(state: OperationState): readonly (string | undefined)[] {
  const pinned = state.syncResult;
  if (pinned?.revisions && pinned.revisions.length > 0) return pinned.revisions;
  if (pinned?.revision) return [pinned.revision];
  const sync = state.operation.sync ?? {};
  return sync.revisions && sync.revisions.length > 0 ? sync.revisions : [sync.revision || undefined];
}

/** Tells this attempt's hooks from all others. */
export function operationId(state: OperationState): string {
  return `${state.startedAt}/${state.retryCount ?? 0}`;
}

/**
 * The record of an operation that begins now (`now` is RFC 3339). Its start tells its hooks, and the objects that it creates, from those of
 * other operations: when the one before began or ended, or was seen to do something, within the same second, this one begins a second later.
 * `live`: the Application's objects, which tell of an operation whose record went with the request for this one. What is far in the future was
 * written by a clock that was wrong, or by somebody else, and counts for nothing.
 */
export function begun({ status }: Application, operation: Operation, now: string, live: Iterable<LiveObject>): OperationState {
  const { operationState: last, history = [] } = status ?? {};
  const entry = history.at(-1);
  const times = [last?.startedAt, last?.finishedAt, entry?.deployStartedAt, entry?.deployedAt, ...[...live].flatMap(timesOf)];
  const [at, known] = [Date.parse(now), times.map((time) => Date.parse(time ?? ''))];
  const earlier = known.filter((time) => time <= at + SKEW_MS);
  const startedAt = timeText(earlier.reduce((latest, time) => Math.max(latest, time + SECOND_MS), at));
  return { operation, phase: 'Running', startedAt, message: UNDER_WAY };
}

/** Times are whole seconds. */
const SECOND_MS = 1000;
/** So far the clock of a cluster may be ahead. */
const SKEW_MS = 60_000;

/** When an object was made, and last applied by us; and when the operation began that runs it as a hook. */
function timesOf(live: LiveObject): readonly (string | undefined)[] {
  const applied = entriesOf(live, FIELD_MANAGER, 'Apply').map(({ time }) => time);
  return [live.metadata.creationTimestamp, annotationOf(live, HOOK_OPERATION)?.split('/')[0], ...applied];
}

/** When somebody agreed to what this attempt asks: milliseconds since the epoch, at most `now`, for its time runs from then on. */
export function approvalOf(application: Application, state: OperationState, now: number): number | undefined {
  const approved = parseTime(application.metadata.annotations?.[DELETION_APPROVED]);
  return approved !== undefined && approved >= approvableSince(state) ? Math.min(approved, now) : undefined;
}

/** Pins what is being synced, so that later steps go on with the same commits. */
export function pinned(
  state: OperationState,
  sources: readonly ApplicationSource[],
  revisions: readonly string[],
  multiple: boolean,
  managedNamespaceMetadata?: SyncPolicy['managedNamespaceMetadata'],
): OperationState {
  if (state.syncResult) return state;
  const [source = { repoURL: '' }] = sources;
  const [revision = ''] = revisions;
  const what = multiple ? { revision: '', revisions, source: { repoURL: '' }, sources } : { revision, source };
  const namespace = managedNamespaceMetadata && !state.operation.sync?.dryRun ? { managedNamespaceMetadata } : {};
  return { ...state, syncResult: { ...what, ...namespace } };
}

/** The record with the rows of `tasks`: rows keep the order in which they were first recorded. */
export function withRows(state: OperationState, tasks: readonly SyncTask[]): OperationState {
  if (!state.syncResult) return state;
  const fresh = new Map(tasks.flatMap(({ result }) => (result ? [[rowId(result), result] as const] : [])));
  const known = state.syncResult.resources ?? [];
  const rows: ResourceResult[] = known.map((row) => fresh.get(rowId(row)) ?? row);
  const recorded = new Set(known.map(rowId));
  const added = [...fresh].filter(([id]) => !recorded.has(id)).map(([, row]) => row);
  return { ...state, syncResult: { ...state.syncResult, resources: [...rows, ...added] } };
}

/** Only full, real, successful syncs are history; the oldest entries go beyond the limit (spec/sync.md §11). */
export function withHistory(application: Application, status: ApplicationStatus, state: OperationState): ApplicationStatus {
  const sync = state.operation.sync;
  if (
    state.phase !== 'Succeeded' ||
    !sync ||
    isRestore(state.operation) ||
    sync.dryRun ||
    (sync.resources?.length ?? 0) > 0 ||
    !state.syncResult
  )
    return status;
  const history = status.history ?? [];
  const { revision, revisions, source, sources } = state.syncResult;
  const multiple = isMultiSource({ sources });
  const entry = {
    id: (history.at(-1)?.id ?? -1) + 1,
    ...(multiple ? { revisions, sources, source: { repoURL: '' } } : { revision, source }),
    deployStartedAt: state.startedAt,
    deployedAt: state.finishedAt ?? state.startedAt,
    initiatedBy: state.operation.initiatedBy ?? {},
  };
  const limit = Math.max(0, application.spec.revisionHistoryLimit ?? 10);
  return { ...status, history: limit === 0 ? undefined : [...history, entry].slice(-limit) };
}

/**
 * The operation that runs, told to stop where it waits for what a deletion makes idle: an answer about objects that go anyway, a window, or
 * others, Git or the cluster before anything was sent. A deletion is not held up by that.
 */
export function stoppedByDeletion({ metadata }: Application, running: OperationState | undefined): OperationState | undefined {
  if (!running || metadata.deletionTimestamp === undefined) return running;
  const { message = '', syncResult } = running;
  const hasSent = (syncResult?.resources ?? []).length > 0;
  const isIdle = isAsking(running) || isHeldBack(running) || message.startsWith(BLOCKED) || (!hasSent && message.startsWith(STALLED));
  return isIdle ? { ...running, phase: 'Terminating' } : running;
}
