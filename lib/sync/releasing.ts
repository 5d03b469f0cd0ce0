// releasing: which hooks a step lets go, by their ends (spec/sync.md §3 step 6).
import { isHeld } from '../model/hook.ts';
import { keyText } from '../model/manifest.ts';
import { isUndone } from './result.ts';
import type { Next, Step, StepInput } from './step.ts';
import { isOwnRun, type SyncTask, stateOf, taskId } from './task.ts';

/**
 * The step, or one before it that lets go of hooks: of those whose end is in the record, and before the last step of all that have ended,
 * for one that may not be let go fails the sync. The last step lets go of the others; that of a sync which is stopped, of all.
 */
export function releasing({ step, tasks }: Next, { tasks: recorded, operationId, left }: StepInput): Step {
  const held = tasks.filter((task) => task.hook && task.live && isHeld(task.live) && !isUndone(task));
  const going = new Set(step.kind === 'finish' ? step.deleteHooks.map(({ key }) => keyText(key)) : []);
  const staying = held.filter(({ key }) => !going.has(keyText(key)));
  const ended = new Set((step.kind === 'finish' ? tasks : recorded).filter(hasEnded).map(taskId));
  const over = staying.filter((task) => isOwnRun(task, operationId) && ended.has(taskId(task)));
  if (over.length > 0 && !isStop(step)) return { kind: 'release', hooks: over };
  if (step.kind !== 'finish') return step;
  const others = new Map([...staying, ...left].map((task) => [keyText(task.key), task])); // a hook of several phases is one object
  return { ...step, release: [...others.values()] };
}

function isStop(step: Step): boolean {
  return step.kind === 'finish' && step.unlessDone !== undefined;
}

function hasEnded(task: SyncTask): boolean {
  return stateOf(task) !== 'Pending' && stateOf(task) !== 'Running';
}
