// Durations as Go writes them, or bare seconds (spec/sync.md §9).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration } from '../../../lib/model/duration.ts';

test.each([
  ['5', 5],
  ['-3', -3],
  ['+3', 3],
  ['0', 0],
  ['5s', 5],
  ['3m', 180],
  ['1h30m', 5400],
  ['1.5h', 5400],
  ['.5s', 0.5],
  ['1.s', 1],
  ['250ms', 0.25],
  ['-1m30s', -90],
  ['1h1h', 7200],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBeCloseTo(seconds, 9);
});

test.each(['\u00b5s', '\u03bcs', 'us'])('100%s is a tenth of a millisecond', (unit) => {
  expect(parseDuration(`100${unit}`)).toBeCloseTo(0.0001, 12);
});

test.each([
  '',
  '-',
  '+',
  's',
  '1.5',
  '5 s',
  '1d',
  '1h 30m',
  '1h30',
  '--1s',
  '1..5s',
  '.s',
  'soon',
  '3m!',
  '9999999999h',
  '-2562048h',
  '99999999999',
])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test('what Go prints is read back', () => {
  const parts = fc.record({ h: fc.nat({ max: 99 }), m: fc.nat({ max: 59 }), s: fc.nat({ max: 59 }), minus: fc.boolean() });
  fc.assert(
    fc.property(parts, ({ h, m, s, minus }) => {
      const sign = minus ? -1 : 1;
      expect(parseDuration(`${minus ? '-' : ''}${h}h${m}m${s}s`)).toBe(sign * (h * 3600 + m * 60 + s));
    }),
  );
});
