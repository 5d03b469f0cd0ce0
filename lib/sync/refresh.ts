// refreshed: what the live objects tell about the tasks that were started earlier (spec/sync.md §3 steps 3 and 4).
import { isHeld } from '../model/hook.ts';
import { isMultiStep, lastWaveWithoutHooks } from './order.ts';
import { type SyncTask, stateOf, withResult } from './task.ts';

/**
 * Every task with what its live object says of it. The last wave, when it holds no hook, is not judged: its rows stay Running.
 * Resources of a sync with a single wave are not missed when they are gone. `now` is milliseconds since the epoch.
 */
export function refreshed(tasks: readonly SyncTask[], now: number): readonly SyncTask[] {
  const multiple = isMultiStep(tasks);
  const unjudged = lastWaveWithoutHooks(tasks);
  return tasks.map((task) => {
    if (task.hook) return withoutDeleted(refreshedHook(task), now);
    return stateOf(task) !== 'Running' || !task.target || unjudged.includes(task) ? task : refreshedResource(task, multiple);
  });
}

export function refreshedHook(task: SyncTask): SyncTask {
  if (stateOf(task) !== 'Running') return task;
  return task.live ? judgedHook(task) : missing(task);
}

/** A hook that a TTL deletes has ended before; one that somebody deletes while it runs may never come to its end. */
const PATIENCE_SECONDS = 120;

function withoutDeleted(task: SyncTask, now: number): SyncTask {
  const since = task.live && isHeld(task.live) ? task.live.metadata.deletionTimestamp : undefined;
  if (stateOf(task) !== 'Running' || since === undefined || now - Date.parse(since) < PATIENCE_SECONDS * 1000) return task;
  const { group, kind, name } = task.key;
  return withResult(task, 'Error', 'SyncFailed', `Resource ${group}/${kind}/${name} was deleted before it ended`);
}

function judgedHook(task: SyncTask): SyncTask {
  const message = task.health?.message ?? '';
  switch (task.health?.status) {
    case 'Healthy':
      return withResult(task, 'Succeeded', undefined, message);
    case 'Degraded':
    case 'Unknown':
      return withResult(task, 'Failed', undefined, message);
    case 'Progressing':
    case 'Suspended':
      return withResult(task, 'Running', undefined, message);
    default:
      return withResult(task, 'Succeeded', undefined, `${task.key.name} created`);
  }
}

function refreshedResource(task: SyncTask, multiple: boolean): SyncTask {
  if (!task.live) return multiple ? missing(task) : task;
  const status = task.health?.status;
  if (status === undefined || status === 'Healthy') return withResult(task, 'Succeeded', undefined, '');
  return status === 'Degraded' ? withResult(task, 'Failed', undefined, task.health?.message ?? '') : task;
}

function missing(task: SyncTask): SyncTask {
  const { group, kind, name } = task.key;
  return withResult(task, 'Error', 'SyncFailed', `Resource ${group}/${kind}/${name} is missing, it might have been deleted`);
}
