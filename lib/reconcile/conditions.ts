// Conditions of an Application: which evaluation owns which types, and how the list changes (spec/application.md §3.1).
import type { ApplicationCondition, ConditionType } from '../model/application.ts';
import { bounded, CONDITION_BYTES } from '../model/text.ts';

export const SPEC_CONDITIONS: readonly ConditionType[] = ['InvalidSpecError', 'UnknownError'];
export const COMPARISON_CONDITIONS: readonly ConditionType[] = [
  'ComparisonError',
  'SharedResourceWarning',
  'RepeatedResourceWarning',
  'NonDeterministicRenderWarning',
  'ExcludedResourceWarning',
  'UnknownValueWarning',
  'OrphanedResourceWarning',
  'DeletionBudgetWarning',
  'DependencyWarning',
];
export const SYNC_CONDITIONS: readonly ConditionType[] = ['SyncError'];
export const DELETION_CONDITIONS: readonly ConditionType[] = ['DeletionError'];

/**
 * Replaces the conditions of the `owned` types by `found`, bounded in length; others stay. One that was there with the same message
 * keeps its time: each of them, where Argo CD keeps only that of the first of a type, so that two warnings of a type do not make every
 * look a write.
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
    const text = bounded(condition.message, CONDITION_BYTES);
    const known = conditions.find(({ type, message }) => type === condition.type && message === text);
    return known ?? { ...condition, message: text, lastTransitionTime: now };
  });
  return [...kept, ...fresh].sort((a, b) => compareText(sortText(a), sortText(b)));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function sortText({ type, message, lastTransitionTime }: ApplicationCondition): string {
  return `${type}/${message}/${lastTransitionTime ?? ''}`;
}
