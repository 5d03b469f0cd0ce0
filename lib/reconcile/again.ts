// The message that brings an Application back: distinct from those before it, and one for all who ask for the same moment.

/** `again` asks for another message after `afterSeconds`; `event` makes it distinct. */
export interface Outcome {
  readonly again?: { readonly afterSeconds: number; readonly event: string };
}

/** SQS delays a message by at most so much; what is due later is looked at in between. */
const LONGEST_SECONDS = 900;

/**
 * Comes back for `what` (an operation's start and step, or a look) in `afterSeconds`; `now` is milliseconds since the epoch.
 * Several runs that wait for the same moment send the same event, which the queue takes once: chains of looks do not multiply. A moment
 * is later than any that was answered before, so that no message that is needed passes for a repeated one; `answered` is the event that
 * this run answers, for the case that another machine's clock was ahead.
 */
export function comeBack(what: string, afterSeconds: number, now: number, answered = ''): Outcome {
  const seconds = Math.min(LONGEST_SECONDS, Math.max(0, Math.ceil(afterSeconds)));
  if (seconds === 0) return { again: { afterSeconds: 0, event: `${what} at ${now} ms` } };
  const due = Math.ceil(now / 1000 + seconds);
  const event = `${what} at ${due} s`;
  return { again: { afterSeconds: seconds, event: event === answered ? `${what} at ${due + 1} s` : event } };
}
