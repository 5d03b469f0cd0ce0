import fc from 'fast-check';
import { expect, test } from 'vitest';
import { percentile, summaryOf } from '../../../infra/bench/statistics.ts';

test('the median and the 95th percentile are values that were measured', () => {
  const values = Array.from({ length: 20 }, (_, index) => 20 - index);
  expect(summaryOf(values)).toEqual({ count: 20, p50: 10, p95: 19 });
});

test('of one value every percentile is that value', () => {
  expect(summaryOf([7])).toEqual({ count: 1, p50: 7, p95: 7 });
});

test('of nothing there is no percentile', () => {
  expect(summaryOf([]).p50).toBeNaN();
});

test('at least the share of all values is not above the percentile, and less than it is below', () => {
  const shares = fc.constantFrom(0.1, 0.5, 0.95, 1);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), shares, (values, share) => {
      const found = percentile(values, share);
      expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(share * values.length);
      expect(values.filter((value) => value < found).length).toBeLessThan(share * values.length);
    }),
  );
});
