// ownedPart: what of an object its last server-side apply set, in the form in which the API server keeps it.
import { appliedFields, childOf, type FieldStep, type FieldTree, isLeaf, stepsOf } from '../model/managed-fields.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { findItem } from './list-items.ts';
import { rootOf } from './place.ts';
import { type FieldType, itemType, memberType } from './types.ts';

/** The object without the fields that are not ours: what defaults, controllers and webhooks added. Undefined when we never applied it in this version. */
export function ownedPart(object: LiveObject): Manifest | undefined {
  const tree = appliedFields(object);
  if (!tree) return undefined;
  const { apiVersion, kind, metadata } = object;
  const part = partOf(object, tree, rootOf(object).type);
  const { name, namespace } = metadata;
  const identity = { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) };
  const own = isRecord(part) && isRecord(part['metadata']) ? part['metadata'] : {};
  return { ...(isRecord(part) ? part : {}), apiVersion, kind, metadata: { ...own, ...identity } };
}

function partOf(value: unknown, tree: FieldTree, type: FieldType): unknown {
  if (isLeaf(tree)) return value;
  const steps = stepsOf(tree);
  if (Array.isArray(value)) return itemsOf(value, tree, steps, type);
  if (!isRecord(value)) return value;
  const members = steps.flatMap((step) =>
    step.kind === 'field' && Object.hasOwn(value, step.name)
      ? [[step.name, partOf(value[step.name], childOf(tree, step.text) ?? {}, memberType(type, step.name))] as const]
      : [],
  );
  return Object.fromEntries(members);
}

/** In the list's own order, each with the fields of its key. */
function itemsOf(list: readonly unknown[], tree: FieldTree, steps: readonly FieldStep[], type: FieldType): readonly unknown[] {
  const parts = new Map<unknown, unknown>();
  for (const step of steps) {
    if (step.kind === 'value') parts.set(step.value, step.value);
    if (step.kind !== 'item') continue;
    const item = findItem(type, list, step.key);
    const part = partOf(item, childOf(tree, step.text) ?? {}, itemType(type));
    if (item !== undefined) parts.set(item, isRecord(part) ? { ...step.key, ...part } : part);
  }
  return list.flatMap((item) => (parts.has(item) ? [parts.get(item)] : []));
}
