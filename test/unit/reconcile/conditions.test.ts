// How the list of conditions changes (spec/application.md §3.1).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApplicationCondition, ConditionType } from '../../../lib/model/application.ts';
import { COMPARISON_CONDITIONS, SPEC_CONDITIONS, SYNC_CONDITIONS, setConditions } from '../../../lib/reconcile/conditions.ts';

const OLD = '2026-11-22T10:00:00Z';
const NOW = '2026-11-22T15:04:05Z';
const condition = (type: ConditionType, message: string, lastTransitionTime?: string): ApplicationCondition => ({
  type,
  message,
  ...(lastTransitionTime ? { lastTransitionTime } : {}),
});

describe('conditions', () => {
  test('of the types that were looked at are replaced, others stay', () => {
    const before = [condition('ComparisonError', 'broken', OLD), condition('SyncError', 'failed', OLD)];
    expect(setConditions(before, COMPARISON_CONDITIONS, [], NOW)).toEqual([condition('SyncError', 'failed', OLD)]);
    expect(setConditions(before, SYNC_CONDITIONS, [], NOW)).toEqual([condition('ComparisonError', 'broken', OLD)]);
    expect(setConditions(before, SPEC_CONDITIONS, [], NOW)).toEqual(before);
  });

  test('keep their time while their message stays', () => {
    const before = [condition('ComparisonError', 'broken', OLD)];
    expect(setConditions(before, COMPARISON_CONDITIONS, [condition('ComparisonError', 'broken')], NOW)).toEqual(before);
    expect(setConditions(before, COMPARISON_CONDITIONS, [condition('ComparisonError', 'worse')], NOW)).toEqual([
      condition('ComparisonError', 'worse', NOW),
    ]);
  });

  test('keep their time each, also when there are several of a type', () => {
    const before = [condition('RepeatedResourceWarning', 'a twice', OLD), condition('RepeatedResourceWarning', 'b twice', OLD)];
    const found = [condition('RepeatedResourceWarning', 'b twice'), condition('RepeatedResourceWarning', 'c twice')];
    expect(setConditions(before, COMPARISON_CONDITIONS, found, NOW)).toEqual([
      condition('RepeatedResourceWarning', 'b twice', OLD),
      condition('RepeatedResourceWarning', 'c twice', NOW),
    ]);
  });

  test('are sorted by type, then by message', () => {
    const found = [condition('UnknownError', 'a'), condition('InvalidSpecError', 'z'), condition('InvalidSpecError', 'a')];
    const sorted = setConditions([condition('SyncError', 'm', OLD)], SPEC_CONDITIONS, found, NOW);
    expect(sorted.map(({ type, message }) => `${type} ${message}`)).toEqual([
      'InvalidSpecError a',
      'InvalidSpecError z',
      'SyncError m',
      'UnknownError a',
    ]);
  });

  test('come to rest: the same findings change nothing', () => {
    const some = fc.uniqueArray(
      fc.record({
        type: fc.constantFrom(...SPEC_CONDITIONS, ...COMPARISON_CONDITIONS, ...SYNC_CONDITIONS),
        message: fc.string({ maxLength: 2 }),
      }),
      { selector: ({ type, message }) => `${type}/${message}` },
    );
    fc.assert(
      fc.property(some, some, (before, found) => {
        const owned = [...SPEC_CONDITIONS, ...COMPARISON_CONDITIONS];
        const fresh = found.filter(({ type }) => owned.includes(type));
        const once = setConditions(before, owned, fresh, OLD);
        expect(setConditions(once, owned, [...fresh].reverse(), NOW)).toEqual(once);
      }),
    );
  });
});
