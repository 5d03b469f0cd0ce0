// takeOver: what earlier clients of an object set becomes ours, so that what Git no longer names goes with the next apply.
import { FIELD_MANAGER, LAST_APPLIED, REPLACE_MANAGER } from './annotations.ts';
import { entriesOf, type FieldTree, makers, mergedTrees, predecessors, TAKE_OVER, type TakeOver } from './managed-fields.ts';
import type { LiveObject, ManagedFieldsEntry } from './manifest.ts';

/**
 * The JSON patch that hands the fields of Argo CD, of kubectl's client-side apply, and of whoever made an object that is not ours yet over
 * to us, to be sent before an apply; undefined when there are none. It changes no field of the object itself, and fails when somebody wrote
 * since `live` was read.
 */
export function takeOverPatch(live: LiveObject, takeOver = TAKE_OVER): readonly Readonly<Record<string, unknown>>[] | undefined {
  const managedFields = takenOver(live, takeOver);
  return managedFields && patchOf(live, managedFields);
}

/**
 * The JSON patch that makes an object ours alone after we have replaced it whole: what we wrote is known as applied, and nobody else holds
 * what Git will drop; what subresources hold stays theirs, and status nobody's. Undefined when it is so already.
 */
export function replacedPatch(live: LiveObject): readonly Readonly<Record<string, unknown>>[] | undefined {
  const entries = (live.metadata.managedFields ?? []).filter(({ subresource }) => !subresource);
  const ours = [...entriesOf(live, FIELD_MANAGER, 'Apply'), ...entriesOf(live, REPLACE_MANAGER, 'Update')];
  const known = ours.length > 0 ? ours : entries; // a replacement that changed nothing has written down nothing
  const last = known.at(-1);
  if (!last || (entries.length === 1 && last.manager === FIELD_MANAGER && last.operation === 'Apply')) return undefined;
  const trees = known.filter(({ apiVersion }) => apiVersion === last.apiVersion).map(({ fieldsV1 }) => fieldsV1 ?? {});
  const { 'f:status': _status, ...fieldsV1 } = trees.reduce<FieldTree>(mergedTrees, {});
  const entry = { ...last, manager: FIELD_MANAGER, operation: 'Apply', fieldsV1 };
  const others = (live.metadata.managedFields ?? []).filter(({ subresource }) => subresource);
  return patchOf(live, [...others, entry]);
}

function patchOf(live: LiveObject, managedFields: readonly unknown[]): readonly Readonly<Record<string, unknown>>[] {
  return [
    { op: 'replace', path: '/metadata/managedFields', value: managedFields },
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion ?? '' },
  ];
}

/** Fields are named by version: those of another version than ours wait until the API server has converted them. */
function takenOver(live: LiveObject, takeOver: TakeOver): readonly ManagedFieldsEntry[] | undefined {
  const earlier = [...predecessors(live, takeOver), ...makers(live, takeOver)];
  const applied = entriesOf(live, FIELD_MANAGER, 'Apply');
  const [ours] = applied;
  const apiVersion = ours?.apiVersion ?? earlier[0]?.entry.apiVersion;
  const taken = earlier.filter(({ entry }) => entry.apiVersion === apiVersion);
  // Of several records of ours the API server would keep one: those of different versions wait until an apply has made one of them.
  if (taken.length === 0 || applied.some((entry) => entry.apiVersion !== apiVersion)) return undefined;
  const gone = new Set<unknown>([...applied, ...taken.map(({ entry }) => entry)]);
  const trees = [
    ...applied.map(({ fieldsV1 = {} }) => fieldsV1),
    ...taken.map(({ fields }) => fields),
    lastApplied(live.metadata.annotations?.[LAST_APPLIED] !== undefined && taken.some(({ entry }) => entry.operation === 'Update')),
  ];
  const entry = {
    ...(ours ?? taken[0]?.entry),
    manager: FIELD_MANAGER,
    operation: 'Apply' as const,
    fieldsV1: trees.reduce(mergedTrees, {}),
  };
  const left = taken.flatMap((earlierOne) => (earlierOne.left ? [{ ...earlierOne.entry, fieldsV1: earlierOne.left }] : []));
  return [...(live.metadata.managedFields ?? []).filter((other) => !gone.has(other)), ...left, entry];
}

/** Once we apply an object, what client-side apply remembered of it misleads: it goes with the first apply. */
function lastApplied(kept: boolean): FieldTree {
  return kept ? { 'f:metadata': { 'f:annotations': { [`f:${LAST_APPLIED}`]: {} } } } : {};
}
