// nextStep: THE sync state machine (spec/sync.md §3). One pure function; its whole memory is the rows of the operation and the live
// objects, so that it can be stopped between any two steps and asked again.
//
// The first guard that answers wins, in the order in which a person would ask:
//
//   guard                                        | step
//   ---------------------------------------------+------------------------------------------------------------
//   was it told to stop?                         | delete running hooks, let the others go, finish Failed
//   is the whole plan allowed?                   | finish Failed, nothing is applied
//   is a hook, known to have ended, still held?  | take its finalizer off
//   is something to make room for itself?        | delete it, wait until it is gone, create it again
//   is something without its kind?               | wait
//   is a hook, or an earlier wave, still going?  | wait
//   is something pruned not gone yet?            | wait
//   did something fail?                          | run the SyncFail hooks, then finish Failed
//   was the last wave run, without hooks?        | finish Succeeded: the last wave's health is not waited for
//   must somebody agree to a prune first?        | wait, nothing of the wave is touched
//   is a hook of an earlier run in the way?      | let it go and delete it, then wait until it is gone
//   is a wave left?                              | run it: prune, then apply kind after kind
//   nothing left                                 | finish Succeeded
//
// A sync that has taken its time waits no more, except for a person's answer: it finishes Failed, and says what it waited for; asked again,
// after a lost worker, it ends the same hooks with the same words.
// A dry run asks for everything at once and deletes nothing. Unlike Argo CD there is no fixed delay between waves: a wave begins as
// soon as the one before it is healthy. Rows are saved before hooks are deleted or let go, since a finished hook's object is the proof of
// its end; a hook is let go only once its end is in the record, so that no write is made for that alone. Whichever step ends the operation,
// it lets go of every hook.
import { type DeletePolicy, deletePolicies } from '../model/hook.ts';
import { OUT_OF_TIME } from './deadline.ts';
import { COMPLETION, CONFIRMATION, DELETION, failureMessage, KIND, waitingFor } from './message.ts';
import { byKind, isMultiStep, lastWaveWithoutHooks, nextPending } from './order.ts';
import { deletions, isGivenUp, isThereStill, isToDelete, withoutHeld } from './recreate.ts';
import { refreshed, refreshedHook } from './refresh.ts';
import { releasing } from './releasing.ts';
import { applied, isPruned, pruneOption, refused } from './result.ts';
import type { Next, Step, StepInput } from './step.ts';
import { isEarlierRun, isOwnRun, isUnsuccessful, type SyncTask, stateOf, taskId, withResult } from './task.ts';

/** The next step, and the tasks with what the live objects tell about those that were started. */
export function nextStep(input: StepInput): Next {
  const next = decided(input);
  return input.operation.dryRun ? next : { ...next, step: releasing(next, input) };
}

function decided(input: StepInput): Next {
  if (input.phase === 'Terminating') return stopping(input);
  const forbidden = forbiddenPlan(input);
  if (forbidden) return forbidden;
  const tasks = withoutHeld(refreshed(input.tasks, input.now), input.now);
  const ask = { ...input, tasks };
  if (input.overdue && tasks.some(isTerminated)) return outOfTime(ask, waitingFor(tasks.filter(isTerminated), COMPLETION));
  const step = input.operation.dryRun ? dryRunStep(ask) : realStep(ask);
  return input.overdue && step.kind === 'wait' && !step.asks ? outOfTime(ask, step.message) : { step, tasks };
}

function realStep(ask: StepInput): Step {
  return (
    recreating(ask) ??
    withoutKind(ask) ??
    stillRunning(ask) ??
    stillDeleting(ask) ??
    afterFailure(ask) ??
    lastWaveRun(ask) ??
    unconfirmed(ask, nextPending(ask.tasks)) ??
    inTheWay(ask, nextPending(ask.tasks)) ??
    nextWave(ask) ??
    finished(ask.tasks, 'Succeeded', 'successfully synced (no more tasks)')
  );
}

