// One object's difference as text: what `app diff` shows of it (spec/cli.md §6). Secrets come masked.
import type { ObjectDifference } from '../../compare/patch.ts';
import { unifiedDiff } from '../../compare/unified.ts';
import { isRecord, type Manifest, type ResourceKey } from '../../model/manifest.ts';
import { printYaml } from '../../model/yaml.ts';
import { oneLine, type Paint } from './table.ts';

/** `===== apps/Deployment shop/web ======` after a blank line. */
export function differenceHeader({ group, kind, namespace, name }: ResourceKey): string {
  return `\n${oneLine(`===== ${group}/${kind} ${namespace}/${name} ======`)}\n`;
}

/** The difference from live to desired, a line painted at a time. */
export function differenceBody(difference: ObjectDifference, paintLine: Paint): string {
  const [live, target] = differenceSides(difference);
  if (live === target) return 'no field differs: a sync takes over fields that an earlier client owns\n';
  const lines = unifiedDiff(live, target).trimEnd().split('\n');
  return lines.map((line) => `${paintLine(oneLine(line))}\n`).join('');
}

/** Both states as YAML with sorted keys; one that is not there is empty. */
export function differenceSides({ before, after }: ObjectDifference): readonly [live: string, target: string] {
  return [yamlOf(before), yamlOf(after)];
}

function yamlOf(manifest: Manifest | undefined): string {
  return manifest === undefined ? '' : printYaml(sorted(manifest));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
