// What an operation has pruned, although the worker was lost before it could write that down: the object is gone, and the status that was
// written when the operation began still names it as one to prune.
import type { ResourceStatus } from '../model/application.ts';
import { keyText, type LiveObject, type ResourceKey } from '../model/manifest.ts';
import type { OperationState } from '../model/operation.ts';
import { isAsked } from './plan.ts';
import { pruned } from './result.ts';
import { recordedTask, rowId, type SyncTask } from './task.ts';

/** A task with its result for each object that is gone without a row. `recorded` is `.status.resources`; `live` is by `keyText`. */
export function goneTasks(
  state: OperationState,
  recorded: readonly ResourceStatus[],
  live: ReadonlyMap<string, LiveObject>,
): readonly SyncTask[] {
  const sync = state.operation.sync ?? {};
  if (sync.prune !== true || sync.dryRun === true) return [];
  const known = new Set((state.syncResult?.resources ?? []).map(rowId));
  return recorded.flatMap((row) => {
    const key = keyOf(row);
    if (!row.requiresPruning || row.hook || live.has(keyText(key)) || !isAsked(key, sync)) return [];
    return known.has(rowId({ ...key, syncPhase: 'Sync' })) ? [] : [pruned(recordedTask({ ...key, version: row.version }), undefined)];
  });
}

function keyOf({ group = '', kind, namespace = '', name }: ResourceStatus): ResourceKey {
  return { group, kind, namespace, name };
}
