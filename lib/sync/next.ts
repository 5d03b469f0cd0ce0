// nextStep: THE sync state machine (spec/sync.md §3). One pure function; its whole memory is the rows of the operation and the live
// objects, so that it can be stopped between any two steps and asked again.
//
// The first guard that answers wins, in the order in which a person would ask:
//
//   guard                                        | step
//   ---------------------------------------------+------------------------------------------------------------
//   is the whole plan allowed?                   | finish Failed, nothing is applied
//   was it told to stop?                         | delete running hooks, finish Failed
//   is a hook, or an earlier wave, still going?  | wait
//   is something pruned not gone yet?            | wait
//   did something fail?                          | run the SyncFail hooks, then finish Failed
//   was the last wave run, without hooks?        | finish Succeeded: the last wave's health is not waited for
//   is a hook of an earlier run in the way?      | delete it, then wait until it is gone
//   is a wave left?                              | run it: prune, then apply kind after kind
//   nothing left                                 | finish Succeeded
//
// Unlike Argo CD there is no fixed delay between waves: a wave begins as soon as the one before it is healthy.
import { HOOK_OPERATION } from '../model/annotations.ts';
import { deletePolicies } from '../model/hook.ts';
import { annotationOf } from '../model/manifest.ts';
import type { OperationPhase, SyncOperation } from '../model/operation.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { COMPLETION, CONFIRMATION, DELETION, failureMessage, waitingFor } from './message.ts';
import { isUnsuccessful, type SyncTask, stateOf, taskId, withResult } from './task.ts';

export interface StepInput {
  readonly tasks: readonly SyncTask[];
  readonly phase: 'Running' | 'Terminating';
  readonly operation: SyncOperation;
  /** Tells this operation's hooks from those of earlier ones. */
  readonly operationId: string;
  /** Why tasks may not run at all, by `taskId` (spec/sync.md §2.4). */
  readonly refusals: ReadonlyMap<string, string>;
  /** Whether prunes that ask for confirmation have it. */
  readonly deletionApproved: boolean;
}

export type Step =
  | { readonly kind: 'finish'; readonly phase: OperationPhase; readonly message: string; readonly deleteHooks: readonly SyncTask[] }
  | { readonly kind: 'wait'; readonly afterSeconds: number; readonly message: string }
  | { readonly kind: 'deleteHooks'; readonly hooks: readonly SyncTask[]; readonly message: string }
  | { readonly kind: 'run'; readonly prune: readonly SyncTask[]; readonly apply: readonly (readonly SyncTask[])[] };

/** The next step, and the tasks with what the live objects tell about those that were started. */
export function nextStep(input: StepInput): { readonly step: Step; readonly tasks: readonly SyncTask[] } {
  const refused = refusedPlan(input);
  if (refused) return refused;
  const tasks = input.tasks.map((task) => refreshed(task, input.operationId));
  const ask = { ...input, tasks };
  if (input.phase === 'Terminating') return terminated(ask);
  const step =
    stillRunning(ask) ??
    stillDeleting(ask) ??
    afterFailure(ask) ??
    lastWaveRun(ask) ??
    hookInTheWay(ask) ??
    nextWave(ask) ??
    finished(tasks, 'Succeeded', 'successfully synced (no more tasks)');
  return { step, tasks };
}

function refusedPlan({ tasks, refusals }: StepInput): { readonly step: Step; readonly tasks: readonly SyncTask[] } | undefined {
  if (refusals.size === 0 || tasks.every((task) => !refusals.has(taskId(task)))) return undefined;
  const marked = tasks.map((task) => {
    const refusal = refusals.get(taskId(task));
    return refusal === undefined ? task : withResult(task, 'Failed', 'SyncFailed', refusal);
  });
  const messages = [...new Set(refusals.values())].sort().join('; ');
  const message = `one or more synchronization tasks are not valid: ${messages}`;
  return { step: { kind: 'finish', phase: 'Failed', message, deleteHooks: [] }, tasks: marked };
}

/** Health, or absence, of what was started earlier becomes its result (spec/sync.md §3 step 3). */
function refreshed(task: SyncTask, operationId: string): SyncTask {
  const state = stateOf(task);
  if (task.hook && state === 'Pending' && isOwnRun(task, operationId)) return hookRefreshed(withResult(task, 'Running', 'Synced', ''));
  if (state !== 'Running' || !task.target) return task;
  if (!task.live) return withResult(task, 'Error', 'SyncFailed', missingMessage(task));
  return task.hook ? hookRefreshed(task) : resourceRefreshed(task);
}

/** A hook that this very operation created, in a step whose record was lost. */
function isOwnRun(task: SyncTask, operationId: string): boolean {
  return task.live !== undefined && annotationOf(task.live, HOOK_OPERATION) === operationId;
}

