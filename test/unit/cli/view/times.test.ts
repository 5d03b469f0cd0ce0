import { describe, expect, it } from 'vitest';
import { durationText, stampText, timeText } from '../../../../lib/cli/view/times.ts';

const TIME = '2026-07-02T09:04:05Z';

describe('times', () => {
  it.each([
    ['UTC', '2026-07-02 09:04:05 +0000 UTC', '2026-07-02T09:04:05+00:00'],
    ['Asia/Kolkata', '2026-07-02 14:34:05 +0530 GMT+5:30', '2026-07-02T14:34:05+05:30'],
    ['America/New_York', '2026-07-02 05:04:05 -0400 EDT', '2026-07-02T05:04:05-04:00'],
  ])('are written as in Go, in %s', (zone, time, stamp) => {
    expect(timeText(TIME, zone)).toBe(time);
    expect(stampText(Date.parse(TIME), zone)).toBe(stamp);
  });

  it('shows midnight as zero hours', () => {
    expect(timeText('2026-07-02T00:00:00Z', 'UTC')).toBe('2026-07-02 00:00:00 +0000 UTC');
  });

  it('says <nil> for no time', () => {
    expect(timeText(undefined, 'UTC')).toBe('<nil>');
  });
});

describe('durations', () => {
  it.each([
    [0, '0s'],
    [999, '0s'],
    [59_000, '59s'],
    [60_000, '1m0s'],
    [3_725_000, '1h2m5s'],
    [-5, '0s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });
});
