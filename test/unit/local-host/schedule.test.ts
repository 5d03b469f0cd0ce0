// When a schedule ticks next.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../infra/local/serverless/schedule.ts';

const next = (expression: string, after: string) => new Date(parseSchedule(expression)(Date.parse(after))).toISOString();

test.each([
  ['rate(1 minute)', 60],
  ['rate(5 minutes)', 300],
  ['rate(1 hour)', 3600],
  ['rate(2 days)', 172_800],
])('%s ticks after %i seconds', (expression, seconds) => {
  expect(parseSchedule(expression)(1000)).toBe(1000 + seconds * 1000);
});

test.each([
  ['cron(0/15 * * * ? *)', '2026-11-22T10:07:30Z', '2026-11-22T10:15:00.000Z', 'every quarter of an hour'],
  ['cron(0 10 * * ? *)', '2026-11-22T10:00:00Z', '2026-11-23T10:00:00.000Z', 'not twice at the same minute'],
  ['cron(15 12 ? * MON-FRI *)', '2026-11-21T00:00:00Z', '2026-11-23T12:15:00.000Z', 'on working days only'],
  ['cron(0 8 1 * ? *)', '2026-11-22T00:00:00Z', '2026-12-01T08:00:00.000Z', 'on the first of a month'],
  ['cron(0 0 29 2 ? *)', '2026-11-22T00:00:00Z', '2028-02-29T00:00:00.000Z', 'in a leap year'],
  ['cron(0 9,17 ? 1-3 1 2027)', '2026-11-22T00:00:00Z', '2027-01-03T09:00:00.000Z', 'on a Sunday, which is day 1'],
])('%s after %s is %s: %4$s', (expression, after, expected) => {
  expect(next(expression, after)).toBe(expected);
});

test('every tick of a cron expression comes after the one before it and on a whole minute', () => {
  const field = (most: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.nat(most).map(String),
      fc.nat(most).map((from) => `${from}/7`),
    );
  fc.assert(
    fc.property(field(59), field(23), fc.integer({ min: 0, max: 4e12 }), (minute, hour, after) => {
      const at = parseSchedule(`cron(${minute} ${hour} * * ? *)`)(after);
      expect(at).toBeGreaterThan(after);
      expect(at % 60_000).toBe(0);
      expect(at - after).toBeLessThanOrEqual(24 * 3_600_000 + 60_000);
    }),
  );
});

describe('an expression that is not understood is refused with what is wrong:', () => {
  test.each([
    ['every minute', 'is neither rate(…) nor cron(…)'],
    ['rate(1 minutes)', 'a rate is written like rate(1 minute) or rate(5 minutes)'],
    ['rate(5 minute)', 'a rate is written like'],
    ['rate(0 minutes)', 'a rate is written like'],
    ['cron(* * * * *)', 'six fields'],
    ['cron(60 * * * ? *)', 'minute "60" is not understood'],
    ['cron(0 10 L * ? *)', 'day of month "L" is not understood'],
    ['cron(0 10 ? * 2#1 *)', 'day of week "2#1" is not understood'],
  ])('%s', (expression, message) => {
    expect(() => parseSchedule(expression)).toThrow(message);
  });

  test('a day that never comes', () => {
    expect(() => next('cron(0 0 30 2 ? *)', '2026-01-01T00:00:00Z')).toThrow('never comes again');
  });
});
