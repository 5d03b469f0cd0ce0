// respectIgnored: with RespectIgnoreDifferences the ignored fields are sent with the values that live has (spec/diff.md §13).
import { isDeepStrictEqual } from 'node:util';
import { withTrusted } from '../compare/trusted.ts';
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { globMatches } from '../model/glob.ts';
import { isRecord, type Manifest, type ResourceKey } from '../model/manifest.ts';
import { hasOption } from '../model/sync-options.ts';
import type { SyncTask } from './task.ts';

/**
 * The manifest to apply for a task that has a target. Its status stays as Git has it. `edited` holds what jq made of both sides, by the object
 * that it was given.
 */
export function respectIgnored(
  task: SyncTask,
  options: readonly string[],
  rules: readonly ResourceIgnoreDifferences[],
  edited: ReadonlyMap<Manifest, Manifest> = new Map(),
): Manifest {
  const target = task.target ?? { apiVersion: '', kind: '', metadata: {} };
  const { live } = task;
  if (!live || !hasOption(options, 'RespectIgnoreDifferences=true')) return target;
  const mine = rules.filter((rule) => concerns(rule, task.key));
  const pointers = mine.flatMap((rule) => rule.jsonPointers ?? []).filter((pointer) => segmentsOf(pointer)[0] !== 'status');
  const managers = mine.flatMap((rule) => rule.managedFieldsManagers ?? []);
  const begin = givenBack(edited.get(target) ?? target, edited.get(live) ?? live, live) as Manifest; // a copy keeps its shape
  const { status: _status, ...now } = live;
  const trusted = withTrusted(begin, now, live, managers);
  return pointers.reduce<Manifest>((manifest, pointer) => copied(manifest, live, segmentsOf(pointer)) as Manifest, trusted);
}

/** `target`, which jq has been over, with what jq took from `live` to make `rest` of it. Items that were taken come after those of Git. */
function givenBack(target: unknown, rest: unknown, live: unknown): unknown {
  if (rest === live || isDeepStrictEqual(rest, live)) return target;
  if (Array.isArray(target) && Array.isArray(rest) && Array.isArray(live)) return itemsGivenBack(target, rest, live);
  if (!isRecord(target) || !isRecord(rest) || !isRecord(live)) return target;
  const fields = Object.entries(live).flatMap(([name, value]) => {
    if (!Object.hasOwn(rest, name)) return name === 'status' ? [] : [[name, value] as const];
    return Object.hasOwn(target, name) ? [[name, givenBack(target[name], rest[name], value)] as const] : [];
  });
  return { ...target, ...Object.fromEntries(fields) };
}

function itemsGivenBack(target: readonly unknown[], rest: readonly unknown[], live: readonly unknown[]): readonly unknown[] {
  if (rest.length === live.length)
    return target.map((item, index) => (index < live.length ? givenBack(item, rest[index], live[index]) : item));
  return [...target, ...live.filter((item) => !rest.some((other) => isDeepStrictEqual(item, other)))];
}

function concerns(rule: ResourceIgnoreDifferences, key: ResourceKey): boolean {
  if (!globMatches(rule.group ?? '', key.group) || !globMatches(rule.kind, key.kind)) return false;
  return (!rule.name || rule.name === key.name) && (!rule.namespace || rule.namespace === key.namespace);
}

/** RFC 6901: `~1` is `/`, `~0` is `~`. */
function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `target` with the value that `live` has at a path; without a value there, the path leaves the target too. */
function copied(target: unknown, live: unknown, [segment, ...rest]: readonly string[]): unknown {
  if (segment === undefined) return live;
  if (Array.isArray(target)) return target.map((item, index) => (String(index) === segment ? copied(item, at(live, segment), rest) : item));
  if (!isRecord(target)) return target;
  const value = copied(target[segment], at(live, segment), rest);
  const { [segment]: _replaced, ...others } = target;
  return value === undefined ? others : { ...others, [segment]: value };
}

function at(value: unknown, segment: string): unknown {
  if (Array.isArray(value)) return value[Number(segment)];
  return isRecord(value) ? value[segment] : undefined;
}
