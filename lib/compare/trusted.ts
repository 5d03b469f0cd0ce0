// withTrusted: fields that a trusted manager set, as live has them (`managedFieldsManagers`, spec/diff.md §5.1).
import { childOf, type FieldTree, isLeaf, shapeOf, stepsOf } from '../model/managed-fields.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { isMerged, natureAt } from './nature.ts';
import { fieldAt, itemAt, type Place, rootOf } from './place.ts';

type Struct = Readonly<Record<string, unknown>>;

/**
 * `desired` with the values of `live` where one of the managers set them: fields that both have, so that none of them differs any more.
 * `original` carries the managedFields.
 */
export function withTrusted(desired: Manifest, live: Struct, original: LiveObject, managers: readonly string[]): Manifest {
  const trusted = (original.metadata.managedFields ?? []).filter((entry) => managers.includes(entry.manager ?? ''));
  const shape = shapeOf(original, desired.apiVersion);
  const root = rootOf(desired);
  return trusted.reduce((before, { fieldsV1 = {} }) => taken(before, live, fieldsV1, shape, root) as Manifest, desired); // a struct stays one
}

function taken(desired: unknown, live: unknown, tree: FieldTree, shape: FieldTree | undefined, place: Place): unknown {
  if (isLeaf(tree)) return isToldApart(desired, live, shape, place) ? desired : live;
  if (isRecord(desired) && isRecord(live)) return { ...desired, ...Object.fromEntries(takenMembers(desired, live, tree, shape, place)) };
  return Array.isArray(desired) && Array.isArray(live) ? takenItems(desired, live, tree, shape, place) : desired;
}

/** Who set a list or a map that is merged, and nothing in it, has no say in what others put there. */
function isToldApart(desired: unknown, live: unknown, shape: FieldTree | undefined, { type }: Place): boolean {
  if (Array.isArray(desired) && Array.isArray(live)) return natureAt(type, shape).kind !== 'atomic';
  return isRecord(desired) && isRecord(live) && isMerged(type, shape);
}

function takenMembers(desired: Struct, live: Struct, tree: FieldTree, shape: FieldTree | undefined, place: Place) {
  return stepsOf(tree).flatMap((step) => {
    if (step.kind !== 'field' || !Object.hasOwn(desired, step.name) || !Object.hasOwn(live, step.name)) return [];
    const at = fieldAt(place, step.name);
    return [[step.name, taken(desired[step.name], live[step.name], childOf(tree, step.text) ?? {}, childOf(shape, step.text), at)]];
  });
}

function takenItems(desired: readonly unknown[], live: readonly unknown[], tree: FieldTree, shape: FieldTree | undefined, place: Place) {
  const items = [...desired];
  for (const step of stepsOf(tree)) {
    if (step.kind !== 'item') continue;
    const index = items.findIndex((item) => carries(item, step.key));
    const there = live.find((item) => carries(item, step.key));
    if (index < 0 || there === undefined) continue;
    items[index] = taken(items[index], there, childOf(tree, step.text) ?? {}, childOf(shape, step.text), itemAt(place, ''));
  }
  return items;
}

/** A key field that an item leaves out is one that the API fills in. */
function carries(item: unknown, key: Struct): boolean {
  return isRecord(item) && Object.entries(key).every(([field, part]) => (item[field] ?? part) === part);
}
