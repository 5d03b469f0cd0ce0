// What nextStep is asked, and what it answers.
import type { OperationPhase, SyncOperation } from '../model/operation.ts';
import type { Recreation } from './recreate.ts';
import { isUndone } from './result.ts';
import { type SyncTask, taskId } from './task.ts';

export interface StepInput {
  readonly tasks: readonly SyncTask[];
  readonly phase: 'Running' | 'Terminating';
  readonly operation: SyncOperation;
  /** When it began, its first attempt if there are several: milliseconds since the epoch. */
  readonly startedAt: number;
  /** Tells this operation's hooks from those of earlier ones. */
  readonly operationId: string;
  /** Why tasks may not run at all, by `taskId` (spec/sync.md §2.4). */
  readonly refusals: ReadonlyMap<string, string>;
  /** Whether prunes that ask for confirmation have it. */
  readonly deletionApproved: boolean;
  /** Whether all that is to be pruned together needs confirmation. */
  readonly overBudget: boolean;
  /** Whether the sync has taken all its time: it waits for nothing more, except for a person's answer. */
  readonly overdue: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Held hooks that earlier operations left and that no task is about. */
  readonly left: readonly SyncTask[];
}

export type Step =
  | Finish
  /** Hooks whose end is known are let go. */
  | { readonly kind: 'release'; readonly hooks: readonly SyncTask[] }
  /** `asks`: for the answer of a person. */
  | { readonly kind: 'wait'; readonly afterSeconds: number; readonly message: string; readonly asks?: true }
  | { readonly kind: 'deleteHooks'; readonly hooks: readonly SyncTask[]; readonly message: string }
  | Recreation
  | { readonly kind: 'run'; readonly prune: readonly SyncTask[]; readonly apply: readonly (readonly SyncTask[])[] };

export interface Finish {
  readonly kind: 'finish';
  readonly phase: OperationPhase;
  readonly message: string;
  readonly deleteHooks: readonly SyncTask[];
  /** Hooks that stay, and are let go. */
  readonly release: readonly SyncTask[];
  /** What is said instead, with phase Error, when one of the hooks could not be deleted or let go; undefined where that changes nothing. */
  readonly unlessDone?: string;
}

export interface Next {
  readonly step: Step;
  readonly tasks: readonly SyncTask[];
}

/** How an operation ends after its last step, by what became of its hooks in it: one that could not go before may have gone now. */
export function endOf(step: Finish, tasks: readonly SyncTask[]): Pick<Finish, 'phase' | 'message'> {
  const { phase, message, unlessDone } = step;
  const before = new Map([...step.deleteHooks, ...step.release].map((task) => [taskId(task), task.result]));
  const undone = tasks.some((task) => isUndone(task) && before.has(taskId(task)) && before.get(taskId(task)) !== task.result);
  return undone && unlessDone !== undefined ? { phase: 'Error', message: unlessDone } : { phase, message };
}
