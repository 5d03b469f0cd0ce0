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

/** The key fields of an item, with the API's defaults of those that it leaves out. */
export function keyOfItem(list: FieldType, item: Item, fields: readonly string[]): Item {
  const key = fields.map((field) => [field, item[field] ?? keyDefault(itemType(list), field)] as const);
  return Object.fromEntries(key.filter(([, part]) => part !== undefined));
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
