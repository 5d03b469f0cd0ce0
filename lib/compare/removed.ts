// removedFields: what a client has set on live and Git no longer names. Of our own fields an apply takes it away; what an earlier client
// of the same Application set (Argo CD, kubectl apply) goes once its fields have been taken over.
import {
  appliedFields,
  childOf,
  type FieldStep,
  type FieldTree,
  inheritedFields,
  isLeaf,
  makers,
  stepsOf,
  TAKE_OVER,
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
  const ours = below(appliedFields(original)?.fields ?? {}, desired, live, root, 'removed');
  const theirs = inheritedFields(original, takeOver).flatMap((fields) => below(fields, desired, live, root, 'inherited'));
  const made = makers(original, takeOver).some(({ fields }) => below(fields, desired, live, root, 'inherited').length > 0);
  return [...ours, ...theirs, ...(made ? [{ path: '', reason: 'inherited' as const }] : [])];
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
