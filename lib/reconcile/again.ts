// The message that brings an Application back: distinct from those before it, and one for all who ask for the same moment.
import { drawn } from '../model/spread.ts';

/** `again` asks for another message after `afterSeconds`; `event` makes it distinct. */
export interface Outcome {
  readonly again?: { readonly afterSeconds: number; readonly event: string };
}

/** SQS delays a message by at most so much; what is due later is looked at in between. */
const LONGEST_SECONDS = 900;

/**
 * Comes back for `what` (an operation's start and step, or a look) in `afterSeconds`, at a moment that is known; `now` is milliseconds since
 * the epoch, `name` the Application's. Several runs that wait for the same moment send the same event, which the queue takes once: chains of
 * looks do not multiply. A moment is later than any that was answered before, so that no message that is needed passes for a repeated one;
 * `answered` is the event that this run answers, for the case that another machine's clock was ahead.
 */
export function comeBack(what: string, afterSeconds: number, name: string, now: number, answered = ''): Outcome {
  if (afterSeconds >= LONGEST_SECONDS) return comeRound(what, LONGEST_SECONDS, name, now, answered);
  const seconds = Math.max(0, Math.ceil(afterSeconds));
  if (seconds === 0) return { again: { afterSeconds: 0, event: `${what} at ${now} ms` } };
  const due = Math.ceil(now / 1000 + seconds);
  return onceAt(what, due === dueOf(what, answered) ? due + 1 : due, now);
}

/**
 * The same where no moment is known: every `everySeconds`, about. All runs of one name meet at the same moments, whenever they began to wait,
 * so that each resync begins no chain of its own; those of other names meet at others.
 */
export function comeRound(what: string, everySeconds: number, name: string, now: number, answered = ''): Outcome {
  const every = Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(everySeconds)));
  const offset = Math.floor(every * drawn(name));
  // From half of it to one and a half, where that is no more than a message may be delayed.
  const least = every * 1.5 > LONGEST_SECONDS ? 0 : every / 2;
  const due = (Math.floor((now / 1000 + least - offset) / every) + 1) * every + offset;
  return onceAt(what, due === dueOf(what, answered) ? due + every : due, now);
}

function onceAt(what: string, due: number, now: number): Outcome {
  return { again: { afterSeconds: Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(due - now / 1000))), event: `${what} at ${due} s` } };
}

function dueOf(what: string, event: string): number | undefined {
  return event.startsWith(`${what} at `) ? Number.parseInt(event.slice(`${what} at `.length), 10) : undefined;
}
