// A batch of queue messages: who may run beside whom, what a failure holds back, and when what failed comes back. Knows no framework.
import { Conflict, Unavailable } from '../../lib/model/errors.ts';

/** What of an SQS record these rules read. */
export interface BatchRecord {
  readonly messageId: string;
  readonly attributes: { readonly MessageGroupId?: string | undefined; readonly ApproximateReceiveCount: string };
}

/** Left free at the end of a function's time, to write down how far the work got. */
const RESERVE_MS = 10_000;
/** The longest that one request works before it hands over to its own continuation. */
const BUDGET_MS = 60_000;
/** With less than this there is no use in beginning. */
const LEAST_MS = 5_000;
/** Before the end of the function's time whatever still hangs is given up, and the batch settled. */
const STOP_MS = 5_000;
const MAX_BACKOFF_SECONDS = 300;
/** Whoever writes against us is quick, but conflicts that came back at once would use up a message's receives within a second. */
const MAX_CONFLICT_SECONDS = 30;

/**
 * Works through records, groups side by side and each group in order, and settles one result for each record, in their order.
 * After the first failure of a group the rest of it fails with the same reason, unprocessed: FIFO order would be lost otherwise
 * (AWS, "Implementing partial batch responses", FIFO queues). A record without a group is a group of its own.
 */
export async function settleByGroup<R extends BatchRecord>(
  records: readonly R[],
  work: (record: R) => Promise<void>,
): Promise<readonly PromiseSettledResult<void>[]> {
  const groups = Map.groupBy(records, ({ attributes, messageId }) => attributes.MessageGroupId ?? messageId);
  const settled = new Map<R, PromiseSettledResult<void>>();
  await Promise.all([...groups.values()].map((group) => settleGroup(group, work, settled)));
  return records.map((record) => settled.get(record) ?? { status: 'rejected', reason: new Error(`${record.messageId} was not reached`) });
}

async function settleGroup<R>(group: readonly R[], work: (record: R) => Promise<void>, settled: Map<R, PromiseSettledResult<void>>) {
  let failure: PromiseRejectedResult | undefined;
  for (const record of group) {
    if (!failure) {
      const [result] = await Promise.allSettled([work(record)]);
      if (result.status === 'rejected') failure = result;
    }
    settled.set(record, failure ?? { status: 'fulfilled', value: undefined });
  }
}

/**
 * Waits for work until shortly before the function's own end, then throws Unavailable: at the end itself the whole batch would come back,
 * also what was done. What hangs goes on meanwhile, as far as the platform lets it.
 */
export async function beforeTheEnd<T>(remainingMs: number, work: () => Promise<T>): Promise<T> {
  const left = remainingMs - STOP_MS;
  if (left <= 0) throw new Unavailable('the function is about to end');
  const end = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => end.reject(new Unavailable(`not done after ${Math.round(left / 1000)} s: the function is about to end`)),
    left,
  );
  try {
    return await Promise.race([work(), end.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds after which a failed message is tried again: at once after a first conflict, when the other side said so, or doubling. */
export function backoffSeconds(reason: unknown, receiveCount: number): number {
  if (reason instanceof Conflict) return receiveCount <= 1 ? 0 : Math.min(2 ** (receiveCount - 1), MAX_CONFLICT_SECONDS);
  const asked = reason instanceof Unavailable ? reason.retryAfterSeconds : undefined;
  return Math.min(Math.ceil(asked ?? 2 ** Math.min(receiveCount, 10)), MAX_BACKOFF_SECONDS);
}

/** When a request has to stop, in the clock of `now`. Throws Unavailable when the function has too little time left to begin. */
export function deadlineFor(remainingMs: number, now: number): number {
  const budget = Math.min(remainingMs - RESERVE_MS, BUDGET_MS);
  if (budget < LEAST_MS) throw new Unavailable('too little of the function time is left to begin', { retryAfterSeconds: 0 });
  return now + budget;
}
