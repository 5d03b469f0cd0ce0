// Until when a sync may take its time: one deadline for all its waves and retries, so that each ends some day (spec/sync.md §7).
import type { OperationState } from '../model/operation.ts';
import { infoOf, withInfo } from './info.ts';
import { CONFIRMATION, UNDER_WAY } from './message.ts';

/** What a sync adds that met its deadline, in Argo CD's words. */
export const OUT_OF_TIME = ', triggered by controller sync timeout';

/** How the operation's own information tells until when a sync window, or a question, last held it. */
const RELEASED = 'Held until';
export const HELD = 'Sync operation blocked by sync window';

/** The record of an operation that goes on at `now` (RFC 3339): time for which a sync window or a question held it is not its own. */
export function released(state: OperationState, now: string): OperationState {
  return isHeldBack(state) || isAsking(state) ? { ...withInfo(state, RELEASED, now), message: UNDER_WAY } : state;
}

/** The record to write where it was `before` when this look began: what asks still was not let go, and stays as it was. */
export function unlessAsking(state: OperationState, before: OperationState | undefined): OperationState {
  return before && isAsking(before) && isAsking(state) ? withInfo(state, RELEASED, infoOf(before, RELEASED)) : state;
}

/** Whether a sync window holds it. */
export function isHeldBack({ message }: Pick<OperationState, 'message'>): boolean {
  return message?.startsWith(HELD) === true;
}

/** Whether the operation waits for a person's answer: its time does not run meanwhile. */
export function isAsking({ phase, message = '' }: OperationState): boolean {
  return phase === 'Running' && message.startsWith(`waiting for ${CONFIRMATION.resource} `);
}

/**
 * When the operation has to be over, in milliseconds since the epoch: `limitSeconds` after it began, after a sync window or a question let it
 * go on, and after somebody approved what it asked about (`approvedAt`, milliseconds), whichever came last.
 */
export function deadlineOf(state: OperationState, limitSeconds: number, approvedAt = 0): number {
  const times = [state.startedAt, infoOf(state, RELEASED) ?? ''].map((time) => Date.parse(time) || 0);
  return Math.max(...times, approvedAt) + limitSeconds * 1000;
}

/** How the operation's own information tells when the attempt ended before which an approval was of another commit. */
const APPROVALS = 'Approvals count after';

/** The next attempt of an operation that then takes what Git has: an earlier approval was of other prunes. */
export function withoutApprovals(state: OperationState, endedAt: string): OperationState {
  return withInfo(state, APPROVALS, endedAt);
}

/** From when on an approval counts for the operation: milliseconds since the epoch. Times in the cluster are whole seconds. */
export function approvableSince(state: OperationState): number {
  const earlier = Date.parse(infoOf(state, APPROVALS) ?? '');
  return Math.max(Date.parse(state.startedAt), Number.isNaN(earlier) ? 0 : earlier + 1000);
}
