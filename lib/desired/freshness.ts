// How recent an answer or a copy has to be that is not settled by its name alone (spec/rendering.md §8).
import type { DesiredStateInput } from './render.ts';

type Look = Pick<DesiredStateInput, 'notBefore' | 'fresh'>;

/** Argo CD keeps the index of a Helm repository so long. */
const ANSWER_MS = 3 * 60_000;

/** What a range of versions, or a URL that names none, stands for now: an answer of this moment (ms) or later counts. */
export function answersSince({ notBefore, fresh }: Look): number {
  return fresh ? notBefore : notBefore - ANSWER_MS;
}

/** Something at a version of its own, which could only be published anew: any copy counts, for a hard refresh one of its own. */
export function copiesSince({ notBefore, fresh }: Look): number {
  return fresh ? notBefore : 0;
}
