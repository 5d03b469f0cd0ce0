// How an item of a keyed list is found again on the other side: by the fields that server-side apply keys the list by.
import { isRecord } from '../model/manifest.ts';
import { keyDefault } from './schema.ts';
import { type FieldType, itemType } from './types.ts';

type Item = Readonly<Record<string, unknown>>;

/** The key of an item as text; undefined when it is no struct. Fields that an item leaves out count with the API's default. */
export function itemKey(list: FieldType, item: unknown, fields: readonly string[]): string | undefined {
  if (!isRecord(item)) return undefined;
  return JSON.stringify(fields.map((field) => item[field] ?? keyDefault(itemType(list), field) ?? null));
}

export function keyOfItem(item: Item, fields: readonly string[]): Item {
  return Object.fromEntries(fields.filter((field) => item[field] !== undefined).map((field) => [field, item[field]]));
}

/** The item that has that key, if the value is a list that holds one. */
export function findItem(type: FieldType, list: unknown, key: Item): unknown {
  if (!Array.isArray(list)) return undefined;
  const fields = Object.keys(key).sort();
  const wanted = itemKey(type, key, fields);
  return list.find((item: unknown) => itemKey(type, item, fields) === wanted);
}

/** Where each text stands; undefined when one stands there twice, so that no place is certain. */
export function positions(texts: readonly (string | undefined)[]): ReadonlyMap<string, number> | undefined {
  const found = new Map<string, number>();
  for (const [index, text] of texts.entries()) {
    if (text === undefined || found.has(text)) return undefined;
    found.set(text, index);
  }
  return found;
}
