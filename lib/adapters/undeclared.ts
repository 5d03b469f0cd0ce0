// withoutUndeclared: a manifest without the fields of which the API server says that their kind does not have them.
import { isRecord, type Manifest } from '../model/manifest.ts';

/** How a server-side apply names such a field, one a line: `.spec.template.spec.containers[name="web"].imge: field not declared in schema`. */
const UNDECLARED = /(?:^|\s)(\.\S.*?): field not declared in schema/gm;

/** Undefined when the message names no such field, or one that the manifest does not have. */
export function withoutUndeclared(manifest: Manifest, message: string): Manifest | undefined {
  const paths = [...message.matchAll(UNDECLARED)].map(([, path = '']) => path);
  if (paths.length === 0) return undefined;
  const rest = paths.reduce<unknown>((value, path) => value && without(value, path), manifest);
  return rest as Manifest | undefined; // a copy keeps its shape: every kind has what a Manifest must have
}

/** The value without what a path leads to; undefined when it leads nowhere. */
function without(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return withoutInItem(value, path);
  if (!isRecord(value)) return undefined;
  for (const name of fieldsOf(value, path)) {
    const below = path.slice(name.length + 1);
    const { [name]: member, ...others } = value;
    if (below === '') return others;
    const rest = without(member, below);
    if (rest !== undefined) return { ...value, [name]: rest };
  }
  return undefined;
}

/** Names may hold dots, which the path does not tell from its own: the longest that fits is tried first. */
function fieldsOf(value: Readonly<Record<string, unknown>>, path: string): readonly string[] {
  const begins = (name: string) => path === `.${name}` || path.startsWith(`.${name}.`) || path.startsWith(`.${name}[`);
  return Object.keys(value)
    .filter(begins)
    .sort((a, b) => b.length - a.length);
}

function withoutInItem(list: readonly unknown[], path: string): unknown {
  for (const [index, item] of list.entries()) {
    const below = pathBelow(item, index, path);
    const rest = below === undefined ? undefined : without(item, below);
    if (rest !== undefined) return list.map((other, at) => (at === index ? rest : other));
  }
  return undefined;
}

/** What of a path is left below an item: items are named by their place, `[0]`, or by their key, `[containerPort=80,protocol="TCP"]`. */
function pathBelow(item: unknown, index: number, path: string): string | undefined {
  const place = `[${index}]`;
  if (path.startsWith(place)) return path.slice(place.length);
  const [all = '', key = ''] = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/.exec(path) ?? [];
  const parts = key.match(/[^=,"]+=(?:"(?:[^"\\]|\\.)*"|[^,]*)/g);
  return parts && isRecord(item) && parts.every((part) => holds(item, part)) ? path.slice(all.length) : undefined;
}

/** A part of a key that the manifest leaves out is one that the API filled in. */
function holds(item: Readonly<Record<string, unknown>>, part: string): boolean {
  const equals = part.indexOf('=');
  const value = item[part.slice(0, equals)];
  return value === undefined || JSON.stringify(value) === part.slice(equals + 1);
}
