import { expect, it } from 'vitest';
import { CACHE_MIB, cacheBudget } from '../../../lib/adapters/cache-budget.ts';

it.each([1, 7, 512, 3072, CACHE_MIB])('the bounds of all folders together are within %d MiB, and use it', (mebibytes) => {
  const sum = Object.values(cacheBudget(mebibytes)).reduce((total, bytes) => total + bytes, 0);
  expect(sum).toBeLessThanOrEqual(mebibytes * 1024 * 1024);
  expect(sum).toBeGreaterThan(mebibytes * 1024 * 1024 - 5);
});
