// How recent an answer from Git has to be, so that a worker with an older one in memory never takes an Application back.
import type { Application } from '../model/application.ts';

/** Times in status are cut to the second: what they stand for happened before the next one. */
const SECOND_MS = 1000;

/**
 * Milliseconds since the epoch: what was read from Git earlier does not count for this look. `at` is when the event was seen; but whoever
 * wrote the status, or began the operation, may have known a later commit than an event that came before, so their times count too, up to
 * `now`: a moment still to come would let an answer of this moment pass for one of the next.
 */
export function freshSince({ status }: Pick<Application, 'status'>, at: number, now: number): number {
  const written = [status?.reconciledAt, status?.operationState?.startedAt, status?.operationState?.finishedAt];
  const known = written.map((time) => Date.parse(time ?? '') + SECOND_MS).filter((time) => !Number.isNaN(time));
  return Math.max(at, ...known.map((time) => Math.min(time, now)));
}
