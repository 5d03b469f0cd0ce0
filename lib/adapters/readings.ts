// What remotes answered, by question: one reading serves everyone for whom it is recent enough.
import type { Clock } from '../ports.ts';
import { remember } from './held-folders.ts';

interface Reading<T> {
  /** When the reading began, by the clock of this machine. */
  readonly readAt: number;
  /** Whom it was made for: it is later than what they know of, even if their clock is ahead. */
  readonly notBefore: number;
  readonly answer: Promise<T>;
}

const MAX_READINGS = 500;

export class Readings<T> {
  readonly #clock: Clock;
  readonly #known = new Map<string, Reading<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The answer as it was at `notBefore` or later. A reading that is under way, and began late enough, is waited for; a failed one is not kept. */
  at(question: string, notBefore: number, read: () => Promise<T>): Promise<T> {
    const known = this.#known.get(question);
    if (known && (known.readAt >= notBefore || known.notBefore === notBefore)) return known.answer;
    const readAt = this.#clock();
    const answer = read();
    remember(this.#known, question, { readAt, notBefore, answer }, MAX_READINGS);
    answer.catch(() => {
      if (this.#known.get(question)?.answer === answer) this.#known.delete(question);
    });
    return answer;
  }
}
