// respectIgnored: with RespectIgnoreDifferences the ignored fields are sent with the values that live has (spec/diff.md §13).
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { globMatches } from '../model/glob.ts';
import { isRecord, type Manifest, type ResourceKey } from '../model/manifest.ts';
import { hasOption } from '../model/sync-options.ts';
import type { SyncTask } from './task.ts';

/** The manifest to apply for a task that has a target. Its status stays as Git has it. */
export function respectIgnored(task: SyncTask, options: readonly string[], rules: readonly ResourceIgnoreDifferences[]): Manifest {
  const target = task.target ?? { apiVersion: '', kind: '', metadata: {} };
  if (!task.live || !hasOption(options, 'RespectIgnoreDifferences=true')) return target;
  const pointers = rules
    .filter((rule) => concerns(rule, task.key))
    .flatMap((rule) => rule.jsonPointers ?? [])
    .filter((pointer) => segmentsOf(pointer)[0] !== 'status');
  return pointers.reduce<Manifest>((manifest, pointer) => copied(manifest, task.live, segmentsOf(pointer)) as Manifest, target); // a copy keeps its shape
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
