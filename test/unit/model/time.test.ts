// Which texts are times.
import { expect, it } from 'vitest';
import { parseTime } from '../../../lib/model/time.ts';

it.each(['2026-11-02T10:00:00Z', '2026-11-02T11:00:00+01:00', '2026-11-02T10:00:00.000Z', '2026-11-02t10:00:00z'])('reads %s', (text) => {
  expect(parseTime(text)).toBe(Date.UTC(2026, 10, 2, 10));
});

it.each([
  undefined,
  '',
  'true',
  '9999',
  'OPS-5123',
  'PR #4500',
  'approved by me 2099',
  '2026-11-02',
  '2026-11-02T10:00:00',
  '2026-11-02 10:00:00Z',
  '2026-13-02T10:00:00Z',
  '2026-11-02T25:00:00Z',
  ' 2026-11-02T10:00:00Z',
])('does not take %j for a time', (text) => {
  expect(parseTime(text)).toBeUndefined();
});
