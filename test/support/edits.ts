// Edits of a manifest as people and controllers make them: any field changed, emptied, removed or put elsewhere. Pure; numbers choose.
import { isRecord } from '../../lib/model/manifest.ts';

/** Which field, and what becomes of it; any numbers will do. */
export interface Edit {
  readonly field: number;
  readonly change: number;
}

type Step = string | number;

/** Never edited: identity, and what only the API server writes. */
const SERVER = 'name|namespace|uid|resourceVersion|generation|creationTimestamp|managedFields|ownerReferences|finalizers';
const FIXED = new RegExp(`^/metadata$|^/(apiVersion|kind|status|metadata/(${SERVER}))(/|$)`);

function pathsOf(value: unknown, at: readonly Step[] = []): readonly (readonly Step[])[] {
  const members: readonly (readonly [Step, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : isRecord(value)
      ? Object.entries(value)
      : [];
  const below = members.flatMap(([step, member]) => pathsOf(member, [...at, step]));
  return FIXED.test(pointerOf(at)) ? [] : [...(at.length > 0 ? [at] : []), ...below];
}

function pointerOf(path: readonly Step[]): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function valueAt(value: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((inside, step) => (inside as Record<Step, unknown>)[step], value);
}

function otherScalar(value: unknown, change: number): unknown {
  if (typeof value === 'number') return [value + 1, 0, value * 1000, String(value)][change % 4];
  if (typeof value === 'boolean') return !value;
  return ['changed', '', '1', '1000m', `${String(value)}x`, `${String(value)} `][change % 6];
}

const REMOVE = Symbol('remove');

function edited(value: unknown, change: number): unknown {
  if (change % 5 === 0) return REMOVE;
  if (Array.isArray(value)) return [[...value].reverse(), value.slice(1), [], value.slice(0, -1), null][change % 5];
  if (isRecord(value)) return change % 2 === 0 ? { ...value, added: 'x' } : change % 3 === 0 ? null : {};
  return change % 7 === 0 ? null : otherScalar(value, Math.floor(change / 5));
}

export interface Edited<T> {
  /** The edit as a JSON patch. */
  readonly patch: readonly unknown[];
  readonly result: T;
}

/** An object after an edit; undefined when there is nothing to edit. */
export function editOf<T>(object: T, edit: Edit): Edited<T> | undefined {
  const paths = pathsOf(object);
  const path = paths[edit.field % Math.max(1, paths.length)];
  if (!path) return undefined;
  const value = edited(valueAt(object, path), edit.change);
  const operation = value === REMOVE ? { op: 'remove', path: pointerOf(path) } : { op: 'replace', path: pointerOf(path), value };
  return { patch: [operation], result: replaced(object, path, value) as T }; // same shape, but for the one field
}

function replaced(value: unknown, [step, ...rest]: readonly Step[], by: unknown): unknown {
  if (step === undefined) return by;
  const put = (member: unknown) => {
    const next = replaced(member, rest, by);
    return next === REMOVE ? [] : [next];
  };
  if (Array.isArray(value)) return value.flatMap((item, index) => (index === step ? put(item) : [item]));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => (name === step ? put(member).map((next) => [name, next]) : [[name, member]])),
  );
}
