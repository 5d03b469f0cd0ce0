// holdOf: what keeps an operation from going on, before anything is rendered for it: its own request, sync windows, other Applications.
import type { Operation, OperationState } from '../model/operation.ts';
import { dependencySeconds } from '../policy/dependencies.ts';
import { operationRefusal } from '../policy/spec.ts';
import { windowsOf, windowVerdict } from '../policy/sync-windows.ts';
import { deadlineOf, HELD, OUT_OF_TIME } from '../sync/deadline.ts';
import { dependencies } from './dependencies.ts';
import type { ReconcilePorts } from './ports.ts';
import type { Target } from './target.ts';

/** What was asked for. */
export interface Wanted {
  readonly operation: Operation;
  /** The record, when the operation was begun by an earlier invocation. */
  readonly running: OperationState | undefined;
  /** It begins by itself, since nothing was found to hold it. */
  readonly free?: true;
}

/** What an operation has to wait for before it goes on, or why it never will. */
export type Hold = { readonly message: string; readonly afterSeconds: number } | { readonly refusal: string };

/** `free`: it begins by itself, and was found free just now. Termination goes on, whatever holds the operation. */
export async function holdOf(target: Target, state: OperationState, free: boolean, ports: ReconcilePorts): Promise<Hold | undefined> {
  const refusal = operationRefusal(state.operation, target.project);
  if (refusal !== undefined) return { refusal };
  if (free || state.phase === 'Terminating') return undefined;
  return closedWindow(target, state, ports.clock()) ?? (await others(target, state, ports));
}

/** Others are waited for before the first object is sent, and no longer than a sync may take. What is on its way goes on. */
async function others({ application }: Target, state: OperationState, ports: ReconcilePorts): Promise<Hold | undefined> {
  const { dryRun } = state.operation.sync ?? {};
  if (dryRun || (state.syncResult?.resources ?? []).length > 0) return undefined;
  const verdict = await dependencies(application, ports.control);
  if (verdict.kind === 'free') return undefined;
  if (verdict.kind === 'cycle') return { refusal: verdict.message };
  const overdue = ports.clock() >= deadlineOf(state, ports.settings.syncTimeoutSeconds);
  if (overdue) return { refusal: `Operation terminated${OUT_OF_TIME} (${verdict.message})` };
  return { message: verdict.message, afterSeconds: dependencySeconds(state.startedAt, ports.clock()) };
}

function closedWindow({ application, project }: Target, state: OperationState, now: number): Hold | undefined {
  const asked = { manual: state.operation.initiatedBy?.automated !== true, now, startedAt: Date.parse(state.startedAt) };
  const verdict = windowVerdict(windowsOf(application, project), asked);
  if (verdict.open) return undefined;
  const fault = verdict.fault === undefined ? '' : `: project '${project.metadata.name}': ${verdict.fault}`;
  return { message: `${HELD}${fault}`, afterSeconds: verdict.afterSeconds };
}
