// What becomes of a task whose object is to be deleted and created again, or would have to be (`Force=true`, spec/sync.md §4.2).
import { toRecreate } from './recreate.ts';
import { applied, refused, verbOf } from './result.ts';
import type { SyncTask } from './task.ts';
import { isKept, type Operated, wayOf } from './way.ts';

/** An object is given up only where it can be created again: `refusal` is why the API server would not create it. */
export function givenRoom(task: SyncTask, operated: Operated, refusal: string | undefined): SyncTask {
  if (refusal !== undefined) return refused(task, `not deleted, since it could not be created again: ${refusal}`);
  return operated.operation.dryRun ? applied(task, true, verbOf(task, wayOf(task, operated))) : toRecreate(task);
}

/** A change that was called invalid in these `words`. What would do as a new object, by `refusal`, is refused as a change only. */
export function unchanged(task: SyncTask, operated: Operated, words: string, refusal: string | undefined): SyncTask {
  if (wayOf(task, operated).force) return givenRoom(task, operated, refusal);
  return refused(task, refusal === undefined ? withWayOut(task, words) : words);
}

/** The server's words may be long, and come last. */
function withWayOut(task: SyncTask, words: string): string {
  const annotation = 'the annotation argocd.argoproj.io/sync-options: Force=true';
  const way = isKept(task)
    ? `only ${annotation} on it lets a ${task.key.kind} be deleted and created again`
    : `a sync with force, or ${annotation}, deletes it and creates it again`;
  return `cannot be changed in place (${way}): ${words}`;
}
