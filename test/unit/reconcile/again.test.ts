// When an Application is looked at again: chains of looks meet, whenever they began (design.md §3).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comeBack, comeRound } from '../../../lib/reconcile/again.ts';

const START = Date.parse('2026-11-22T15:04:05.678Z');
const NAME = 'argocd/shop';

/** How many looks there are in so many hours, when a resync begins every `resync` seconds what goes on as `next` says. */
function looks(hours: number, resync: number, next: typeof comeBack, seconds: number): number {
  const end = START + hours * 3_600_000;
  const pending = new Map<string, number>();
  let count = 0;
  const look = (now: number, answered = '') => {
    count += 1;
    const { again = { afterSeconds: 0, event: '' } } = next('window', seconds, NAME, now, answered);
    // The queue takes an event once, at the moment at which it is due.
    if (!pending.has(again.event)) pending.set(again.event, now + again.afterSeconds * 1000);
  };
  for (let at = START, resyncAt = START; at < end; ) {
    const [event = '', due = Number.POSITIVE_INFINITY] = [...pending].toSorted(([, a], [, b]) => a - b)[0] ?? [];
    at = Math.min(due, resyncAt);
    if (at === resyncAt) {
      look(at);
      resyncAt += resync * 1000;
    } else {
      look(at, event);
      pending.delete(event);
    }
  }
  return count;
}

describe('an Application that is looked at again', () => {
  it.each([1, 2, 5, 15, 30, 60, 300, 900])('every %i seconds is so often, however many begin to wait', (every) => {
    const alone = 3600 / every;
    for (const resync of [7, 113, 207]) {
      const expected = 6 * (alone + 3600 / resync);
      expect(looks(6, resync, comeRound, every)).toBeLessThanOrEqual(expected * 1.02 + 3);
    }
  });

  it('in a time that is longer than a message may wait comes back no oftener than that', () => {
    expect(looks(16, 207, comeBack, 50_000)).toBeLessThanOrEqual(16 * (4 + 3600 / 207) * 1.02 + 3);
  });

  it('comes at a later moment than the one that it answers, and not much sooner or later than it asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 0, max: 1e7 }), fc.string(), (seconds, after, name) => {
        const now = START + after;
        const { again } = comeRound('x', seconds, name, now);
        const wait = again?.afterSeconds ?? 0;
        const asked = Math.min(900, seconds);
        expect(wait).toBeLessThanOrEqual(Math.min(900, asked * 1.5 + 1));
        expect(wait).toBeGreaterThanOrEqual(asked > 600 ? 1 : asked / 2);
        // Another machine's clock may be ahead.
        for (const early of [0, 400]) {
          const next = comeRound('x', seconds, name, now + wait * 1000 - early, again?.event);
          expect(next.again?.event).not.toBe(again?.event);
        }
        expect(comeBack('x', 7, name, now)).toEqual({
          again: { afterSeconds: expect.any(Number), event: `x at ${Math.ceil(now / 1000 + 7)} s` },
        });
      }),
    );
  });

  it('is another one than its neighbours', () => {
    const moments = Array.from({ length: 200 }, (_, index) => comeRound('x', 900, `argocd/app-${index}`, START).again?.event);
    expect(new Set(moments).size).toBeGreaterThan(150);
  });
});
