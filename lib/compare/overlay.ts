// overlay: what a server-side apply would make of a live object, as far as that can be told without asking. For showing differences only.
import { appliedFields, childOf, type FieldTree, inheritedFields, isLeaf, shapeOf, stepsOf, TAKE_OVER } from '../model/managed-fields.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { exactDifferences } from './exact.ts';
import { findItem, itemKey } from './list-items.ts';
import { isMerged, natureAt } from './nature.ts';
import { fieldAt, itemAt, type Place, rootOf } from './place.ts';
import { isOmitted } from './schema.ts';
import { type FieldType, isKnown, itemType, memberType } from './types.ts';

type Struct = Readonly<Record<string, unknown>>;

/** `target` over `live`, without what we set before and `target` no longer has. */
export function overlay(target: Manifest, live: LiveObject, takeOver = TAKE_OVER): Manifest {
  const owned = appliedFields(live);
  const root = rootOf(target, true);
  const over = put(target, live, isKnown(root.type) ? owned : shapeOf(live, target.apiVersion), root);
  const result = owned ? taken(owned, target, over, root.type) : over;
  return withoutInherited({ ...target, ...(isRecord(result) ? result : {}) }, target, live, takeOver);
}

/** `applied`, what an apply of `target` alone makes, without the fields that a sync takes over from earlier clients of `live` and away. */
export function withoutInherited(applied: Manifest, target: Manifest, live: LiveObject, takeOver = TAKE_OVER): Manifest {
  const { type } = rootOf(target, true);
  const rest = inheritedFields(live, takeOver).reduce<unknown>((left, fields) => taken(fields, target, left, type), applied);
  return { ...target, ...(isRecord(rest) ? rest : {}) };
}

function put(desired: unknown, live: unknown, owned: FieldTree | undefined, place: Place): unknown {
  if (isRecord(desired) && isRecord(live) && isMerged(place.type, owned)) {
    return { ...live, ...putMembers(desired, live, owned, place) };
  }
  if (Array.isArray(desired) && Array.isArray(live) && natureAt(place.type, owned).kind !== 'atomic')
    return putItems(desired, live, owned ?? {}, place);
  return exactDifferences(desired, live, place).length === 0 ? live : desired;
}

function putMembers(desired: Struct, live: Struct, owned: FieldTree | undefined, place: Place) {
  const members = Object.entries(desired).flatMap(([name, value]) => {
    const at = fieldAt(place, name);
    const there = live[name];
    if (there === undefined && isOmitted(at.type, at.inMap, value)) return [];
    return [[name, there === undefined ? value : put(value, there, childOf(owned, `f:${name}`), at)]];
  });
  return Object.fromEntries(members) as Struct;
}

/** Git's items in Git's order, then those that others added. */
function putItems(desired: readonly unknown[], live: readonly unknown[], owned: FieldTree, place: Place): readonly unknown[] {
  const nature = natureAt(place.type, owned);
  const keyed = nature.kind === 'keyed' ? nature.fields : undefined;
  const keyOf = (item: unknown) => (keyed ? itemKey(place.type, item, keyed) : JSON.stringify(item));
  const nodes = new Map(
    stepsOf(owned).flatMap((step) => (step.kind === 'item' && keyed ? [[itemKey(place.type, step.key, keyed), step.text] as const] : [])),
  );
  const wanted = new Set(desired.map(keyOf));
  const placed = desired.map((item) => {
    const there = live.find((other) => keyOf(other) === keyOf(item));
    return there === undefined ? item : put(item, there, childOf(owned, nodes.get(keyOf(item)) ?? ''), itemAt(place, ''));
  });
  return [...placed, ...live.filter((item) => !wanted.has(keyOf(item)))];
}

/** Without the fields and items of ours that Git no longer names. */
function taken(tree: FieldTree, desired: unknown, value: unknown, type: FieldType): unknown {
  return stepsOf(tree).reduce((rest: unknown, step) => {
    const node = childOf(tree, step.text) ?? {};
    if (step.kind === 'field' && isRecord(rest)) return takenField(node, step.name, desired, rest, type);
    if (step.kind === 'item' && Array.isArray(rest)) return takenItem(node, step.key, desired, rest, type);
    if (step.kind === 'value' && Array.isArray(rest)) return rest.filter((item) => item !== step.value || includes(desired, item));
    return rest;
  }, value);
}

function isWhole(node: FieldTree): boolean {
  return isLeaf(node) || Object.hasOwn(node, '.');
}

function includes(list: unknown, value: unknown): boolean {
  return Array.isArray(list) && list.includes(value);
}

function takenField(node: FieldTree, field: string, desired: unknown, rest: Struct, type: FieldType): Struct {
  const wanted = isRecord(desired) ? desired[field] : undefined;
  const kept = Object.entries(rest).filter(([name]) => name !== field || wanted !== undefined || !isWhole(node));
  return Object.fromEntries(
    kept.map(([name, member]) => [name, name === field ? taken(node, wanted, member, memberType(type, field)) : member]),
  );
}

function takenItem(node: FieldTree, key: Struct, desired: unknown, rest: readonly unknown[], type: FieldType): readonly unknown[] {
  const wanted = findItem(type, desired, key);
  const there = findItem(type, rest, key);
  if (wanted === undefined && isWhole(node)) return rest.filter((item) => item !== there);
  return rest.map((item) => (item === there ? taken(node, wanted, item, itemType(type)) : item));
}
