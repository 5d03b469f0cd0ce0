// operate: one operation, begun or resumed, as far as the deadline lets it come.

import { resolveRevisions } from '../desired/render.ts';
import { DELETION_APPROVED, REFRESH, REFRESH_TIMESTAMP } from '../model/annotations.ts';
import { type Application, type ApplicationStatus, isMultiSource } from '../model/application.ts';
import { InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import { keyText, type LiveObject } from '../model/manifest.ts';
import type { Operation, OperationState } from '../model/operation.ts';
import { planSync } from '../sync/plan.ts';
import { respectIgnored } from '../sync/respect.ts';
import { endedOrRetrying, nextAttempt, retryRemainingSeconds } from '../sync/retry.ts';
import { advanceSync, type SyncOutcome } from '../sync/run.ts';
import type { SyncTask } from '../sync/task.ts';
import { SYNC_CONDITIONS } from './conditions.ts';
import { type Evaluation, evaluate, reevaluate, type Target } from './evaluate.ts';
import { begun, operationId, operationRevisions, operationSources, pinned, withHistory, withRows } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { closureText } from './prepare.ts';
import { refusalsOf } from './refusals.ts';
import { comparedStatus, stamped, withConditions } from './status.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

const NO_REFRESH = { [REFRESH]: null, [REFRESH_TIMESTAMP]: null } as const;

export interface Operated {
  readonly application: Application;
  readonly state: OperationState;
  readonly evaluation: Evaluation;
  /** Set while the operation is not over. */
  readonly afterSeconds: number | undefined;
}

/** What was asked for. */
export interface Wanted {
  readonly operation: Operation;
  /** The record, when the operation was begun by an earlier invocation. */
  readonly running: OperationState | undefined;
}

/** Begins or resumes the operation, writes its progress, and returns how it stands. `spec` is the evaluation of the Application's own sources. */
export async function operate(
  target: Target,
  spec: Evaluation,
  wanted: Wanted,
  ports: ReconcilePorts,
  deadline: number,
): Promise<Operated> {
  const first = wanted.running ? resumed(wanted.running) : begun(wanted.operation, timeOf(ports));
  const multiple = isMultiSource(wanted.operation.sync ?? {}) || isMultiSource(target.application.spec);
  const begin = await evaluation(target, spec, first, ports);
  if ('failure' in begin) return ended(target.application, first, spec, `ComparisonError: ${begin.failure}`, ports);
  const state = pinned(first, begin.sources, begin.desired.revisions, multiple);
  if (!wanted.operation.sync) return ended(target.application, state, spec, 'Invalid operation request: no operation specified', ports);
  const application = await start(target, wanted.operation, state, spec, ports);
  return proceed({ ...target, application }, begin, state, ports, deadline);
}

function resumed(state: OperationState): OperationState {
  return state.phase === 'Running' && state.finishedAt ? nextAttempt(state) : state;
}

/** The comparison that the operation works from: the one at hand, unless it is pinned to other commits or sources. */
async function evaluation(
  target: Target,
  spec: Evaluation,
  state: OperationState,
  ports: ReconcilePorts,
): Promise<Evaluation | { readonly failure: string }> {
  const sources = operationSources(target.application, state.operation);
  const wanted = operationRevisions(state);
  const nameless = spec.desired.manifests.some((manifest) => !manifest.metadata.name);
  const same = JSON.stringify(sources) === JSON.stringify(spec.sources);
  if (same && !nameless && wanted.every((revision, index) => revision === undefined || revision === spec.desired.revisions[index]))
    return spec;
  try {
    const asked = sources.map((source, index) => ({ ...source, targetRevision: wanted[index] ?? source.targetRevision }));
    const revisions = await resolveRevisions(asked, Date.parse(state.startedAt), ports.repositories);
    return await evaluate(target, { sources, revisions, operationStartedAt: state.startedAt }, ports);
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    return { failure: messageOf(error) };
  }
}

/** Says that the operation runs, and what it is about to touch, before it touches anything: a lost worker leaves no object unknown. */
function start(target: Target, operation: Operation, state: OperationState, spec: Evaluation, ports: ReconcilePorts): Promise<Application> {
  const now = timeOf(ports);
  const compared = comparedStatus(target.application, { ...spec, live: spec.live.values() }, now);
  const status: ApplicationStatus = { ...withConditions(compared, SYNC_CONDITIONS, [], now), operationState: state };
  const resumes = target.application.status?.operationState?.startedAt === state.startedAt;
  if (resumes && target.application.status?.operationState?.finishedAt === undefined) return Promise.resolve(target.application);
  return writeApplication(ports.control, target.application, {
    status: stamped(target.application.status, status, now, false),
    operation,
    annotations: closureText(spec),
  });
}

async function proceed(
  target: Target,
  evaluated: Evaluation,
  state: OperationState,
  ports: ReconcilePorts,
  deadline: number,
): Promise<Operated> {
  let { application } = target;
  const tasks = planSync({
    operationState: state,
    comparison: evaluated.comparison,
    hooks: evaluated.hooks,
    live: evaluated.live,
    destinationNamespace: target.destination.namespace,
    managedNamespaceMetadata: application.spec.syncPolicy?.managedNamespaceMetadata,
  });
  const outcome = await advanceSync(
    {
      tasks,
      phase: state.phase === 'Terminating' ? 'Terminating' : 'Running',
      operation: state.operation.sync ?? {},
      operationId: operationId(state),
      refusals: await refusalsOf(tasks, state.operation.sync?.syncOptions ?? [], target),
      deletionApproved: isDeletionApproved(application, state),
    },
    {
      cluster: target.cluster,
      clock: ports.clock,
      save: async (done) => {
        const status = { ...application.status, operationState: withRows(state, done) };
        application = await writeApplication(ports.control, application, { status });
      },
      prepare: (task) => respectIgnored(task, state.operation.sync?.syncOptions ?? [], application.spec.ignoreDifferences ?? []),
    },
    deadline,
  );
  return concluded({ ...target, application }, evaluated, withRows(state, outcome.tasks), outcome, ports);
}

function isDeletionApproved(application: Application, state: OperationState): boolean {
  const approved = application.metadata.annotations?.[DELETION_APPROVED];
  return approved !== undefined && Date.parse(approved) >= Date.parse(state.startedAt);
}

async function concluded(
  target: Target,
  before: Evaluation,
  state: OperationState,
  outcome: SyncOutcome,
  ports: ReconcilePorts,
): Promise<Operated> {
  const { phase, message, afterSeconds } = outcome;
  const after = state.operation.sync?.dryRun ? before : changedBy(outcome.tasks, target, before);
  if (afterSeconds === undefined && phase !== 'Running' && phase !== 'Terminating') {
    return finished(target, endedOrRetrying(state, phase, message, timeOf(ports), state.phase !== 'Terminating'), after, ports);
  }
  return waiting(target, { ...state, message }, after, afterSeconds ?? 1, ports);
}

/** The comparison after what was applied. */
function changedBy(tasks: readonly SyncTask[], target: Target, before: Evaluation): Evaluation {
  const applied = new Set(tasks.filter((task) => task.result?.status === 'Synced').map((task) => keyText(task.key)));
  return reevaluate(target, before, liveAfter(before.live, tasks), applied);
}

/** While an operation waits, status shows how the Application stands meanwhile. */
async function waiting(
  target: Target,
  state: OperationState,
  evaluated: Evaluation,
  afterSeconds: number,
  ports: ReconcilePorts,
): Promise<Operated> {
  const now = timeOf(ports);
  const compared = comparedStatus(target.application, { ...evaluated, live: evaluated.live.values() }, now);
  const application = await writeApplication(ports.control, target.application, {
    status: { ...stamped(target.application.status, compared, now, false), operationState: state },
  });
  return { application, state, evaluation: evaluated, afterSeconds };
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

async function finished(target: Target, state: OperationState, after: Evaluation, ports: ReconcilePorts): Promise<Operated> {
  const now = timeOf(ports);
  const over = state.phase !== 'Running';
  const compared = comparedStatus(target.application, { ...after, live: after.live.values() }, now);
  const status = over ? withHistory(target.application, compared, state) : compared;
  const application = await writeApplication(ports.control, target.application, {
    status: { ...stamped(target.application.status, status, now, true), operationState: state },
    ...(over ? { operation: null, annotations: NO_REFRESH } : {}),
  });
  return { application, state, evaluation: after, afterSeconds: over ? undefined : retryIn(state, ports) };
}

function retryIn(state: OperationState, ports: ReconcilePorts): number {
  return Math.max(1, Math.ceil(retryRemainingSeconds(state, ports.clock())));
}

async function ended(
  application: Application,
  state: OperationState,
  spec: Evaluation,
  message: string,
  ports: ReconcilePorts,
): Promise<Operated> {
  const done = endedOrRetrying(state, 'Error', message, timeOf(ports), false);
  const now = timeOf(ports);
  const compared = comparedStatus(application, { ...spec, live: spec.live.values() }, now);
  const written = await writeApplication(ports.control, application, {
    status: { ...stamped(application.status, compared, now, true), operationState: done },
    operation: null,
  });
  return { application: written, state: done, evaluation: spec, afterSeconds: undefined };
}
