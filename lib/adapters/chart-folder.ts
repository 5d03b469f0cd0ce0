// A chart in a folder that stands for a chart repository: where it is, and whether it is the version that is asked for.
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { parseConstraint, parseVersion, satisfies } from '../model/semver.ts';
import { joined } from '../model/tree.ts';
import { parseYaml } from '../model/yaml.ts';

export interface ChartFolder {
  readonly dir: string;
  readonly version: string;
}

const MAX_BYTES = 1024 * 1024;

/**
 * `dir` holds the chart by its name, or is the chart. Of a name with slashes, as registries have them, the last part may do.
 * Throws InvalidInput when it is neither, and for a chart that lies elsewhere behind a link.
 */
export function chartAt(dir: string, chart: string): ChartFolder {
  const name = chart.split('/').at(-1) ?? chart;
  for (const below of [chart, name, '']) {
    const path = joined('', below);
    const found = path === undefined ? undefined : metadataAt(dir, join(dir, path));
    if (found !== undefined && (below !== '' || found.name === name)) return found;
  }
  throw new InvalidInput(`there is no chart ${chart} in ${dir}: expected ${name}/Chart.yaml, or the Chart.yaml of ${name}`);
}

/** Throws InvalidInput unless the version is the one that `who` asks for, or meets its constraint. */
export function checkVersion(chart: string, version: string, wanted: string, who: string): void {
  if (wanted === '' || wanted === version) return;
  const [parsed, constraint] = [parseVersion(version), parseConstraint(wanted)];
  if (parsed && constraint && satisfies(parsed, constraint)) return;
  throw new InvalidInput(`chart ${chart} is version ${version} in its folder, and ${who} asks for ${wanted}`);
}

function metadataAt(dir: string, folder: string): (ChartFolder & { readonly name: string }) | undefined {
  const file = join(folder, 'Chart.yaml');
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) return undefined;
  const real = realpathSync(file);
  if (!real.startsWith(`${dir}/`)) throw new InvalidInput(`${file} is a link that leads out of ${dir}`);
  if (found.size > MAX_BYTES) throw new InvalidInput(`${file} is larger than ${MAX_BYTES} bytes`);
  const chart = parseYaml(readFileSync(real, 'utf8'), file);
  if (!isRecord(chart) || typeof chart['version'] !== 'string') throw new InvalidInput(`${file} says no version`);
  return { dir: realpathSync(folder), version: chart['version'], name: String(chart['name']) };
}
