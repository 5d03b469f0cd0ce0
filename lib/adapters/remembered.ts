// An answer that is kept, for good or for a while: concurrent callers share one question, a failure is not kept.
import type { Clock } from '../ports.ts';

/** Asks again once the answer is older than `lifeMs`, or than `maxAgeMs` where the caller wants it fresher. */
export function remembered<T>(clock: Clock, lifeMs: number, ask: () => Promise<T>): (maxAgeMs?: number) => Promise<T> {
  let held: { readonly at: number; readonly answer: Promise<T> } | undefined;
  return async (maxAgeMs = lifeMs) => {
    const now = clock();
    if (held === undefined || now - held.at >= Math.min(lifeMs, maxAgeMs)) held = { at: now, answer: ask() };
    const current = held;
    try {
      return await current.answer;
    } catch (error) {
      if (held === current) held = undefined;
      throw error;
    }
  };
}

/** Asks once; what failed is asked again by the next caller. */
export function kept<T>(ask: () => Promise<T>): () => Promise<T> {
  let held: Promise<T> | undefined;
  return () => {
    held ??= ask().catch((error: unknown) => {
      held = undefined;
      throw error;
    });
    return held;
  };
}
