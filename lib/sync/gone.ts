// What an operation has pruned, although the worker was lost before it could write that down: the object is gone, and the status that was
// written when the operation began still names it as one to prune.
import type { ResourceStatus } from '../model/application.ts';
import { keyOfRow, keyText, type LiveObject } from '../model/manifest.ts';
import { isAsked, type OperationState } from '../model/operation.ts';
import { pruned } from './result.ts';
import { recordedTask, rowId, type SyncTask } from './task.ts';

/** A task with its result for each object of `pruneable`, rows of `.status.resources`, that is gone without a row. `live` is by `keyText`. */
export function goneTasks(
  state: OperationState,
  pruneable: readonly ResourceStatus[],
  live: ReadonlyMap<string, LiveObject>,
): readonly SyncTask[] {
  const sync = state.operation.sync ?? {};
  if (sync.prune !== true || sync.dryRun === true) return [];
  const known = new Set((state.syncResult?.resources ?? []).map(rowId));
  return pruneable.flatMap((row) => {
    const key = keyOfRow(row);
    if (row.hook || live.has(keyText(key)) || !isAsked(key, sync)) return [];
    return known.has(rowId({ ...key, syncPhase: 'Sync' })) ? [] : [pruned(recordedTask({ ...key, version: row.version }), undefined)];
  });
}