function hookRefreshed(task: SyncTask): SyncTask {
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

function resourceRefreshed(task: SyncTask): SyncTask {
  const status = task.health?.status;
  if (status === undefined || status === 'Healthy') return withResult(task, 'Succeeded', undefined, '');
  return status === 'Degraded' ? withResult(task, 'Failed', undefined, task.health?.message ?? '') : task;
}

function missingMessage({ key }: SyncTask): string {
  return `Resource ${key.group}/${key.kind}/${key.name} is missing, it might have been deleted`;
}

/** Running hooks go; what had completed keeps its own result (spec/sync.md §7). */
function terminated({ tasks }: StepInput): { readonly step: Step; readonly tasks: readonly SyncTask[] } {
  const running = tasks.filter((task) => task.hook && stateOf(task) === 'Running');
  const marked = tasks.map((task) => (running.includes(task) ? withResult(task, 'Failed', undefined, 'Terminated') : task));
  return { step: { kind: 'finish', phase: 'Failed', message: 'Operation terminated', deleteHooks: running }, tasks: marked };
}

function isMultiStep(tasks: readonly SyncTask[]): boolean {
  const [first] = tasks;
  return tasks.some((task) => task.phase !== first?.phase || task.wave !== first.wave);
}

function stillRunning({ tasks }: StepInput): Step | undefined {
  const multiple = isMultiStep(tasks);
  const last = lastWave(tasks);
  const withoutHooks = !tasks.some(isUnsuccessful) && last.every((task) => !task.hook);
  const matters = (task: SyncTask) => task.hook || (multiple && !(withoutHooks && last.includes(task)));
  const running = tasks.filter((task) => stateOf(task) === 'Running' && matters(task));
  if (running.length === 0 || (tasks.some(isUnsuccessful) && running.every((task) => !task.hook))) return undefined;
  return { kind: 'wait', afterSeconds: 1, message: waitingFor(running, COMPLETION) };
}

function stillDeleting({ tasks }: StepInput): Step | undefined {
  const deleting = tasks.filter((task) => task.live?.metadata.deletionTimestamp && isAwaitedDeletion(task, tasks));
  return deleting.length === 0 ? undefined : { kind: 'wait', afterSeconds: 1, message: waitingFor(deleting, DELETION) };
}

/** Pruned objects hold up the waves after theirs; an old run of a hook holds up its own. */
function isAwaitedDeletion(task: SyncTask, tasks: readonly SyncTask[]): boolean {
  if (task.target) return task.hook && stateOf(task) === 'Pending' && nextPending(tasks).includes(task);
  return task.result?.status === 'Pruned' && nextPending(tasks).length > 0;
}

function afterFailure({ tasks }: StepInput): Step | undefined {
  if (!tasks.some((task) => task.phase !== 'SyncFail' && isUnsuccessful(task))) return undefined;
  const pending = tasks.filter((task) => task.phase === 'SyncFail' && stateOf(task) === 'Pending');
  const old = pending.filter(isLeftOver);
  if (old.length > 0) return { kind: 'deleteHooks', hooks: old, message: waitingFor(old, DELETION) };
  if (pending.length > 0) return { kind: 'run', prune: [], apply: byKind(pending) };
  return finished(tasks, 'Failed', failureMessage(tasks));
}

/** The tasks of the last phase and wave before SyncFail. */
function lastWave(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const regular = tasks.filter((task) => task.phase !== 'SyncFail');
  const last = regular.at(-1);
  return regular.filter((task) => task.phase === last?.phase && task.wave === last.wave);
}

function lastWaveRun({ tasks }: StepInput): Step | undefined {
  const last = lastWave(tasks);
  const run = tasks.some((task) => stateOf(task) === 'Running') && nextPending(tasks).length === 0;
  return run && last.every((task) => !task.hook) ? finished(tasks, 'Succeeded', 'successfully synced (all tasks run)') : undefined;
}

/** What is pending of the first phase and wave that has anything pending. */
function nextPending(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const pending = tasks.filter((task) => task.phase !== 'SyncFail' && stateOf(task) === 'Pending');
  const [first] = pending;
  return pending.filter((task) => task.phase === first?.phase && task.wave === first.wave);
}

function isLeftOver(task: SyncTask): boolean {
  const { hook, target, live } = task;
  return hook && live !== undefined && target !== undefined && deletePolicies(target).includes('BeforeHookCreation');
}

function hookInTheWay({ tasks, operation }: StepInput): Step | undefined {
  const old = operation.dryRun ? [] : nextPending(tasks).filter(isLeftOver);
  return old.length === 0 ? undefined : { kind: 'deleteHooks', hooks: old, message: waitingFor(old, DELETION) };
}

function nextWave({ tasks, operation, deletionApproved }: StepInput): Step | undefined {
  const wave = nextPending(tasks);
  if (wave.length === 0) return undefined;
  const prune = wave.filter((task) => !task.target);
  const unconfirmed = deletionApproved ? [] : prune.filter((task) => pruneOption(task, operation) === 'confirm');
  if (unconfirmed.length > 0) return { kind: 'wait', afterSeconds: 30, message: waitingFor(unconfirmed, CONFIRMATION) };
  return { kind: 'run', prune, apply: byKind(wave.filter((task) => task.target)) };
}

/** Groups of consecutive equal kind: one group after the other, each in parallel (spec/sync.md §4). */
function byKind(tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] {
  const groups: SyncTask[][] = [];
  for (const task of tasks) {
    const group = groups.at(-1);
    if (group && group[0]?.key.kind === task.key.kind) group.push(task);
    else groups.push([task]);
  }
  return groups;
}

function finished(tasks: readonly SyncTask[], phase: 'Succeeded' | 'Failed', message: string): Step {
  const policy = phase === 'Succeeded' ? 'HookSucceeded' : 'HookFailed';
  const deleteHooks = tasks.filter((task) => task.hook && task.live && task.target && deletePolicies(task.target).includes(policy));
  return { kind: 'finish', phase, message, deleteHooks };
}

/** The effective `Prune` of an object: its own word, else the operation's. */
export function pruneOption(task: SyncTask, operation: SyncOperation): string | undefined {
  return effectiveOption(task.live, operation.syncOptions ?? [], 'Prune');
}

/** What becomes of a prune without touching the cluster, or undefined when the object is to be deleted (spec/sync.md §4.1). */
export function pruneSkipped(task: SyncTask, operation: SyncOperation): string | undefined {
  if (!operation.prune) return 'ignored (requires pruning)';
  return pruneOption(task, operation) === 'false' ? 'ignored (no prune)' : undefined;
}
