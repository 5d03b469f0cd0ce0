// reconcile: the main story. One Application is read, rendered, compared, synced a little further and written down.

import { resolveRevisions } from '../desired/render.ts';
import { REFRESH, REFRESH_TIMESTAMP, SKIP_RECONCILE } from '../model/annotations.ts';
import {
  type Application,
  type ApplicationCondition,
  applicationOrFault,
  isMultiSource,
  qualifiedName,
  sourcesOf,
} from '../model/application.ts';
import { parseBool } from '../model/bool.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted, TooLarge, Unavailable } from '../model/errors.ts';
import { annotationOf, type LiveObject } from '../model/manifest.ts';
import { type Operation, type OperationState, runningState } from '../model/operation.ts';
import type { ReconcileRequest } from '../model/request.ts';
import { bounded, OPERATION_BYTES } from '../model/text.ts';
import { decideSync } from '../policy/autosync.ts';
import { dependencySeconds } from '../policy/dependencies.ts';
import { windowsOf, windowVerdict } from '../policy/sync-windows.ts';
import { isHeldBack } from '../sync/deadline.ts';
import { comeBack, comeRound, type Outcome } from './again.ts';
import { SYNC_CONDITIONS } from './conditions.ts';
import { dependencies } from './dependencies.ts';
import { tellDeployments } from './deployments.ts';
import { type Evaluated, type Evaluation, evaluate, isFailure } from './evaluate.ts';
import { finalize } from './finalize.ts';
import { freshSince } from './fresh.ts';
import type { Wanted } from './hold.ts';
import { operate } from './operate.ts';
import { begun, operationSources, pinned } from './operation.ts';
import { withOrphans } from './orphans.ts';
import { oversized } from './oversized.ts';
import type { ReconcilePorts } from './ports.ts';
import { closureText, hookFinalizers, prepare } from './prepare.ts';
import { recheckSeconds } from './recheck.ts';
import { stalled } from './stalled.ts';
import { refusedStatus, stamped, statusOf, withConditions } from './status.ts';
import type { Target } from './target.ts';
import { timeOf } from './time.ts';
import { type Change, writeApplication } from './write.ts';

const SETTLED: Outcome = {};

/** Writes of others in between make us begin again; so many at once are left to a later message. */
const ATTEMPTS = 3;

/** So often a message comes back before people are told that Git or the cluster does not answer. */
const PATIENCE = 3;
const UNANSWERED_SECONDS = 60;

/**
 * Brings one Application a little closer to Git until `deadline` (milliseconds since the epoch).
 * Throws Unavailable and Conflict when the message is to come back; what is wrong in Git or in the spec becomes a condition.
 */
export async function reconcile(request: ReconcileRequest, ports: ReconcilePorts, deadline: number): Promise<Outcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await reconcileOnce(request, ports, deadline);
    } catch (error) {
      if (!(error instanceof Conflict) || attempt >= ATTEMPTS) throw error;
      ports.log.info('conflict', { application: qualifiedName(request.application), attempt });
    }
  }
}

async function reconcileOnce(request: ReconcileRequest, ports: ReconcilePorts, deadline: number): Promise<Outcome> {
  const object = await ports.control.application(request.application);
  if (!object || isSkipped(object)) return SETTLED;
  const parsed = applicationOrFault(object);
  const application = await tellDeployments(parsed.application, ports);
  const run: Run = { application, request, ports, deadline, startedAt: ports.clock() };
  if (parsed.fault) return endRefused(run, [{ type: 'InvalidSpecError', message: parsed.fault }]);
  if (application.metadata.deletionTimestamp && !application.operation) {
    const notBefore = freshSince(application, request.at, ports.clock());
    return finalize(application, ports, { deadline, notBefore, patient: isStillPatient(run) });
  }
  try {
    const prepared = await prepare(application, ports);
    if ('conditions' in prepared) return await endRefused(run, prepared.conditions);
    return await settle(prepared, await evaluateSpec(prepared, run), run);
  } catch (error) {
    if (error instanceof TooLarge) return oversized(application, error, ports);
    if (!(error instanceof Unavailable) || !application.operation || isStillPatient(run)) throw error;
    return stalled(application, error, ports);
  }
}

