// refreshed: what the live objects tell about the tasks that were started earlier (spec/sync.md §3 steps 3 and 4).
import { isMultiStep, lastWaveWithoutHooks } from './order.ts';
import { type SyncTask, stateOf, withResult } from './task.ts';

/**
 * Every task with what its live object says of it. The last wave, when it holds no hook, is not judged: its rows stay Running.
 * Resources of a sync with a single wave are not missed when they are gone.
 */
export function refreshed(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const multiple = isMultiStep(tasks);
  const unjudged = lastWaveWithoutHooks(tasks);
  return tasks.map((task) => {
    if (task.hook) return refreshedHook(task);
    return stateOf(task) !== 'Running' || !task.target || unjudged.includes(task) ? task : refreshedResource(task, multiple);
  });
}

export function refreshedHook(task: SyncTask): SyncTask {
  if (stateOf(task) !== 'Running') return task;
  return task.live ? judgedHook(task) : missing(task);
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
