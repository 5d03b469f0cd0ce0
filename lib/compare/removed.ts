// removedFields: what a client has set on live and Git no longer names. Of our own fields an apply takes it away; what an earlier client
// of the same Application set (Argo CD, kubectl apply) goes once its fields have been taken over.
import {
  appliedRecords,
  childOf,
  type FieldRecord,
  type FieldStep,
  type FieldTree,
  inheritedFields,
  isLeaf,
  makers,
  predecessors,
  stepsOf,
  TAKE_OVER,
  type TakeOver,
} from '../model/managed-fields.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { findItem } from './list-items.ts';
import { type Difference, fieldAt, itemAt, keyLabel, type Place, rootOf } from './place.ts';
import type { FieldType } from './types.ts';

/**
 * Both sides normalised, so that what is ignored is not there; managedFields are read from `original`. An object whose maker set more than
 * Git names, be it only what the API filled in, differs as a whole until its first apply.
 */
export function removedFields(desired: Manifest, live: LiveObject, original: LiveObject, takeOver = TAKE_OVER): readonly Difference[] {
  const root = rootOf(desired);
  const applied = appliedRecords(original);
  const ours = applied.flatMap(({ fields }) => below(fields, desired, live, root, 'removed'));
  const theirs = inheritedFields(original, takeOver).flatMap((fields) => below(fields, desired, live, root, 'inherited'));
  const made = makers(original, takeOver).some(({ fields }) => below(fields, desired, live, root, 'inherited').length > 0);
  const untold = applied.length === 0 && isUntold(earlier(original, takeOver), desired, original);
  const found = [...ours, ...theirs, ...(made || untold ? [{ path: '', reason: 'inherited' as const }] : [])];
  return [...new Map(found.map((difference) => [difference.path, difference])).values()];
}

function earlier(original: LiveObject, takeOver: TakeOver): readonly FieldRecord[] {
  const entries = [...predecessors(original, takeOver), ...makers(original, takeOver)];
  return entries.map(({ entry, fields }) => ({ apiVersion: entry.apiVersion ?? '', fields }));
}

/**
 * Whether a record in another version of the kind names fields that live, which is in the version of `desired`, has under another name or
 * in another form: then nothing in memory tells whether Git still names them.
 */
export function isUntold(records: readonly FieldRecord[], desired: Manifest, live: LiveObject): boolean {
  const foreign = records.filter(({ apiVersion }) => apiVersion !== desired.apiVersion);
  return foreign.some(({ fields }) => leadsAstray(fields, live, rootOf(desired)));
}

function leadsAstray(tree: FieldTree, live: unknown, place: Place): boolean {
  return stepsOf(tree).some((step) => {
    const there = memberAt(live, step, place.type);
    return there === undefined || leadsAstray(childOf(tree, step.text) ?? {}, there, placeOf(step, place));
  });
}

type Reason = 'removed' | 'inherited';

function below(tree: FieldTree, desired: unknown, live: unknown, place: Place, reason: Reason): readonly Difference[] {
  return stepsOf(tree).flatMap((step) => {
    if (step.kind === 'unknown') return [{ path: placeOf(step, place).text, reason }];
    const there = memberAt(live, step, place.type);
    if (there === undefined || there === null) return [];
    const wanted = memberAt(desired, step, place.type);
    const node = childOf(tree, step.text) ?? {};
    const at = placeOf(step, place);
    if (wanted === undefined && (isLeaf(node) || Object.hasOwn(node, '.'))) return [{ path: at.text, reason }];
    return below(node, wanted, there, at, reason);
  });
}

function memberAt(value: unknown, step: FieldStep, type: FieldType): unknown {
  if (step.kind === 'field') return isRecord(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
  if (step.kind === 'item') return findItem(type, value, step.key);
  if (step.kind === 'value') return Array.isArray(value) && value.includes(step.value) ? step.value : undefined;
  return undefined;
}

/** Where a step of managedFields leads. */
export function placeOf(step: FieldStep, place: Place): Place {
  if (step.kind === 'field') return fieldAt(place, step.name);
  if (step.kind === 'item') return itemAt(place, keyLabel(step.key));
  return itemAt(place, step.kind === 'value' ? String(step.value) : step.text);
}
