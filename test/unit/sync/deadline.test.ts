// Until when a sync may take its time (spec/sync.md §7), and what its record keeps of the time that is not its own.
import { describe, expect, test } from 'vitest';
import type { OperationState } from '../../../lib/model/operation.ts';
import { deadlineOf, HELD, isAsking, released, unlessAsking } from '../../../lib/sync/deadline.ts';

const START = '2026-11-22T15:00:00Z';
const LATER = '2026-11-23T09:00:00Z';
const HOUR = 3600;
const ASKS = 'waiting for pruning confirmation of /ConfigMap/old and 2 more resources';

function state(more: Partial<OperationState> = {}): OperationState {
  return { operation: { sync: {} }, phase: 'Running', startedAt: START, ...more };
}

describe('the deadline of a sync', () => {
  test('counts from its start, whatever its attempts', () => {
    expect(deadlineOf(state({ retryCount: 4 }), HOUR)).toBe(Date.parse('2026-11-22T16:00:00Z'));
  });

  test('counts from the approval that it waited for', () => {
    expect(deadlineOf(state(), HOUR, Date.parse(LATER))).toBe(Date.parse('2026-11-23T10:00:00Z'));
    expect(deadlineOf(state(), HOUR, Date.parse('2026-11-22T14:00:00Z'))).toBe(Date.parse('2026-11-22T16:00:00Z'));
  });

  test('counts from when a sync window let it go on', () => {
    const info = [{ name: 'reason', value: 'ticket' }];
    const held = state({ message: `${HELD}: project 'shop': broken`, operation: { sync: {}, info } });
    const gone = released(held, LATER);
    expect(gone.operation.info).toEqual([...info, { name: 'Held until', value: LATER }]);
    expect(deadlineOf(gone, HOUR)).toBe(Date.parse('2026-11-23T10:00:00Z'));
    expect(released(gone, '2026-11-23T09:30:00Z')).toBe(gone);
  });

  test('counts from when what it asked about came to nothing, and stands while it asks', () => {
    const asking = state({ message: ASKS, operation: { sync: {}, info: [{ name: 'Held until', value: START }] } });
    const gone = released(asking, LATER);
    expect(deadlineOf(gone, HOUR)).toBe(Date.parse('2026-11-23T10:00:00Z'));
    expect(unlessAsking(gone, asking)).toBe(gone);
    expect(unlessAsking({ ...gone, message: ASKS }, asking)).toEqual(asking);
    expect(unlessAsking({ ...gone, message: ASKS }, gone)).toEqual({ ...gone, message: ASKS });
    const first = state({ message: ASKS });
    expect(unlessAsking({ ...released(first, LATER), message: ASKS }, first)).toEqual(first);
  });

  test('does not move while no window holds it', () => {
    const running = state({ message: 'one or more tasks are running' });
    expect(released(running, LATER)).toBe(running);
  });
});

test.each([
  ['a person’s answer', state({ message: ASKS }), true],
  ['a hook', state({ message: 'waiting for completion of hook batch/Job/migrate' }), false],
  ['nothing: it was told to stop', state({ phase: 'Terminating', message: 'waiting for pruning confirmation of /ConfigMap/old' }), false],
])('waits for %s', (_, waiting, asks) => {
  expect(isAsking(waiting)).toBe(asks);
});
