// What becomes of a task that is carried out: the rows of spec/sync.md §4, and which tasks need no request at all.
import type { LiveObject } from '../model/manifest.ts';
import type { SyncOperation } from '../model/operation.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { givenUp } from './recreate.ts';
import { isOwnRun, kubectlName, type SyncTask, stateOf, withResult } from './task.ts';
import { type Operated, type Way, wayOf } from './way.ts';

/** The effective `Prune` of an object: its own word, else the operation's. */
export function pruneOption(task: SyncTask, operation: SyncOperation): string | undefined {
  return effectiveOption(task.live, operation.syncOptions ?? [], 'Prune');
}

/** Whether a task is to delete an object: its operation prunes, and nothing forbids it. */
export function isPruned(task: SyncTask, operation: SyncOperation): boolean {
  return !task.target && operation.prune === true && pruneOption(task, operation) !== 'false';
}

/**
 * The result of a task for which the cluster is not asked, or undefined when it is: a prune that is not to be (spec/sync.md §4.1), what is
 * unchanged, and what this operation sent, or created in the place of another object, in a step whose record was lost.
 */
export function withoutRequest(task: SyncTask, operated: Operated, operationId: string): SyncTask | undefined {
  const { operation } = operated;
  if (!task.target) return unpruned(task, operation);
  const dryRun = operation.dryRun === true;
  if (!dryRun && isOwnRun(task, operationId)) return applied(task, false);
  const way = wayOf(task, operated);
  const recreated = givenUp(task) !== undefined;
  if (!task.settled || (way.replace && !recreated)) return undefined;
  if (recreated || task.sent) return applied(task, dryRun, verbOf(task, way));
  return withResult(task, startedState(dryRun), 'Synced', `${kubectlName(task)} unchanged${suffix(dryRun)}`);
}

function unpruned(task: SyncTask, operation: SyncOperation): SyncTask | undefined {
  if (!operation.prune) return withResult(task, 'Succeeded', 'PruneSkipped', 'ignored (requires pruning)');
  if (pruneOption(task, operation) === 'false') return withResult(task, 'Succeeded', 'PruneSkipped', 'ignored (no prune)');
  return operation.dryRun ? withResult(task, 'Succeeded', 'Pruned', 'pruned (dry run)') : undefined;
}

/** A prune that was asked for; `live` is what is still there of the object. */
export function pruned(task: SyncTask, live: LiveObject | undefined): SyncTask {
  return withResult({ ...task, live }, 'Succeeded', 'Pruned', 'pruned');
}

/** How kubectl tells of an object that was sent. */
export type Verb = 'serverside-applied' | 'replaced' | 'created';

/** What is said of the object of a task once it is sent; `live` is the one from before. */
export function verbOf(task: SyncTask, { replace }: Way): Verb {
  const recreated = givenUp(task) !== undefined;
  if (replace && (task.live || recreated)) return 'replaced';
  return replace || recreated ? 'created' : 'serverside-applied';
}

/** What the API server took, perhaps in the place of an object that was deleted for it. */
export function applied(task: SyncTask, dryRun: boolean, verb: Verb = 'serverside-applied'): SyncTask {
  const name = kubectlName(task);
  const deleted = givenUp(task) === undefined ? '' : `${name} deleted. `;
  return withResult(task, startedState(dryRun), 'Synced', `${deleted}${name} ${verb}${suffix(dryRun)}`);
}

/** A prune or apply that the API server refused. */
export function refused(task: SyncTask, message: string): SyncTask {
  return withResult(task, 'Failed', 'SyncFailed', message);
}

/** The earlier run counts until it goes. */
const QUOTA = /exceeded quota/;

/** What a dry run says of a hook whose earlier run would go first; `refusal` is why the API server would not create it anew. */
export function foreseen(task: SyncTask, refusal: string | undefined): SyncTask {
  return refusal === undefined || QUOTA.test(refusal) ? applied(task, true) : refused(task, refusal);
}

/** A hook whose object may not be deleted, before its next run or after its last. */
export function undeleted(task: SyncTask, message: string): SyncTask {
  return withResult(task, 'Error', task.result?.status ?? 'SyncFailed', `failed to delete resource: ${message}`);
}

/** A hook whose finalizer may not be taken off. One that this operation has not run is no fault of it. */
export function unreleased(task: SyncTask, message: string): SyncTask {
  if (!task.result) return task;
  return withResult(task, 'Error', task.result?.status ?? 'SyncFailed', `failed to remove hook finalizer: ${message}`);
}

/** Whether the row of a task tells that its hook could not be deleted or let go. */
export function isUndone(task: SyncTask): boolean {
  return stateOf(task) === 'Error' && /^failed to (delete resource|remove hook finalizer): /.test(task.result?.message ?? '');
}

/** All tasks after some were carried out. Tasks of the same object, a hook of several phases, see what it has become. */
export function carriedOut(tasks: readonly SyncTask[], done: ReadonlyMap<SyncTask, SyncTask>): readonly SyncTask[] {
  return tasks.map((task) => done.get(task) ?? sharing(task, done));
}

function sharing(task: SyncTask, done: ReadonlyMap<SyncTask, SyncTask>): SyncTask {
  if (!task.hook) return task;
  const same = [...done.values()].find((other) => other.hook && isSameObject(other, task));
  return same ? { ...task, live: same.live, health: same.health } : task;
}

function isSameObject({ key: a }: SyncTask, { key: b }: SyncTask): boolean {
  return a.group === b.group && a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}

function startedState(dryRun: boolean): 'Succeeded' | 'Running' {
  return dryRun ? 'Succeeded' : 'Running';
}

function suffix(dryRun: boolean): string {
  return dryRun ? ' (dry run)' : '';
}
