// Whether what failed a sync lies outside Git and may pass by itself, so that an automated sync tries again until it has passed.
import { type OperationState, STALLED } from '../model/operation.ts';
import { spreadSeconds } from './patience.ts';

/** Words of the API server, and of ours, for reasons that go away without a commit. */
const PASSING: readonly RegExp[] = [
  /because it is being terminated/,
  /exceeded quota|failed quota/,
  /failed calling webhook|failed calling admission webhook/,
  /the server is currently unable to handle the request|service unavailable/i,
  /namespaces "[^"]*" not found/,
  /serviceaccounts? .*not found|service ?account .*does not exist/i,
  /is still there \d+ minutes after it was deleted/,
  /no matches for kind|could not find the requested resource|The Kubernetes API could not find/,
  /is forbidden: User "[^"]*" cannot /,
  /etcdserver: (?!request is too large)|context deadline exceeded|connection refused|i\/o timeout|Internal error occurred/,
  /timed out|Timeout: request did not complete/,
  new RegExp(STALLED),
];

/** How an operation ends whose spec is not taken any more: once its project, destination or the settings are right again, it is tried anew. */
const REFUSED = /^(?:InvalidSpecError|UnknownError): /;

export function isRefused({ message = '' }: Pick<OperationState, 'message'>): boolean {
  return REFUSED.test(message);
}

/**
 * The first reason that may pass, of the rows that failed or, where none did, of the operation itself; undefined when Git has to change,
 * and when somebody stopped it.
 */
export function passingReason(state: OperationState): string | undefined {
  const stopped = state.message?.startsWith('Operation terminat') && !state.message.includes(`(${STALLED}`);
  if (stopped) return undefined;
  // It was stopped from outside, whatever had failed until then.
  if (isRefused(state)) return state.message;
  const failed = (state.syncResult?.resources ?? []).filter(({ status }) => status === 'SyncFailed');
  const messages = failed.length > 0 ? failed.map(({ message = '' }) => message) : [state.message ?? ''];
  return messages.find((message) => PASSING.some((words) => words.test(message)));
}

const FIRST_SECONDS = 30;
const FACTOR = 2;
const LONGEST_SECONDS = 900;

/**
 * Seconds from the end of attempt `count` (from 0) to the next: growing, and spread by a fifth either way, so that the many Applications
 * that one cause has failed do not come back as one. `name` alone decides the spread: the same answer at every look.
 */
export function passingWaitSeconds(name: string, count: number): number {
  return spreadSeconds(Math.min(FIRST_SECONDS * FACTOR ** count, LONGEST_SECONDS), `${name}/${count}`);
}

/** How the operation's own information counts the attempts before it. */
export const ATTEMPTS_INFO = 'Attempts that failed for a reason outside Git';

/** Attempts that were made before this operation's. */
export function passingAttempts({ operation }: OperationState): number {
  const count = Number(operation.info?.find(({ name }) => name === ATTEMPTS_INFO)?.value ?? 0);
  return Number.isSafeInteger(count) && count >= 0 ? count : 0;
}
