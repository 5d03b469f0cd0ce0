// stalled: an operation that cannot go on since Git or the cluster does not answer, or does not take anything for now, says so, comes back
// more and more rarely, and ends when it is told to or has taken its time.
import { type Application, applicationOrFault } from '../model/application.ts';
import type { Unavailable } from '../model/errors.ts';
import { isCompleted, type OperationState } from '../model/operation.ts';
import { bounded, OPERATION_BYTES } from '../model/text.ts';
import { STALLED } from '../policy/passing.ts';
import { patientSeconds, spreadSeconds } from '../policy/patience.ts';
import { deadlineOf, OUT_OF_TIME } from '../sync/deadline.ts';
import { comeBack, type Outcome } from './again.ts';
import { begun } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

/** `known` is the Application as it was when the run began. Throws `reason` again when its operation is over meanwhile. */
export async function stalled(known: Application, reason: Unavailable, ports: ReconcilePorts): Promise<Outcome> {
  const object = await ports.control.application(known.metadata);
  const { application } = object ? applicationOrFault(object) : { application: undefined };
  if (!application?.operation) throw reason;
  const recorded = application.status?.operationState;
  const state = recorded && !isCompleted(recorded.phase) ? recorded : begun(application, application.operation, timeOf(ports));
  const end = endOf(state, reason, ports);
  const operationState = end ?? { ...state, message: bounded(`${STALLED}${reason.message}`, OPERATION_BYTES) };
  await writeApplication(ports.control, application, {
    status: { ...application.status, operationState },
    ...(end ? { operation: null } : {}),
  });
  ports.log.warn('stalled', { application: application.metadata.name, phase: operationState.phase, message: operationState.message });
  const { startedAt } = state;
  const now = ports.clock();
  const seconds = patientSeconds(startedAt, now, { least: 15, most: 300, part: 4 });
  return comeBack(end ? 'look' : 'stalled', spreadSeconds(seconds, `${application.metadata.name}/${now}`), now);
}

/** What the operation ends as, where it waits no longer (spec/sync.md §7); hooks that run cannot be deleted then. */
function endOf(state: OperationState, { message }: Unavailable, ports: ReconcilePorts): OperationState | undefined {
  const over = { ...state, finishedAt: timeOf(ports) };
  if (state.phase === 'Terminating') {
    return { ...over, phase: 'Error', message: bounded(`Operation termination had errors: ${message}`, OPERATION_BYTES) };
  }
  if (ports.clock() < deadlineOf(state, ports.settings.syncTimeoutSeconds)) return undefined;
  return { ...over, phase: 'Failed', message: bounded(`Operation terminated${OUT_OF_TIME} (${STALLED}${message})`, OPERATION_BYTES) };
}
