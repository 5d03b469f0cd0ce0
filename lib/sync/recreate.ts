// Objects that are deleted to be created again (`Force=true`, spec/sync.md §4.2). The row says which incarnation goes, before it goes: so it
// goes once in an operation, and whoever comes after a lost worker knows that what is not there is to be created.
import { isHeld } from '../model/hook.ts';
import type { LiveObject } from '../model/manifest.ts';
import { DELETION, waitingFor } from './message.ts';
import { kubectlName, type SyncTask, stateOf, withMessage, withResult } from './task.ts';

export type Recreation = { readonly kind: 'recreate'; readonly tasks: readonly SyncTask[]; readonly message: string };

const MARK = / is deleted to be created again \(uid ([^)]+)\)$/;

/** `metadata.uid` of the incarnation that the task's row gives up; undefined without such a row. */
export function givenUp({ result }: SyncTask): string | undefined {
  return MARK.exec(result?.message ?? '')?.[1];
}

/** The task with such a row for its live object; it is still to be carried out. */
export function toRecreate(task: SyncTask): SyncTask {
  return withMessage(task, `${kubectlName(task)} is deleted to be created again (uid ${task.live?.metadata.uid ?? ''})`);
}

/** Whether the task's object is there and may still be given up: that happens once in an operation. */
export function isInPlace(task: SyncTask): boolean {
  return task.live !== undefined && givenUp(task) === undefined;
}

/** Whether the task has such a row and is still to be carried out. */
export function isGivenUp(task: SyncTask): boolean {
  return stateOf(task) === 'Pending' && givenUp(task) !== undefined;
}

/** Whether what was given up is there still. */
export function isThereStill(task: SyncTask): boolean {
  return task.live !== undefined && task.live.metadata.uid === givenUp(task);
}

/** The task after its object was deleted, with what is there of it still. */
export function withoutOld(task: SyncTask, live: LiveObject | undefined): SyncTask {
  return { ...task, live, settled: false };
}

/** What holds an object for longer is not waited for. */
const PATIENCE_SECONDS = 600;

/** The tasks, with a failure of those whose object does not go. `now` is milliseconds. */
export function withoutHeld(tasks: readonly SyncTask[], now: number): readonly SyncTask[] {
  return tasks.map((task) => {
    const since = isGivenUp(task) && isThereStill(task) ? task.live?.metadata.deletionTimestamp : undefined;
    if (since === undefined || now - Date.parse(since) < PATIENCE_SECONDS * 1000) return task;
    const finalizers = task.live?.metadata.finalizers ?? [];
    const held = finalizers.length > 0 ? `, held by its finalizers (${finalizers.join(', ')})` : '';
    const message = `${kubectlName(task)} is still there ${PATIENCE_SECONDS / 60} minutes after it was deleted to be created again${held}`;
    return withResult(task, 'Failed', 'SyncFailed', message);
  });
}

/** The deletions that are due, or undefined when there are none. */
export function deletions(tasks: readonly SyncTask[]): Recreation | undefined {
  const due = tasks.filter((task) => isGivenUp(task) && isThereStill(task) && isToDelete(task));
  return due.length === 0 ? undefined : { kind: 'recreate', tasks: due, message: waitingFor(due, DELETION) };
}

/** Whether something has to be done for the live object of a task to go: it is not on its way, or held as a hook. */
export function isToDelete({ live }: SyncTask): boolean {
  return live !== undefined && (live.metadata.deletionTimestamp === undefined || isHeld(live));
}
