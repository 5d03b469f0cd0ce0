// Conditions of an Application: which evaluation owns which types, and how the list changes (spec/application.md §3.1).
import type { ApplicationCondition, ConditionType } from '../model/application.ts';

export const SPEC_CONDITIONS: readonly ConditionType[] = ['InvalidSpecError', 'UnknownError'];
export const COMPARISON_CONDITIONS: readonly ConditionType[] = [
  'ComparisonError',
  'SharedResourceWarning',
  'RepeatedResourceWarning',
  'ExcludedResourceWarning',
];
export const SYNC_CONDITIONS: readonly ConditionType[] = ['SyncError'];
export const DELETION_CONDITIONS: readonly ConditionType[] = ['DeletionError'];

/**
 * Replaces the conditions of the `owned` types by `found`; others stay. One whose message did not change keeps its time.
 * `now` is RFC 3339. Returns the list sorted by type, message and time.
 */
export function setConditions(
  conditions: readonly ApplicationCondition[],
  owned: readonly ConditionType[],
  found: readonly ApplicationCondition[],
  now: string,
): readonly ApplicationCondition[] {
  const kept = conditions.filter((condition) => !owned.includes(condition.type));
  const fresh = found.map((condition) => {
    const known = conditions.find(({ type }) => type === condition.type);
    return known?.message === condition.message ? known : { ...condition, lastTransitionTime: now };
  });
  return [...kept, ...fresh].sort((a, b) => (sortText(a) < sortText(b) ? -1 : 1));
}

function sortText({ type, message, lastTransitionTime }: ApplicationCondition): string {
  return `${type}/${message}/${lastTransitionTime ?? ''}`;
}
