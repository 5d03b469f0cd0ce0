// oversized: what is left to write of an Application whose status is more than the API server takes (spec/application.md §7).
import { type Application, applicationOrFault, isMultiSource, qualifiedName } from '../model/application.ts';
import { messageOf, type TooLarge } from '../model/errors.ts';
import { type OperationState, runningState } from '../model/operation.ts';
import type { Outcome } from './again.ts';
import { OVER } from './conclude.ts';
import { begun, operationSources, pinned } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { stamped, withConditions } from './status.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

/**
 * Adds the condition to the status that is there, and ends the operation, which could never record what it did, without its rows.
 * `known` is the Application as it was when the run began.
 */
export async function oversized(known: Application, reason: TooLarge, ports: ReconcilePorts): Promise<Outcome> {
  const object = await ports.control.application(known.metadata);
  if (!object) return {};
  const { application } = applicationOrFault(object);
  const now = timeOf(ports);
  const message = `Application status exceeds the Kubernetes resource size limit (${messageOf(reason)}): divide its objects among several Applications`;
  const told = withConditions(application.status ?? {}, ['UnknownError'], [{ type: 'UnknownError', message }], now);
  const { operation } = application;
  const state = operation && attempted(application, runningState(application) ?? begun(application, operation, now, []));
  const over = state && { ...state, phase: 'Error' as const, message, finishedAt: now };
  const status = over ? { ...told, operationState: over } : told;
  await writeApplication(ports.control, application, {
    status: stamped(application.status, status, now, over !== undefined),
    annotations: OVER.annotations,
    ...(over ? { operation: null } : {}),
  });
  ports.log.warn('oversized', { application: qualifiedName(application.metadata), message });
  return {};
}

/** The record without its rows. One that did not begin is of no commit, so that the next one is not taken for tried. */
function attempted(application: Application, state: OperationState): OperationState {
  const known = pinned(state, operationSources(application, state.operation), [], isMultiSource(application.spec));
  return { ...known, ...(known.syncResult && { syncResult: { ...known.syncResult, resources: undefined } }) };
}
