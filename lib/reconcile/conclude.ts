// How an invocation leaves an operation: waiting, to be tried again, or over; and what the Application's status says meanwhile.
import { isDeepStrictEqual } from 'node:util';
import { REFRESH, REFRESH_TIMESTAMP } from '../model/annotations.ts';
import type { Application, ApplicationCondition } from '../model/application.ts';
import { annotationOf, keyText, type LiveObject } from '../model/manifest.ts';
import type { OperationState } from '../model/operation.ts';
import { patientSeconds } from '../policy/patience.ts';
import { deadlineOf, unlessAsking } from '../sync/deadline.ts';
import { endedOrRetrying, type Retrying, retryRemainingSeconds } from '../sync/retry.ts';
import type { SyncOutcome } from '../sync/run.ts';
import type { SyncTask } from '../sync/task.ts';
import { keepDeployments } from './deployments.ts';
import { type Evaluated, type Evaluation, isFailure, reevaluate } from './evaluate.ts';
import { withHistory } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { releaseHooks } from './release-hooks.ts';
import { stamped, statusOf, withInventory } from './status.ts';
import type { Target } from './target.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

export interface Operated {
  readonly application: Application;
  readonly state: OperationState;
  /** How the Application's own sources compare now. */
  readonly spec: Evaluated;
  /** Set while the operation is not over; 0 when what it left is to be looked at anew at once. */
  readonly afterSeconds: number | undefined;
}

/** What an operation stands on: the Application's own sources, and those that the operation works from. */
export interface Standing {
  readonly target: Target;
  readonly spec: Evaluated;
  readonly own: Evaluation;
}

/** How far the steps came, when the operation has to be over (milliseconds since the epoch), and what is said of it while it waits. */
export type Advanced = SyncOutcome & { readonly until: number; readonly warning: ApplicationCondition | undefined };

/** Takes down how far the steps came. */
export async function concluded(standing: Standing, state: OperationState, outcome: Advanced, ports: ReconcilePorts): Promise<Operated> {
  const { phase, message, afterSeconds, until } = outcome;
  const spec = state.operation.sync?.dryRun ? standing.spec : await moved(standing, outcome.tasks, ports);
  const now = { ...standing, spec };
  if (afterSeconds !== undefined || phase === 'Running' || phase === 'Terminating') {
    const record = unlessAsking({ ...state, message }, standing.target.application.status?.operationState);
    return waiting(warned(now, outcome.warning), record, patience(state, afterSeconds ?? 1, ports.clock()), ports);
  }
  const retry = { allowed: state.phase !== 'Terminating', until };
  return finished(now, endedOrRetrying(state, phase, message, timeOf(ports), retry), ports);
}

function warned(standing: Standing, warning: ApplicationCondition | undefined): Standing {
  const { spec } = standing;
  if (!warning || isFailure(spec)) return standing;
  return { ...standing, spec: { ...spec, warnings: [...(spec.warnings ?? []), warning] } };
}

/** An operation that waits for long is looked at less often; what changes meanwhile is heard of by the sweep. */
function patience({ startedAt }: OperationState, seconds: number, now: number): number {
  return seconds === 0 ? 0 : patientSeconds(startedAt, now, { least: seconds, most: 15, part: 10 });
}

/** The comparison of the Application's own sources after what this run sent. */
async function moved({ target, spec, own }: Standing, tasks: readonly SyncTask[], ports: ReconcilePorts): Promise<Evaluated> {
  if (isFailure(spec)) return spec;
  const same = isDeepStrictEqual(own.desired.manifests, spec.desired.manifests);
  const changed = tasks.filter((task) => task.live !== own.live.get(keyText(task.key)) && task.result?.status === 'Synced');
  const sent = new Set(same ? changed.map((task) => keyText(task.key)) : []);
  return reevaluate(target, spec, liveAfter(spec.live, tasks), sent, ports);
}

