// Other ways to write the same manifest, as people and tools do: defaults spelt out, empty lists and maps, nulls, quantities in other units.
// Pure; numbers choose.

import { type FieldType, fieldsOf, itemType, memberType, objectType } from '../../lib/compare/types.ts';
import { isRecord, type Manifest } from '../../lib/model/manifest.ts';

type Step = string | number;

interface Struct {
  readonly at: readonly Step[];
  readonly type: FieldType;
  readonly value: Readonly<Record<string, unknown>>;
}

/** `target` with one thing written otherwise; `live` tells what the API server has filled in. Undefined where there is nothing to choose. */
export function respelt(target: Manifest, live: unknown, way: number, choice: number): Manifest | undefined {
  const structs = structsOf(target, objectType(target.apiVersion, target.kind, true), []);
  const ways = [spelledOut, emptied, inOtherUnits];
  return ways[way % ways.length]?.(target, structs, live, choice);
}

function structsOf(value: unknown, type: FieldType, at: readonly Step[]): readonly Struct[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => structsOf(item, itemType(type), [...at, index]));
  if (!isRecord(value)) return [];
  const below = Object.entries(value).flatMap(([name, member]) => structsOf(member, memberType(type, name), [...at, name]));
  return [{ at, type, value }, ...below];
}

/** A field that only live has, with the value that it has there. Lists tell their items apart by more than their places: not inside those. */
function spelledOut(target: Manifest, structs: readonly Struct[], live: unknown, choice: number): Manifest | undefined {
  const missing = structs
    .filter(({ at }) => at[0] === 'spec' && !at.some((step) => typeof step === 'number'))
    .flatMap(({ at, value }) => {
      const there = valueAt(live, at);
      const names = isRecord(there) ? Object.keys(there).filter((name) => !Object.hasOwn(value, name)) : [];
      return names.map((name) => [...at, name]);
    });
  const path = missing[choice % Math.max(1, missing.length)];
  return path && (put(target, path, valueAt(live, path)) as Manifest);
}

/** What is not there is there and holds nothing, or it is null. */
function emptied(target: Manifest, structs: readonly Struct[], live: unknown, choice: number): Manifest | undefined {
  const empty = structs
    .filter(({ at }) => at[0] !== 'metadata')
    .flatMap(({ at, type, value }) => {
      const absent = fieldsOf(type).filter(([name, field]) => isLeftOut(field) && !Object.hasOwn(value, name));
      return absent.map(([name, field]) => ({ path: [...at, name], field }));
    })
    .filter(({ path }) => valueAt(live, path) === undefined)
    .flatMap(({ path, field }) => nothings(field).map((instead) => ({ path, instead })));
  const chosen = empty[choice % Math.max(1, empty.length)];
  return chosen && (put(target, chosen.path, chosen.instead) as Manifest);
}

function isLeftOut(field: FieldType): boolean {
  return field.form === 'plain' ? field.nothing !== undefined : 'omitted' in field && field.omitted;
}

function nothings(field: FieldType): readonly unknown[] {
  if (field.form === 'list') return [[], null];
  if (field.form === 'plain') return [field.nothing, null];
  return field.form === 'map' ? [{}, null] : [null];
}

function inOtherUnits(target: Manifest, structs: readonly Struct[], _live: unknown, choice: number): Manifest | undefined {
  const quantities = structs.flatMap(({ at, type, value }) =>
    Object.entries(value).flatMap(([name, member]) =>
      memberType(type, name).form === 'quantity' ? [{ path: [...at, name], member }] : [],
    ),
  );
  const chosen = quantities[choice % Math.max(1, quantities.length)];
  if (!chosen) return undefined;
  const text = String(chosen.member);
  const forms = [
    `${text} `,
    ...(/^\d+$/.test(text) ? [`${text}000m`, Number(text)] : []),
    text.replace(/^(\d+)Gi$/, (_, n) => `${Number(n) * 1024}Mi`),
  ];
  return put(target, chosen.path, forms[Math.floor(choice / quantities.length) % forms.length]) as Manifest;
}

function valueAt(value: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>(
    (inside, step) => (isRecord(inside) || Array.isArray(inside) ? (inside as Record<Step, unknown>)[step] : undefined),
    value,
  );
}

function put(value: unknown, [step, ...rest]: readonly Step[], by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? put(item, rest, by) : item));
  const struct = isRecord(value) ? value : {};
  return { ...struct, [step]: put(struct[step], rest, by) };
}
