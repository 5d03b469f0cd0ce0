// What becomes of a task that is carried out: the rows of spec/sync.md §4, and which tasks need no request at all.
import type { LiveObject } from '../model/manifest.ts';
import type { SyncOperation } from '../model/operation.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { isOwnRun, type SyncTask, withResult } from './task.ts';

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
 * unchanged, and what this operation sent in a step whose record was lost.
 */
export function withoutRequest(task: SyncTask, operation: SyncOperation, operationId: string): SyncTask | undefined {
  if (!task.target) return unpruned(task, operation);
  const dryRun = operation.dryRun === true;
  if (!dryRun && (task.sent || isOwnRun(task, operationId))) return applied(task, false);
  return task.settled ? withResult(task, startedState(dryRun), 'Synced', `${kubectlName(task)} unchanged${suffix(dryRun)}`) : undefined;
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

/** An apply that the API server took. */
export function applied(task: SyncTask, dryRun: boolean): SyncTask {
  return withResult(task, startedState(dryRun), 'Synced', `${kubectlName(task)} serverside-applied${suffix(dryRun)}`);
}

/** A prune or apply that the API server refused. */
export function refused(task: SyncTask, message: string): SyncTask {
  return withResult(task, 'Failed', 'SyncFailed', message);
}

/** A hook whose object may not be deleted, before its next run or after its last. */
export function undeleted(task: SyncTask, message: string): SyncTask {
  return withResult(task, 'Error', task.result?.status ?? 'SyncFailed', `failed to delete resource: ${message}`);
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

/** `deployment.apps/web`, as kubectl prints objects. */
function kubectlName({ key }: SyncTask): string {
  const kind = key.kind.toLowerCase();
  return `${key.group === '' ? kind : `${kind}.${key.group}`}/${key.name}`;
}