/** Everything at once, whatever the waves; nothing is waited for but a confirmation (spec/sync.md §3 step 2, §7). */
function dryRunStep(ask: StepInput): Step {
  const pending = ask.tasks.filter((task) => stateOf(task) === 'Pending');
  const question = unconfirmed(ask, pending);
  if (question) return question;
  if (pending.length > 0) return wave(pending);
  const failed = ask.tasks.some(isUnsuccessful);
  const message = failed ? 'one or more objects failed to apply (dry run)' : 'successfully synced (no more tasks)';
  const budget = ask.overBudget ? '; the sync itself would wait for a confirmation of what it prunes' : '';
  return { kind: 'finish', phase: failed ? 'Failed' : 'Succeeded', message: `${message}${budget}`, ...NO_HOOKS };
}

function forbiddenPlan({ tasks, refusals }: StepInput): Next | undefined {
  if (tasks.every((task) => !refusals.has(taskId(task)))) return undefined;
  const marked = tasks.map((task) => {
    const refusal = refusals.get(taskId(task));
    return refusal === undefined ? task : refused(task, refusal);
  });
  const messages = [...new Set(refusals.values())].sort().join('; ');
  const message = `one or more synchronization tasks are not valid: ${messages}`;
  return { step: { kind: 'finish', phase: 'Failed', message, ...NO_HOOKS }, tasks: marked };
}

const NO_HOOKS = { deleteHooks: [], release: [] } as const;

const TERMINATED = 'Terminated';
const UNLESS_DONE = 'Operation termination had errors';

/** A hook whose end is in the record, and which may be there still: the worker was lost as it ended the sync. */
function isTerminated(task: SyncTask): boolean {
  return task.hook && task.result?.message === TERMINATED;
}

/** What is gone, or on its way, to be created again comes back first; what was not deleted yet stays. */
function stopping(input: StepInput): Next {
  const tasks = withoutHeld(input.tasks, input.now);
  const begun = tasks.filter((task) => !isThereStill(task) || isLeaving(task));
  const step = recreating({ ...input, tasks: begun });
  return step ? { step, tasks } : terminated({ ...input, tasks });
}

/** Running hooks go; what had completed keeps its own result (spec/sync.md §7). Asked again, it deletes the same hooks again. */
function terminated({ tasks, operationId }: StepInput): Next {
  const stopped = tasks.map((task) => (task.hook ? stoppedHook(task, operationId) : stoppedResource(task)));
  const deleteHooks = stopped.filter((task) => task.hook && task.live && isToGo(task));
  const step = {
    kind: 'finish',
    phase: 'Failed',
    message: 'Operation terminated',
    ...NO_HOOKS,
    deleteHooks,
    unlessDone: UNLESS_DONE,
  } as const;
  return { step, tasks: stopped };
}

/** As if it had been told to stop; it says what it still waited for. */
function outOfTime(input: StepInput, waited: string): Next {
  const next = stopping(input);
  const { step, tasks } = next;
  if (step.kind !== 'finish') return next;
  const end = `${OUT_OF_TIME} (${waited})`;
  return { step: { ...step, message: `${step.message}${end}`, unlessDone: `${UNLESS_DONE}${end}` }, tasks };
}

function stoppedResource(task: SyncTask): SyncTask {
  return isGivenUp(task) ? withResult(task, 'Failed', undefined, TERMINATED) : task;
}

function stoppedHook(task: SyncTask, operationId: string): SyncTask {
  if (stateOf(task) === 'Running' && !task.live) return withResult(task, 'Succeeded', undefined, TERMINATED);
  const started = stateOf(task) === 'Pending' && isOwnRun(task, operationId) ? applied(task, false) : task;
  const hook = refreshedHook(started);
  return stateOf(hook) === 'Running' ? withResult(hook, 'Failed', undefined, TERMINATED) : hook;
}

function isToGo(task: SyncTask): boolean {
  return task.result !== undefined && (task.result.message === TERMINATED || hasPolicy(task, 'HookFailed'));
}

/** What was begun is ended, whatever else failed: an object that is gone comes back first. */
function recreating({ tasks }: StepInput): Step | undefined {
  const givenUp = tasks.filter((task) => isGivenUp(task) && !task.postponed);
  const free = givenUp.filter((task) => !isThereStill(task));
  if (free.length > 0) return wave(free);
  if (givenUp.length === 0) return undefined;
  return deletions(givenUp) ?? { kind: 'wait', afterSeconds: 1, message: waitingFor(givenUp, DELETION) };
}

