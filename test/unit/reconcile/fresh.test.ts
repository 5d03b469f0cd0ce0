import { describe, expect, test } from 'vitest';
import { freshSince } from '../../../lib/reconcile/fresh.ts';

const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
const NOW = 1_700_000_100_500;
const operation = { operation: {}, phase: 'Running' as const };

describe('freshSince', () => {
  test('is the time of the event when the Application was last written long before', () => {
    const status = { reconciledAt: at(1_700_000_000), operationState: { ...operation, startedAt: at(1_699_999_000) } };
    expect(freshSince({ status }, NOW - 200, NOW)).toBe(NOW - 200);
  });

  test.each([
    ['written', { reconciledAt: at(1_700_000_090) }],
    ['synced', { operationState: { ...operation, startedAt: at(1_700_000_090) } }],
    ['done', { operationState: { ...operation, startedAt: at(1_700_000_000), finishedAt: at(1_700_000_090) } }],
  ])('is after the second in which the Application was last %s, when that is later than the event', (_, status) => {
    expect(freshSince({ status }, NOW - 60_000, NOW)).toBe(1_700_000_091_000);
  });

  test('is now while that second lasts, and never still to come', () => {
    expect(freshSince({ status: { reconciledAt: at(1_700_000_100) } }, NOW - 200, NOW)).toBe(NOW);
    expect(freshSince({ status: { reconciledAt: at(1_800_000_000) } }, NOW - 200, NOW)).toBe(NOW);
  });

  test('is the time of the event for an Application that nobody looked at yet, or whose times cannot be read', () => {
    expect(freshSince({}, NOW - 200, NOW)).toBe(NOW - 200);
    expect(freshSince({ status: { reconciledAt: 'yesterday' } }, NOW - 200, NOW)).toBe(NOW - 200);
  });
});
