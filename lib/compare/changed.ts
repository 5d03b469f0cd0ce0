// changedFields: what Git sets and live does not have so. Where server-side apply merges, only what Git names counts; which lists and maps
// it merges, and by which keys, the types of its own kinds say, and of others what was applied left in managedFields.
import { childOf, type FieldTree, stepsOf } from '../model/managed-fields.ts';
import { isRecord } from '../model/manifest.ts';
import { changedAt, exactDifferences, sameScalar } from './exact.ts';
import { itemKey, keyOfItem, positions } from './list-items.ts';
import { isMerged, natureAt } from './nature.ts';
import { type Difference, fieldAt, itemAt, keyLabel, type Place } from './place.ts';
import { isOmitted } from './schema.ts';
import type { ListNature } from './types.ts';

/**
 * `owned` is the node for this place of what clients applied; where there is none and the type is unknown, only full equality is certain.
 * None returned means that an apply of `desired` would change nothing at or below the place.
 */
export function changedFields(desired: unknown, live: unknown, owned: FieldTree | undefined, place: Place): readonly Difference[] {
  if (live === undefined || live === null) return sameAsAbsent(desired, owned, place) ? [] : [changedAt(place)];
  if (isRecord(desired) && isRecord(live)) return structChanges(desired, live, owned, place);
  if (Array.isArray(desired) && Array.isArray(live)) return listChanges(desired, live, owned, place);
  return sameScalar(desired, live, place) ? [] : [changedAt(place)];
}

/** A null that we applied and that left nothing behind will leave nothing behind again. */
function sameAsAbsent(desired: unknown, owned: FieldTree | undefined, place: Place): boolean {
  return desired === undefined || isOmitted(place.type, place.inMap, desired) || (desired === null && owned !== undefined);
}

type Struct = Readonly<Record<string, unknown>>;

function structChanges(desired: Struct, live: Struct, owned: FieldTree | undefined, place: Place): readonly Difference[] {
  if (!isMerged(place.type, owned)) return exactDifferences(desired, live, place);
  return Object.entries(desired).flatMap(([name, value]) => {
    const there = Object.hasOwn(live, name) ? live[name] : undefined;
    return changedFields(value, there, childOf(owned, `f:${name}`), fieldAt(place, name));
  });
}

function listChanges(
  desired: readonly unknown[],
  live: readonly unknown[],
  owned: FieldTree | undefined,
  place: Place,
): readonly Difference[] {
  const nature = natureAt(place.type, owned);
  if (nature.kind === 'keyed') return keyedChanges(desired, live, owned ?? {}, nature, place);
  if (nature.kind === 'set') return setChanges(desired, live, place);
  return exactDifferences(desired, live, place);
}

/** Each item of Git must be there, and in Git's order: an apply puts them into that order. */
function keyedChanges(
  desired: readonly unknown[],
  live: readonly unknown[],
  owned: FieldTree,
  { fields }: Extract<ListNature, { kind: 'keyed' }>,
  place: Place,
): readonly Difference[] {
  const keys = live.map((item) => itemKey(place.type, item, fields));
  const wanted = desired.map((item) => itemKey(place.type, item, fields));
  const order = inOrder(wanted, keys);
  if (!order) return [changedAt(place)];
  const steps = stepsOf(owned).flatMap((step) =>
    step.kind === 'item' ? [[itemKey(place.type, step.key, fields), step.text] as const] : [],
  );
  const nodes = new Map(steps);
  return desired.flatMap((item, index) => {
    const node = childOf(owned, nodes.get(wanted[index]) ?? '');
    const label = isRecord(item) ? keyLabel(keyOfItem(place.type, item, fields)) : String(index);
    return changedFields(item, live[order[index] ?? -1], node, itemAt(place, label));
  });
}

function setChanges(desired: readonly unknown[], live: readonly unknown[], place: Place): readonly Difference[] {
  const text = (value: unknown) => JSON.stringify(value);
  return inOrder(desired.map(text), live.map(text)) ? [] : [changedAt(place)];
}

/** Where live has each wanted item; undefined when one is missing, stands twice, or comes before one that should precede it. */
function inOrder(wanted: readonly (string | undefined)[], live: readonly (string | undefined)[]): readonly number[] | undefined {
  const found = positions(live);
  const places = wanted.map((text) => (text === undefined ? -1 : (found?.get(text) ?? -1)));
  return places.every((at, index) => at > (index === 0 ? -1 : (places[index - 1] ?? -1))) ? places : undefined;
}
