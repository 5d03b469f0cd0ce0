// stalled: an operation that cannot go on since Git or the cluster does not answer, or does not take anything for now, says so, comes back
// more and more rarely, and ends when it is told to or has taken its time.
import { type Application, applicationOrFault, qualifiedName } from '../model/application.ts';
import type { Unavailable } from '../model/errors.ts';
import { isCompleted, type OperationState, runningState, STALLED } from '../model/operation.ts';
import { bounded, OPERATION_BYTES } from '../model/text.ts';
import { patientSeconds } from '../policy/patience.ts';
import { deadlineOf, isAsking, OUT_OF_TIME, released } from '../sync/deadline.ts';
import { retryRemainingSeconds } from '../sync/retry.ts';
import { comeRound, type Outcome } from './again.ts';
import { OVER } from './conclude.ts';
import { approvalOf, begun, stoppedByDeletion } from './operation.ts';
import type { ReconcilePorts } from './ports.ts';
import { stamped } from './status.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

/**
 * `known` is the Application as it was when the run began. What waits for a person or for its next attempt goes on waiting, and says so still.
 * Throws `reason` again when its operation is over meanwhile.
 */
export async function stalled(known: Application, reason: Unavailable, ports: ReconcilePorts): Promise<Outcome> {
  const object = await ports.control.application(known.metadata);
  const { application } = object ? applicationOrFault(object) : { application: undefined };
  if (!application?.operation) throw reason;
  const now = timeOf(ports);
  const state = stoppedByDeletion(application, runningState(application)) ?? begun(application, application.operation, now, []);
  const next = after(state, approvalOf(application, state, ports.clock()), reason, ports);
  const over = isCompleted(next.phase);
  const status = stamped(application.status, { ...application.status, operationState: next }, now, over);
  await writeApplication(ports.control, application, { status, ...(over ? OVER : {}) });
  const name = qualifiedName(application.metadata);
  ports.log.warn('stalled', { application: name, phase: next.phase, message: reason.message });
  const seconds = patientSeconds(state.startedAt, ports.clock(), { least: 15, most: 300, part: 4 });
  return comeRound(over ? 'look' : 'stalled', seconds, name, ports.clock());
}

/** The record after this look (spec/sync.md §7). Where it ends, hooks that run cannot be deleted. */
function after(recorded: OperationState, approvedAt: number | undefined, { message }: Unavailable, ports: ReconcilePorts): OperationState {
  const waits = (isAsking(recorded) && approvedAt === undefined) || retryRemainingSeconds(recorded, ports.clock()) > 0;
  if (waits) return recorded;
  // Where a window held it, its time begins with what is met now.
  const state = released(recorded, timeOf(ports));
  const over = { ...state, finishedAt: timeOf(ports) };
  if (state.phase === 'Terminating') {
    return { ...over, phase: 'Error', message: bounded(`Operation termination had errors: ${message}`, OPERATION_BYTES) };
  }
  const until = deadlineOf(state, ports.settings.syncTimeoutSeconds, approvedAt);
  if (ports.clock() < until) return { ...state, message: bounded(`${STALLED}${message}`, OPERATION_BYTES) };
  return { ...over, phase: 'Failed', message: bounded(`Operation terminated${OUT_OF_TIME} (${STALLED}${message})`, OPERATION_BYTES) };
}