/** The rest of its wave was carried out. */
function withoutKind({ tasks }: StepInput): Step | undefined {
  const waiting = tasks.filter((task) => task.postponed);
  return waiting.length === 0 ? undefined : { kind: 'wait', afterSeconds: 2, message: waitingFor(waiting, KIND) };
}

function stillRunning({ tasks }: StepInput): Step | undefined {
  const multiple = isMultiStep(tasks);
  const last = lastWaveWithoutHooks(tasks);
  const running = tasks.filter((task) => stateOf(task) === 'Running' && (task.hook || (multiple && !last.includes(task))));
  if (running.length === 0 || (tasks.some(isUnsuccessful) && running.every((task) => !task.hook))) return undefined;
  return { kind: 'wait', afterSeconds: 1, message: waitingFor(running, COMPLETION) };
}

/** Pruned objects hold up the waves after theirs. */
function stillDeleting({ tasks }: StepInput): Step | undefined {
  if (nextPending(tasks).length === 0) return undefined;
  const deleting = tasks.filter((task) => !task.target && task.result?.status === 'Pruned' && isLeaving(task));
  return deleting.length === 0 ? undefined : { kind: 'wait', afterSeconds: 1, message: waitingFor(deleting, DELETION) };
}

function isLeaving(task: SyncTask): boolean {
  return task.live?.metadata.deletionTimestamp !== undefined;
}

function afterFailure(ask: StepInput): Step | undefined {
  const { tasks } = ask;
  if (!tasks.some((task) => task.phase !== 'SyncFail' && isUnsuccessful(task))) return undefined;
  const pending = tasks.filter((task) => task.phase === 'SyncFail' && stateOf(task) === 'Pending');
  if (pending.length > 0) return inTheWay(ask, pending) ?? wave(pending);
  return finished(tasks, 'Failed', failureMessage(tasks));
}

/** What was pruned is no task any more once it is gone, so it does not count: a run that was stopped ends with the same words. */
function lastWaveRun({ tasks }: StepInput): Step | undefined {
  const applied = tasks.filter((task) => task.target);
  if (nextPending(tasks).length > 0 || lastWaveWithoutHooks(applied).length === 0) return undefined;
  return finished(tasks, 'Succeeded', 'successfully synced (all tasks run)');
}

function unconfirmed({ operation, deletionApproved, overBudget }: StepInput, pending: readonly SyncTask[]): Step | undefined {
  const budgeted = overBudget && operation.dryRun !== true;
  const asking = pending.filter(
    (task) => !task.target && (pruneOption(task, operation) === 'confirm' || (budgeted && isPruned(task, operation))),
  );
  if (deletionApproved || asking.length === 0) return undefined;
  return { kind: 'wait', afterSeconds: 30, message: waitingFor(asking, CONFIRMATION), asks: true };
}

/** Hooks that cannot be created yet: an earlier run of them is to be replaced, or is leaving already. */
function inTheWay({ operationId }: StepInput, pending: readonly SyncTask[]): Step | undefined {
  const old = pending.filter((task) => isEarlierRun(task, operationId));
  if (old.length === 0) return undefined;
  const message = waitingFor(old, DELETION);
  const hooks = old.filter(isToDelete);
  return hooks.length > 0 ? { kind: 'deleteHooks', hooks, message } : { kind: 'wait', afterSeconds: 1, message };
}

function hasPolicy({ target }: SyncTask, policy: DeletePolicy): boolean {
  return target !== undefined && deletePolicies(target).includes(policy);
}

function nextWave({ tasks }: StepInput): Step | undefined {
  const pending = nextPending(tasks);
  return pending.length === 0 ? undefined : wave(pending);
}

function wave(pending: readonly SyncTask[]): Step {
  return { kind: 'run', prune: pending.filter((task) => !task.target), apply: byKind(pending.filter((task) => task.target)) };
}

function finished(tasks: readonly SyncTask[], phase: 'Succeeded' | 'Failed', message: string): Step {
  const policy = phase === 'Succeeded' ? 'HookSucceeded' : 'HookFailed';
  const deleteHooks = tasks.filter((task) => task.hook && task.live && hasPolicy(task, policy));
  return { kind: 'finish', phase, message, ...NO_HOOKS, deleteHooks };
}
