// When a failed operation tries again: exact waits and exact words (spec/sync.md §1.2, §9).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RetryStrategy } from '../../../lib/model/application.ts';
import type { OperationState } from '../../../lib/model/operation.ts';
import { endedOrRetrying, nextAttempt, retryRemainingSeconds, retryWaitSeconds } from '../../../lib/sync/retry.ts';

const NOW = '2026-11-22T15:04:05Z';
const result = { revision: 'a', source: { repoURL: 'https://git.example/shop.git' } };

function running(retry: RetryStrategy | undefined, more: Partial<OperationState> = {}): OperationState {
  return {
    operation: { sync: { revision: 'a' }, retry },
    phase: 'Running',
    startedAt: '2026-11-22T15:00:00Z',
    syncResult: result,
    ...more,
  };
}

const ALLOWED = { allowed: true, until: Number.POSITIVE_INFINITY };
const failed = (state: OperationState, now = NOW, allowed = true, until = Number.POSITIVE_INFINITY) =>
  endedOrRetrying(state, 'Failed', 'one or more objects failed to apply', now, { allowed, until });

describe('the wait before a retry', () => {
  test.each([
    [undefined, [5, 10, 20, 40, 80, 160, 180, 180]],
    [{ backoff: {} }, [5, 10, 20]],
    [{ backoff: { duration: '1m30s', factor: 3, maxDuration: '1h' } }, [90, 270, 810, 2430, 3600, 3600]],
    [{ backoff: { duration: '10', maxDuration: '15' } }, [10, 15, 15]],
    [{ backoff: { duration: '5s', factor: 1 } }, [5, 5, 5]],
    [{ backoff: { duration: '1m', maxDuration: '0' } }, [60, 120, 240, 480]],
    [{ backoff: { duration: '', maxDuration: '' } }, [5, 10]],
    [{ backoff: { duration: '0s' } }, [0, 0]],
  ] satisfies readonly (readonly [RetryStrategy | undefined, readonly number[]])[])('of %j grows as %j', (strategy, waits) => {
    expect(waits.map((_, count) => retryWaitSeconds(strategy, count))).toEqual(waits);
  });

  test('is a wait after thousands of attempts too', () => {
    expect(retryWaitSeconds({ backoff: { duration: '0s' } }, 5000)).toBe(0);
    expect(retryWaitSeconds({ backoff: { duration: '5s' } }, 5000)).toBe(180);
    expect(retryWaitSeconds({ backoff: { duration: '5s', maxDuration: '0' } }, 5000)).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('is never negative, so that a sync out of time is not tried again', () => {
    const state = running({ limit: -1, backoff: { duration: '-5s' } }, { retryCount: 5000 });
    expect(failed(state).message).toBe('one or more objects failed to apply. Retrying attempt #5001 at 3:04PM.');
    expect(failed(state, NOW, true, Date.parse(NOW) - 1).phase).toBe('Failed');
  });

  test('never shrinks and never passes its cap', () => {
    const strategy = fc.record({
      duration: fc.integer({ min: 1, max: 60 }),
      factor: fc.integer({ min: 1, max: 5 }),
      cap: fc.integer({ min: 1, max: 600 }),
    });
    fc.assert(
      fc.property(strategy, fc.nat({ max: 50 }), ({ duration, factor, cap }, count) => {
        const backoff = { duration: `${duration}s`, factor, maxDuration: `${cap}s` };
        const [wait, next] = [count, count + 1].map((k) => Number(retryWaitSeconds({ backoff }, k)));
        expect(wait).toBeLessThanOrEqual(next ?? 0);
        expect(next).toBeLessThanOrEqual(cap);
      }),
    );
  });
});

describe('a sync that has taken its time', () => {
  const until = Date.parse(NOW) + 10_000;

  test('says so once', () => {
    const message = 'Operation terminated, triggered by controller sync timeout (waiting for completion of hook batch/Job/migrate)';
    const late = { allowed: true, until: Date.parse(NOW) - 1 };
    expect(endedOrRetrying(running({ limit: -1 }), 'Failed', message, NOW, late)).toMatchObject({ phase: 'Failed', message });
  });

  test('tries again as long as the next attempt begins before its end', () => {
    expect(failed(running({ limit: -1 }), NOW, true, until)).toMatchObject({ phase: 'Running', retryCount: 1 });
  });

  test('ends instead of an attempt that would begin after it', () => {
    expect(failed(running({ limit: -1 }, { retryCount: 1 }), NOW, true, until)).toMatchObject({
      phase: 'Failed',
      message: 'one or more objects failed to apply, triggered by controller sync timeout (retried 1 times).',
      finishedAt: NOW,
    });
  });
});

describe('an operation that failed', () => {
  test('waits for its next attempt and says when', () => {
    expect(failed(running({ limit: 3 }))).toEqual({
      ...running({ limit: 3 }),
      message: 'one or more objects failed to apply. Retrying attempt #1 at 3:04PM.',
      finishedAt: NOW,
      retryCount: 1,
    });
  });

  test('names the time of each further attempt', () => {
    const messages: (string | undefined)[] = [];
    let state = running({ limit: 5, backoff: { duration: '10m', maxDuration: '12h' } });
    for (const now of ['2026-11-22T23:55:00Z', '2026-11-23T00:10:00Z', '2026-11-23T11:45:00Z']) {
      state = failed(state, now);
      messages.push(state.message?.replace('one or more objects failed to apply. ', ''));
    }
    expect(messages).toEqual(['Retrying attempt #1 at 12:05AM.', 'Retrying attempt #2 at 12:30AM.', 'Retrying attempt #3 at 12:25PM.']);
  });

  test('ends when no attempt is left, and says how many there were', () => {
    expect(failed(running({ limit: 2 }, { retryCount: 2 }))).toMatchObject({
      phase: 'Failed',
      message: 'one or more objects failed to apply (retried 2 times).',
      finishedAt: NOW,
    });
  });

  test.each([
    ['names no retries', running(undefined), true],
    ['asks for none', running({ limit: 0 }), true],
    ['was told to stop', running({ limit: 3 }), false],
  ])('ends at once when it %s', (_, state, mayRetry) => {
    expect(failed(state, NOW, mayRetry)).toMatchObject({
      phase: 'Failed',
      message: 'one or more objects failed to apply',
      finishedAt: NOW,
    });
  });

  test('goes on for ever with a negative limit', () => {
    expect(failed(running({ limit: -1 }, { retryCount: 99 }))).toMatchObject({ phase: 'Running', retryCount: 100 });
  });

  test('retries errors too, and keeps quiet about retries that were not needed', () => {
    expect(endedOrRetrying(running({ limit: 1 }), 'Error', 'broken', NOW, ALLOWED)).toMatchObject({ phase: 'Running', retryCount: 1 });
    expect(endedOrRetrying(running({ limit: 1 }), 'Succeeded', 'done', NOW, ALLOWED)).toMatchObject({
      phase: 'Succeeded',
      message: 'done',
    });
    expect(endedOrRetrying(running({ limit: 1 }, { retryCount: 1 }), 'Succeeded', 'done', NOW, ALLOWED).message).toBe(
      'done (retried 1 times).',
    );
  });

  test.each([
    [{ duration: 'soon' }, 'soon'],
    [{ maxDuration: '3 minutes' }, '3 minutes'],
    [{ duration: '1d' }, '1d'],
  ])('ends with Error when %j is no duration', (backoff, text) => {
    expect(failed(running({ limit: 3, backoff }))).toMatchObject({
      phase: 'Error',
      message: `one or more objects failed to apply (failed to retry: unable to parse ${text} as a duration)`,
      finishedAt: NOW,
    });
  });
});

describe('an operation that waits for its next attempt', () => {
  const at = (seconds: number) => Date.parse(NOW) + seconds * 1000;
  const waiting = failed(running({ limit: 3 }));

  test('may go on at the time that its message names', () => {
    expect(retryRemainingSeconds(waiting, at(0))).toBe(5);
    expect(retryRemainingSeconds(waiting, at(4.5))).toBe(0.5);
    expect(retryRemainingSeconds(waiting, at(5))).toBe(0);
    expect(retryRemainingSeconds(failed(waiting), at(0))).toBe(10);
  });

  test('is the only one that waits', () => {
    expect(retryRemainingSeconds(running({ limit: 3 }), at(0))).toBe(0);
    expect(retryRemainingSeconds({ ...waiting, phase: 'Terminating' }, at(0))).toBe(0);
  });

  test('begins anew at the same revision', () => {
    const { finishedAt: _finished, syncResult: _result, ...rest } = waiting;
    expect(nextAttempt(waiting)).toEqual({ ...rest, message: 'Retrying operation. Attempt #1' });
  });

  test('resolves its revision again when it is to be fresh', () => {
    const fresh = failed(running({ limit: 3, refresh: true }));
    const next = nextAttempt({ ...fresh, operation: { ...fresh.operation, sync: { revision: 'a', revisions: ['a'], prune: true } } });
    expect(next.operation.sync).toEqual({ prune: true });
    expect(next.message).toBe('Retrying operation with latest revisions. Attempt #1');
  });
});
