// Items of lists and maps as flags write them: `k=v`, an image, a replica count (spec/cli.md §3).
import { InvalidInput } from '../../model/errors.ts';
import { isRecord } from '../../model/manifest.ts';

/** `name=value`; the value may hold further `=`. Throws InvalidInput that names the flag. */
export function namedValue(text: string, flag: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidInput(`${flag}: expected NAME=VALUE, got: ${text}`);
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** `name=value` texts as an object, in order; later ones win. Throws InvalidInput that names the flag. */
export function keyValues(texts: readonly string[], flag: string): Record<string, string> {
  const pairs = texts.map((text) => namedValue(text, flag));
  return Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
}

export function fileParameter(text: string, flag: string): { readonly name: string; readonly path: string } {
  const { name, value } = namedValue(text, flag);
  return { name, path: value };
}

export function stringParameter(text: string, flag: string): { readonly name: string; readonly value: string; readonly forceString: true } {
  return { ...namedValue(text, flag), forceString: true };
}

export function replica(text: string, flag: string): { readonly name: string; readonly count: number } {
  const { name, value } = namedValue(text, flag);
  if (!/^\d+$/.test(value)) throw new InvalidInput(`${flag}: expected NAME=COUNT, got: ${text}`);
  return { name, count: Number(value) };
}

/** Items of `added` take the place of those with the same identity; the others follow. */
export function mergedItems(before: unknown, added: readonly unknown[]): readonly unknown[] {
  const items: readonly unknown[] = Array.isArray(before) ? before : [];
  const byIdentity = new Map([...items, ...added].map((item) => [identityOf(item), item]));
  return [...byIdentity.values()];
}

/** What an item is about: its name, or of `[old=]name[:tag][@digest]` the image that is replaced. */
function identityOf(item: unknown): unknown {
  return isRecord(item) ? item['name'] : String(item).split(/=|@|:(?=[^/]*$)/)[0];
}