interface Run {
  readonly application: Application;
  readonly request: ReconcileRequest;
  readonly ports: ReconcilePorts;
  readonly deadline: number;
  readonly startedAt: number;
}

function isSkipped(object: LiveObject): boolean {
  return parseBool(annotationOf(object, SKIP_RECONCILE)) === true;
}

async function evaluateSpec(target: Target, { application, request, ports }: Run): Promise<Evaluated> {
  let revisions: readonly string[] = [];
  try {
    const sources = sourcesOf(application.spec);
    const notBefore = freshSince(application, request.at, ports.clock());
    revisions = await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories);
    const startedAt = application.status?.operationState?.startedAt;
    const fresh = annotationOf(application, REFRESH) === 'hard';
    const evaluation = await evaluate(target, { sources, revisions, operationStartedAt: startedAt, notBefore, fresh }, ports);
    return await withOrphans(target, evaluation, ports);
  } catch (error) {
    const lasting = error instanceof Unavailable && !application.operation && !isStillPatient({ request });
    if (!(lasting || error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    return { failure: messageOf(error), revisions };
  }
}

/** A spec that is refused: a requested operation ends with the reason, a running one too. */
async function endRefused(run: Run, conditions: readonly ApplicationCondition[]): Promise<Outcome> {
  const { application, ports } = run;
  const now = timeOf(ports);
  const message = bounded(conditions.map(({ type, message: text }) => `${type}: ${text}`).join(';'), OPERATION_BYTES);
  const status = refusedStatus(application, conditions, now);
  const { operation } = application;
  const begins = operation && (runningState(application) ?? begun(application, operation, now, []));
  const known = begins && pinned(begins, operationSources(application, begins.operation), [], isMultiSource(application.spec));
  const end = known?.phase === 'Terminating' ? `Operation termination had errors: ${message}` : message;
  const operationState: OperationState | undefined = known && { ...known, phase: 'Error', message: end, finishedAt: now };
  const refresh = isRefresh(application);
  const next = operationState ? { ...status, operationState } : status;
  await writeApplication(ports.control, application, {
    status: stamped(application.status, next, now, refresh || operationState !== undefined),
    ...(operationState ? { operation: null } : {}),
    ...(refresh ? { annotations: NO_REFRESH } : {}),
  });
  ports.log.warn('refused', { application: qualifiedName(application.metadata), message });
  return SETTLED;
}

const NO_REFRESH = { [REFRESH]: null, [REFRESH_TIMESTAMP]: null } as const;

function isRefresh(application: Application): boolean {
  return annotationOf(application, REFRESH) !== undefined;
}

async function settle(target: Target, spec: Evaluated, run: Run): Promise<Outcome> {
  const { application, ports } = run;
  if (application.operation) return operated(target, spec, { operation: application.operation, running: runningState(application) }, run);
  if (isFailure(spec)) return record(run, spec, undefined, isStillPatient(run) ? SETTLED : round(run, 'look', UNANSWERED_SECONDS));
  const decision = decideSync(application, spec.comparison, spec.desired.revisions, ports.clock());
  switch (decision.kind) {
    case 'start':
      return startedByItself(target, spec, decision.operation, run);
    case 'later':
      return record(run, spec, errorOf(decision), back(run, 'heal', decision.afterSeconds));
    case 'none':
      return record(run, spec, errorOf(decision), lookAgain(run, application, spec));
  }
}

/** Nothing begins while the project's windows are closed, or before those that it depends on are there. */
async function startedByItself(target: Target, spec: Evaluation, operation: Operation, run: Run): Promise<Outcome> {
  const { application, ports } = run;
  const verdict = windowVerdict(windowsOf(application, target.project), { manual: false, now: ports.clock() });
  if (!verdict.open) {
    const come = verdict.fault === undefined ? back : round;
    return record(run, spec, 'kept', come(run, 'window', verdict.afterSeconds));
  }
  const others = await dependencies(application, ports.control);
  if (others.kind === 'free') return operated(target, spec, { operation, running: undefined, free: true }, run);
  if (others.kind === 'cycle') return record(run, spec, { message: others.message }, lookAgain(run, application, spec));
  const warning = { type: 'DependencyWarning' as const, message: others.message };
  const told = { ...spec, warnings: [...(spec.warnings ?? []), warning] };
  const before = application.status?.conditions?.find(({ type, message }) => type === warning.type && message === warning.message);
  const afterSeconds = dependencySeconds(before?.lastTransitionTime, ports.clock());
  return record(run, told, 'kept', round(run, 'dependencies', afterSeconds));
}

function errorOf({ error }: { readonly error?: string }): { readonly message: string } | undefined {
  return error === undefined ? undefined : { message: error };
}

/** A message that came back did so because something did not answer: that is asked again before the resync does. */
function isStillPatient({ request }: Pick<Run, 'request'>): boolean {
  return (request.received ?? 1) < PATIENCE;
}

/** At a moment that is known. */
function back({ application, request, ports }: Run, what: string, afterSeconds: number): Outcome {
  return comeBack(what, afterSeconds, qualifiedName(application.metadata), ports.clock(), request.event);
}

/** Every so often, while nobody knows when what is waited for comes. */
function round({ application, request, ports }: Run, what: string, everySeconds: number): Outcome {
  return comeRound(what, everySeconds, qualifiedName(application.metadata), ports.clock(), request.event);
}

function lookAgain(run: Run, application: Application, spec: Evaluated): Outcome {
  const afterSeconds = isFailure(spec) ? undefined : recheckSeconds(application, spec.comparison, run.ports.clock());
  return afterSeconds === undefined ? SETTLED : round(run, 'look', afterSeconds);
}

async function operated(target: Target, evaluated: Evaluated, wanted: Wanted, run: Run): Promise<Outcome> {
  const { application, state, spec, afterSeconds } = await operate(target, evaluated, wanted, run.ports, run.deadline);
  logRun(run, 'synced', { phase: state.phase, message: state.message });
  if (afterSeconds === undefined) return lookAgain(run, application, spec);
  return isMomentKnown(state, afterSeconds) ? back(run, eventOf(state), afterSeconds) : round(run, eventOf(state), afterSeconds);
}

/** At once, when a window opens, or when the next attempt is due. */
function isMomentKnown(state: OperationState, afterSeconds: number): boolean {
  return afterSeconds === 0 || isHeldBack(state) || (state.phase === 'Running' && state.finishedAt !== undefined);
}

function eventOf(state: OperationState): string {
  return `${state.startedAt}/${state.retryCount ?? 0}/${state.syncResult?.resources?.length ?? 0}`;
}

/** Writes what was compared; nothing is sent when nothing but the time would change. `kept`: a SyncError that is there stays. */
async function record(
  run: Run,
  spec: Evaluated,
  syncError: { readonly message: string } | 'kept' | undefined,
  outcome: Outcome,
): Promise<Outcome> {
  const { application, ports } = run;
  const now = timeOf(ports);
  const compared = statusOf(application, spec, now);
  const errors = typeof syncError === 'object' ? [{ type: 'SyncError' as const, ...syncError }] : [];
  const status = isFailure(spec) || syncError === 'kept' ? compared : withConditions(compared, SYNC_CONDITIONS, errors, now);
  const refresh = isRefresh(application);
  const finalizers = hookFinalizers(application, spec);
  const change: Change = {
    status: stamped(application.status, status, now, refresh),
    annotations: { ...closureText(spec), ...(refresh ? NO_REFRESH : {}) },
    ...(finalizers ? { finalizers } : {}),
  };
  await writeApplication(ports.control, application, change);
  if (isFailure(spec)) ports.log.warn('refused', { application: qualifiedName(application.metadata), message: spec.failure });
  else logRun(run, 'compared', { sync: status.sync?.status, health: status.health?.status });
  return outcome;
}

function logRun({ application, request, ports, startedAt }: Run, step: string, fields: Readonly<Record<string, unknown>>): void {
  const { correlation, reason } = request;
  ports.log.info(step, { application: qualifiedName(application.metadata), correlation, reason, ms: ports.clock() - startedAt, ...fields });
}
