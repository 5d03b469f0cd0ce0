// exactDifferences: values that server-side apply replaces whole, or of which nobody knows how it would merge them.
import { isRecord } from '../model/manifest.ts';
import { type Difference, fieldAt, itemAt, type Place } from './place.ts';
import { canonicalQuantity } from './quantity.ts';
import { isOmitted, withDefaults } from './schema.ts';

/** Every place where the two are not the same, once defaults, quantities and what is never written are allowed for. */
export function exactDifferences(desired: unknown, live: unknown, place: Place): readonly Difference[] {
  if (live === undefined || live === null) {
    const same = desired === undefined || desired === live || isOmitted(place.type, place.inMap, desired);
    return same ? [] : [changedAt(place)];
  }
  if (isRecord(desired) && isRecord(live)) return structDifferences(desired, live, place);
  if (Array.isArray(desired) && Array.isArray(live)) return listDifferences(desired, live, place);
  return sameScalar(desired, live, place) ? [] : [changedAt(place)];
}

export function changedAt(place: Place): Difference {
  return { path: place.text, reason: 'changed' };
}

/**
 * Equal, or a quantity that is kept in the form that live has, or an integer in a field that holds a double, or the empty text that a null
 * becomes in a map of texts.
 */
export function sameScalar(desired: unknown, live: unknown, place: Place): boolean {
  if (typeof desired === 'bigint' && typeof live === 'number') return Number(desired) === live;
  if (desired === null && live === '') return place.inMap && place.type.form === 'plain';
  return desired === live || (place.type.form === 'quantity' && canonicalQuantity(desired) === live);
}

type Struct = Readonly<Record<string, unknown>>;

function structDifferences(desired: Struct, live: Struct, place: Place): readonly Difference[] {
  const complete = withDefaults(place.type, desired);
  const names = new Set([...Object.keys(complete), ...Object.keys(live)]);
  return [...names].flatMap((name) => exactDifferences(memberOf(complete, name), memberOf(live, name), fieldAt(place, name)));
}

function memberOf(value: Struct, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function listDifferences(desired: readonly unknown[], live: readonly unknown[], place: Place): readonly Difference[] {
  if (desired.length !== live.length) return [changedAt(place)];
  return desired.flatMap((item, index) => exactDifferences(item, live[index], itemAt(place, String(index))));
}
