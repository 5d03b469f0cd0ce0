// The reverse of prune waves is remembered, so that a sync which is resumed goes on as it began (spec/sync.md §2.2).
import { describe, expect, test } from 'vitest';
import type { OperationState } from '../../../lib/model/operation.ts';
import { reversedWaves, withoutPruneWaves, withPruneWaves } from '../../../lib/sync/prune-waves.ts';

const STATE: OperationState = { operation: { sync: { prune: true } }, phase: 'Running', startedAt: '2026-11-22T15:04:05Z' };

describe('the waves of what is pruned', () => {
  test('are swapped from both ends', () => {
    expect([...reversedWaves(STATE, [5, 1, 2, 2])]).toEqual([
      [1, 5],
      [2, 2],
      [5, 1],
    ]);
  });

  test('stay as they were when objects have gone', () => {
    const state = withPruneWaves(STATE, [-1, 2, 5]);
    expect(state.operation.info).toEqual([{ name: 'Waves of the objects to prune', value: '-1 2 5' }]);
    expect(reversedWaves(state, [-1])).toEqual(reversedWaves(STATE, [-1, 2, 5]));
    expect(withPruneWaves(state, [7, 8])).toBe(state);
  });

  test('are not kept where they have no reverse, or nothing is pruned', () => {
    expect(withPruneWaves(STATE, [3, 3])).toBe(STATE);
    const unpruned = { ...STATE, operation: { sync: {} } };
    expect(withPruneWaves(unpruned, [1, 2])).toBe(unpruned);
  });

  test('are forgotten with the attempt', () => {
    expect(withoutPruneWaves(withPruneWaves(STATE, [1, 2]))).toEqual(STATE);
    expect(withoutPruneWaves(STATE)).toBe(STATE);
  });
});
