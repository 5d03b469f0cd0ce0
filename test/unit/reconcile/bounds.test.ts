// An Application stays small enough to be written, whatever a webhook or a template has to say.
import { expect, it } from 'vitest';
import type { OperationState } from '../../../lib/model/operation.ts';
import { setConditions } from '../../../lib/reconcile/conditions.ts';
import { refused } from '../../../lib/sync/result.ts';
import { endedOrRetrying } from '../../../lib/sync/retry.ts';
import type { SyncTask } from '../../../lib/sync/task.ts';

const NOW = '2026-11-02T10:00:00Z';
const LONG = '€ refused, '.repeat(100_000);

const bytesOf = (text: string | undefined) => new TextEncoder().encode(text).length;

it('bounds a row, of which there is one for each object', () => {
  const task: SyncTask = {
    key: { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'a' },
    version: 'v1',
    phase: 'Sync',
    wave: 0,
    target: undefined,
    live: undefined,
    health: undefined,
    hook: false,
    settled: false,
    sent: false,
    rowNamespace: 'shop',
    result: undefined,
  };
  const { result } = refused(task, LONG);
  expect(bytesOf(result?.message)).toBeLessThanOrEqual(1024);
  expect(result?.message).toMatch(/^€ refused, .*… \(cut\)$/);
});

it.each([
  ['that ends', {}, /… \(cut\)$/],
  ['that is tried again', { limit: 3 }, /… \(cut\)\. Retrying attempt #1 at /],
  ['that cannot be tried again', { limit: 3, backoff: { duration: LONG } }, /… \(cut\)$/],
])('bounds the message of an operation %s', (_, retry, end) => {
  const state: OperationState = { operation: { sync: {}, retry }, phase: 'Running', startedAt: NOW };
  const { message } = endedOrRetrying(state, 'Failed', LONG, NOW, { allowed: true, until: Number.POSITIVE_INFINITY });
  expect(bytesOf(message)).toBeLessThanOrEqual(8192);
  expect(message).toMatch(end);
});

it('bounds a condition, which keeps its time as long as what is shown stays the same', () => {
  const found = [{ type: 'ComparisonError' as const, message: LONG }];
  const first = setConditions([], ['ComparisonError'], found, NOW);
  expect(bytesOf(first[0]?.message)).toBeLessThanOrEqual(8192);
  expect(setConditions(first, ['ComparisonError'], found, '2026-11-02T11:00:00Z')).toEqual(first);
});
