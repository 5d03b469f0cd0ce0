// When a failed operation tries again (spec/sync.md §9).
import type { RetryStrategy } from '../model/application.ts';
import { MOST_SECONDS, parseDuration } from '../model/duration.ts';
import type { OperationState } from '../model/operation.ts';
import { bounded, CONDITION_BYTES, OPERATION_BYTES } from '../model/text.ts';
import { OUT_OF_TIME, withoutApprovals } from './deadline.ts';
import { withoutPruneWaves } from './prune-waves.ts';

const DEFAULTS = { duration: '5s', factor: 2, maxDuration: '3m' } as const;

/**
 * The state of an operation that ended in `phase`: completed, or waiting for its next attempt when its strategy has one left.
 * `now` is RFC 3339. A duration that does not parse ends the operation with the reason.
 */
export function endedOrRetrying(
  state: OperationState,
  phase: 'Succeeded' | 'Failed' | 'Error',
  reason: string,
  now: string,
  retry: Retrying,
): OperationState {
  const message = bounded(reason, OPERATION_BYTES);
  const retries = state.retryCount ?? 0;
  const limit = state.operation.retry?.limit ?? 0;
  if (phase === 'Succeeded' || !retry.allowed || (limit >= 0 && retries >= limit)) return over(state, phase, message, now);
  const wait = retryWaitSeconds(state.operation.retry, retries);
  if (typeof wait === 'string') {
    return { ...state, phase: 'Error', message: bounded(`${message} (failed to retry: ${wait})`, CONDITION_BYTES), finishedAt: now };
  }
  const due = Date.parse(now) + wait * 1000;
  if (due >= retry.until) return over(state, phase, message.includes(OUT_OF_TIME) ? message : `${message}${OUT_OF_TIME}`, now);
  const waiting = `${message}. Retrying attempt #${retries + 1} at ${clockTime(due)}.`;
  return { ...state, phase: 'Running', message: waiting, finishedAt: now, retryCount: retries + 1 };
}

/** Whether another attempt may follow, and until when it has to begin (milliseconds since the epoch). */
export interface Retrying {
  readonly allowed: boolean;
  readonly until: number;
}

function over(state: OperationState, phase: 'Succeeded' | 'Failed' | 'Error', message: string, now: string): OperationState {
  const retries = state.retryCount ?? 0;
  const suffix = retries > 0 ? ` (retried ${retries} times).` : '';
  return { ...state, phase, message: `${message}${suffix}`, finishedAt: now };
}

/**
 * Seconds until attempt `count` + 1: min(maxDuration, duration x factor^count), never negative and no more than a duration can be; a text when
 * a duration does not parse.
 */
export function retryWaitSeconds(strategy: RetryStrategy | undefined, count: number): number | string {
  const backoff = strategy?.backoff;
  const texts = [backoff?.duration || DEFAULTS.duration, backoff?.maxDuration || DEFAULTS.maxDuration] as const;
  const [base, cap] = texts.map(parseDuration);
  if (base === undefined || cap === undefined) return `unable to parse ${base === undefined ? texts[0] : texts[1]} as a duration`;
  const wait = base === 0 ? 0 : base * (backoff?.factor ?? DEFAULTS.factor) ** count; // nothing times more than a number can hold is none
  return Math.max(0, Math.min(wait, cap > 0 ? cap : MOST_SECONDS));
}

/**
 * An operation that waits for a retry: how many seconds are left, or 0 when it may go on. `now` is milliseconds.
 * The wait counts from `finishedAt` with the attempts made so far, which is the time that the message names.
 */
export function retryRemainingSeconds(state: OperationState, now: number): number {
  if (state.phase !== 'Running' || !state.finishedAt) return 0;
  const wait = retryWaitSeconds(state.operation.retry, Math.max(0, (state.retryCount ?? 1) - 1));
  return typeof wait === 'string' ? 0 : Math.max(0, (Date.parse(state.finishedAt) - now) / 1000 + wait);
}

/** The state with which the next attempt begins: everything is done again, at the same revision unless `refresh` is set. */
export function nextAttempt(state: OperationState): OperationState {
  const { finishedAt = '', syncResult: _result, ...rest } = withoutPruneWaves(state);
  const refresh = state.operation.retry?.refresh === true;
  const message = `Retrying operation${refresh ? ' with latest revisions' : ''}. Attempt #${state.retryCount ?? 0}`;
  if (!refresh || !rest.operation.sync) return { ...rest, message };
  const { revision: _revision, revisions: _revisions, ...sync } = rest.operation.sync;
  return withoutApprovals({ ...rest, message, operation: { ...rest.operation, sync } }, finishedAt);
}

/** `3:04PM`, in UTC. */
function clockTime(at: number): string {
  const date = new Date(at);
  const hours = date.getUTCHours();
  const minutes = String(date.getUTCMinutes()).padStart(2, '0');
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minutes}${hours < 12 ? 'AM' : 'PM'}`;
}
