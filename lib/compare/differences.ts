// differences: tier 1 of a comparison, in memory: what stands between desired and live by all that the live object itself tells.
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { appliedFields } from '../model/managed-fields.ts';
import { groupVersionOf, type LiveObject, type Manifest } from '../model/manifest.ts';
import { changedFields } from './changed.ts';
import { normalized } from './normalize.ts';
import { type Difference, rootOf } from './place.ts';
import { removedFields } from './removed.ts';
import type { Kind } from './schema.ts';

export function kindOf(manifest: Manifest): Kind {
  return { group: groupVersionOf(manifest.apiVersion).group, kind: manifest.kind };
}

/**
 * Every difference that can be seen without asking. None means that a server-side apply of `target` would change nothing: of all that Git
 * sets live holds the same, and of all that we set before nothing is missing from Git. Something may be seen that an apply would not change.
 */
export function differences(target: Manifest, live: LiveObject, rules: readonly ResourceIgnoreDifferences[]): readonly Difference[] {
  const kind = kindOf(target);
  const [desired, actual] = normalized(target, live, kind, rules);
  const applied = appliedFields(live);
  // Field names of another version say nothing about this one.
  if (applied && applied.apiVersion !== target.apiVersion) return [{ path: 'apiVersion', reason: 'changed' }];
  return [...changedFields(desired, actual, applied?.fields, rootOf(kind)), ...removedFields(desired, actual, live, kind)];
}
