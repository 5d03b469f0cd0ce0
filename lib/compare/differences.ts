// differences: tier 1 of a comparison, in memory: what stands between desired and live by all that the live object itself tells.
import { appliedFields, appliedRecords, shapeOf } from '../model/managed-fields.ts';
import { groupVersionOf, type LiveObject, type Manifest } from '../model/manifest.ts';
import { changedFields } from './changed.ts';
import { type NormalizeRules, normalized } from './normalize.ts';
import { type Difference, rootOf } from './place.ts';
import { isUntold, removedFields } from './removed.ts';
import type { Kind } from './schema.ts';
import { isKnown } from './types.ts';

export function kindOf(manifest: Manifest): Kind {
  return { group: groupVersionOf(manifest.apiVersion).group, kind: manifest.kind };
}

/**
 * Every difference that can be seen without asking. None means that a server-side apply of `target` would change nothing: of all that Git
 * sets live holds the same, and of all that we set before nothing is missing from Git. Something may be seen that an apply would not change.
 * `alone`: nobody will be asked, so of a kind whose types are not known here the usual is assumed: structs are merged, lists are one value.
 */
export function differences(target: Manifest, live: LiveObject, rules: NormalizeRules, alone = false): readonly Difference[] {
  const [desired, actual] = normalized(target, live, kindOf(target), rules);
  const root = rootOf(target, alone);
  const foreign = appliedRecords(live).filter(({ apiVersion }) => apiVersion !== target.apiVersion);
  // Field names of another version say nothing certain about this one.
  if (foreign.length > 0 && (!alone || isUntold(foreign, target, live))) return [{ path: 'apiVersion', reason: 'changed' }];
  const shape = isKnown(root.type) ? appliedFields(live) : shapeOf(live, target.apiVersion);
  return [...changedFields(desired, actual, shape, root), ...removedFields(desired, actual, live, rules.takeOver)];
}