/** The live objects that the tasks left, from the API server's own answers. */
function liveAfter(live: ReadonlyMap<string, LiveObject>, tasks: readonly SyncTask[]): ReadonlyMap<string, LiveObject> {
  const next = new Map(live);
  for (const task of tasks) {
    if (task.live) next.set(keyText(task.key), task.live);
    else next.delete(keyText(task.key));
  }
  return next;
}

/** While an operation waits, status shows how the Application stands meanwhile: a refresh that was asked for is answered by that. */
export async function waiting(
  { target, spec, own }: Pick<Standing, 'target' | 'spec'> & Partial<Pick<Standing, 'own'>>,
  state: OperationState,
  afterSeconds: number,
  ports: ReconcilePorts,
): Promise<Operated> {
  const now = timeOf(ports);
  const compared = statusOf(target.application, spec, now);
  const known = withInventory(compared, own?.comparison.resources ?? [], state.operation.sync ?? {});
  const status = { ...known, operationState: state };
  const refresh = annotationOf(target.application, REFRESH) !== undefined;
  const application = await writeApplication(ports.control, target.application, {
    status: stamped(target.application.status, status, now, refresh),
    ...(refresh ? { annotations: NO_REFRESH } : {}),
  });
  return { application, state, spec, afterSeconds };
}

const NO_REFRESH = { [REFRESH]: null, [REFRESH_TIMESTAMP]: null } as const;

/** What is taken away with an operation that is over. */
export const OVER = { operation: null, annotations: NO_REFRESH } as const;

function secondsToRetry(state: OperationState, { clock }: ReconcilePorts): number {
  return Math.max(1, retryRemainingSeconds(state, clock()));
}

async function finished({ target, spec, own }: Standing, state: OperationState, ports: ReconcilePorts): Promise<Operated> {
  const { application: before } = target;
  const now = timeOf(ports);
  const over = state.phase !== 'Running';
  const compared = statusOf(before, spec, now);
  const status = { ...(over ? withHistory(before, compared, state) : compared), operationState: state };
  await keepDeployments(before, status, ports);
  const application = await writeApplication(ports.control, before, {
    status: stamped(before.status, status, now, true),
    ...(over ? OVER : {}),
  });
  const settled =
    !isFailure(spec) && spec.comparison.status === 'Synced' && isDeepStrictEqual(spec.desired.revisions, own.desired.revisions);
  const next = state.operation.sync?.dryRun || settled ? undefined : 0;
  return { application, state, spec, afterSeconds: over ? next : secondsToRetry(state, ports) };
}

/** An operation that fails before its next step. */
export async function refusedWhole(standing: Standing, state: OperationState, message: string, ports: ReconcilePorts): Promise<Operated> {
  await releaseHooks(standing.target, state, ports);
  const retry = { allowed: true, until: deadlineOf(state, ports.settings.syncTimeoutSeconds) };
  return finished(standing, endedOrRetrying(state, 'Failed', message, timeOf(ports), retry), ports);
}

/** An operation that may not be tried again. */
const ONCE: Retrying = { allowed: false, until: 0 };

/** An operation that could not be carried out; what it was about is recorded, so that only the same commits count as tried. */
export async function ended(
  target: Target,
  state: OperationState,
  spec: Evaluated,
  message: string,
  ports: ReconcilePorts,
  retry = ONCE,
): Promise<Operated> {
  const { application: before } = target;
  await releaseHooks(target, state, ports);
  const now = timeOf(ports);
  const done = endedOrRetrying(state, 'Error', message, now, retry);
  const over = done.phase !== 'Running';
  const status = { ...statusOf(before, spec, now), operationState: done };
  const application = await writeApplication(ports.control, before, {
    status: stamped(before.status, status, now, true),
    ...(over ? OVER : { operation: done.operation }),
  });
  const next = isFailure(spec) ? undefined : 0;
  return { application, state: done, spec, afterSeconds: over ? next : secondsToRetry(done, ports) };
}
