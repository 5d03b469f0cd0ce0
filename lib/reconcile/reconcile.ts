// reconcile: the main story. One Application is read, rendered, compared, synced a little further and written down.

import { resolveRevisions } from '../desired/render.ts';
import { REFRESH, REFRESH_TIMESTAMP, SKIP_RECONCILE } from '../model/annotations.ts';
import { type Application, type ApplicationStatus, parseApplication, qualifiedName, sourcesOf } from '../model/application.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import { annotationOf, type LiveObject } from '../model/manifest.ts';
import type { OperationState } from '../model/operation.ts';
import type { ReconcileRequest } from '../model/request.ts';
import { decideSync, isSuperseded } from '../policy/autosync.ts';
import { retryRemainingSeconds } from '../sync/retry.ts';
import { comeBack, type Outcome } from './again.ts';
import { SYNC_CONDITIONS } from './conditions.ts';
import { type Evaluation, evaluate, type Target } from './evaluate.ts';
import { finalize } from './finalize.ts';
import { operate, type Wanted } from './operate.ts';
import type { ReconcilePorts } from './ports.ts';
import { closureText, prepare } from './prepare.ts';
import { recheckSeconds } from './recheck.ts';
import { comparedStatus, failedStatus, refusedStatus, stamped, withConditions } from './status.ts';
import { timeOf } from './time.ts';
import { type Change, writeApplication } from './write.ts';

const SETTLED: Outcome = {};

/** Writes of others in between make us begin again; so many at once are left to a later message. */
const ATTEMPTS = 3;

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
  const application = parseApplication(object);
  const run: Run = { application, request, ports, deadline, startedAt: ports.clock() };
  if (application.metadata.deletionTimestamp && !application.operation) return finalize(application, ports);
  const prepared = await prepare(application, ports);
  if ('conditions' in prepared) {
    const message = prepared.conditions.map(({ type, message: text }) => `${type}: ${text}`).join(';');
    return endRefused(run, refusedStatus(application, prepared.conditions, timeOf(ports)), message);
  }
  const evaluation = await evaluateSpec(prepared, run);
  if ('failure' in evaluation) {
    return endRefused(run, failedStatus(application, evaluation.failure, timeOf(ports)), `ComparisonError: ${evaluation.failure}`);
  }
  return settle(prepared, evaluation, run);
}

interface Run {
  readonly application: Application;
  readonly request: ReconcileRequest;
  readonly ports: ReconcilePorts;
  readonly deadline: number;
  readonly startedAt: number;
}

function isSkipped(object: LiveObject): boolean {
  return annotationOf(object, SKIP_RECONCILE) === 'true';
}

async function evaluateSpec(target: Target, { application, request, ports }: Run): Promise<Evaluation | { readonly failure: string }> {
  try {
    const sources = sourcesOf(application.spec);
    const revisions = await resolveRevisions(sources, request.at, ports.repositories);
    const startedAt = application.status?.operationState?.startedAt;
    return await evaluate(target, { sources, revisions, operationStartedAt: startedAt }, ports);
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    return { failure: messageOf(error) };
  }
}

/** Without a comparison no sync can start: a requested one ends with the reason, a running one too. */
async function endRefused(run: Run, status: ApplicationStatus, message: string): Promise<Outcome> {
  const { application, ports } = run;
  const now = timeOf(ports);
  const state = application.operation && runningState(application);
  const begun = application.operation && (state ?? { operation: application.operation, startedAt: now });
  const operationState: OperationState | undefined = begun && { ...begun, phase: 'Error', message, finishedAt: now };
  const next = operationState ? { ...status, operationState } : status;
  const refresh = isRefresh(application);
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

/** The operation that is under way, if its request still stands. */
function runningState(application: Application): OperationState | undefined {
  const state = application.status?.operationState;
  return state && (state.phase === 'Running' || state.phase === 'Terminating') ? state : undefined;
}

async function settle(target: Target, evaluation: Evaluation, run: Run): Promise<Outcome> {
  const { application, ports } = run;
  const running = application.operation && runningState(application);
  if (running && isSuperseded(application, running, evaluation.desired.revisions)) return supersede(target, evaluation, running, run);
  const waiting = running ? retryRemainingSeconds(running, ports.clock()) : 0;
  if (running && waiting > 0) return record(run, evaluation, undefined, comeBack(eventOf(running), waiting, ports.clock()));
  if (application.operation) return operated(target, evaluation, { operation: application.operation, running }, run);
  const decision = decideSync(application, evaluation.comparison, evaluation.desired.revisions, ports.clock());
  switch (decision.kind) {
    case 'start':
      return operated(target, evaluation, { operation: decision.operation, running: undefined }, run);
    case 'later':
      return record(run, evaluation, undefined, comeBack('heal', decision.afterSeconds, ports.clock()));
    case 'none':
      return record(run, evaluation, decision.error, lookAgain(run, application, evaluation));
  }
}

/** Ends the operation on the old commits, hooks that run included; the next message begins the new one. */
async function supersede(target: Target, evaluation: Evaluation, running: OperationState, run: Run): Promise<Outcome> {
  const { operation } = running;
  const { state } = await operate(
    target,
    evaluation,
    { operation, running: { ...running, phase: 'Terminating' } },
    run.ports,
    run.deadline,
  );
  logRun(run, 'superseded', { by: evaluation.desired.revisions.join(' ') });
  return comeBack(`${eventOf(state)} superseded`, 0, run.ports.clock());
}

function lookAgain({ ports }: Run, application: Application, { comparison }: Evaluation): Outcome {
  const afterSeconds = recheckSeconds(application, comparison, ports.clock());
  return afterSeconds === undefined ? SETTLED : comeBack('look', afterSeconds, ports.clock());
}

async function operated(target: Target, spec: Evaluation, wanted: Wanted, run: Run): Promise<Outcome> {
  const { application, state, evaluation, afterSeconds } = await operate(target, spec, wanted, run.ports, run.deadline);
  logRun(run, 'synced', { phase: state.phase, message: state.message });
  if (afterSeconds !== undefined) return comeBack(eventOf(state), afterSeconds, run.ports.clock());
  return lookAgain(run, application, evaluation);
}

function eventOf(state: OperationState): string {
  return `${state.startedAt}/${state.retryCount ?? 0}/${state.syncResult?.resources?.length ?? 0}`;
}

/** Writes what was compared; nothing is sent when nothing but the time would change. */
async function record(run: Run, evaluation: Evaluation, syncError: string | undefined, outcome: Outcome): Promise<Outcome> {
  const { application, ports } = run;
  const now = timeOf(ports);
  const compared = comparedStatus(application, { ...evaluation, live: evaluation.live.values() }, now);
  const errors = syncError === undefined ? [] : [{ type: 'SyncError' as const, message: syncError }];
  const status = withConditions(compared, SYNC_CONDITIONS, errors, now);
  const refresh = isRefresh(application);
  const change: Change = {
    status: stamped(application.status, status, now, refresh),
    annotations: { ...closureText(evaluation), ...(refresh ? NO_REFRESH : {}) },
  };
  await writeApplication(ports.control, application, change);
  logRun(run, 'compared', { sync: status.sync?.status, health: status.health?.status });
  return outcome;
}

function logRun({ application, request, ports, startedAt }: Run, step: string, fields: Readonly<Record<string, unknown>>): void {
  const { correlation, reason } = request;
  ports.log.info(step, { application: qualifiedName(application.metadata), correlation, reason, ms: ports.clock() - startedAt, ...fields });
}
