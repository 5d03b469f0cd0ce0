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
  const below = list.map((item, index) => pathBelow(item, index, path));
  const found = [...below.entries()].sort(([, a], [, b]) => (b?.known ?? 0) - (a?.known ?? 0));
  for (const [index, at] of found) {
    const rest = at && without(list[index], at.path);
    if (rest !== undefined) return list.map((other, place) => (place === index ? rest : other));
  }
  return undefined;
}

interface Below {
  readonly path: string;
  /** How many parts of the key the item itself has; the API filled in the others. */
  readonly known: number;
}

/** What of a path is left below an item: items are named by their place, `[0]`, or by their key, `[containerPort=80,protocol="TCP"]`. */
function pathBelow(item: unknown, index: number, path: string): Below | undefined {
  const place = `[${index}]`;
  if (path.startsWith(place)) return { path: path.slice(place.length), known: 0 };
  const [all = '', key = ''] = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/.exec(path) ?? [];
  const parts = key.match(/[^=,"]+=(?:"(?:[^"\\]|\\.)*"|[^,]*)/g);
  if (!parts || !isRecord(item)) return undefined;
  const said = parts.map((part) => part.split(/=(.*)/s)).map(([name = '', text = '']) => ({ value: item[name], text }));
  const known = said.filter(({ value }) => value !== undefined);
  const fits = known.every(({ value, text }) => JSON.stringify(value) === text);
  return fits ? { path: path.slice(all.length), known: known.length } : undefined;
}
