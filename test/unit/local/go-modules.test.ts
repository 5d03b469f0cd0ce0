// Our Go programs use each Go module in one version, so that a first build compiles what several of them use once.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const FOLDERS = ['infra/local/controlplane', 'infra/local/registry', 'infra/renderer', 'infra/tooling/types'];

/** Versions by module, as a build takes them: what is replaced counts. */
function versionsIn(folder: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(ROOT, folder, 'go.mod'), 'utf8').split('\n');
  const required = lines.flatMap((line) => entryOf(/^\s*(?:require )?(\S+\.\S+\/\S+) (v\S+)(?: \/\/ indirect)?$/.exec(line)));
  const replaced = lines.flatMap((line) => entryOf(/^\s*(?:replace )?(\S+) => \S+ (v\S+)$/.exec(line)));
  return new Map([...required, ...replaced]);
}

function entryOf(match: RegExpExecArray | null): readonly (readonly [string, string])[] {
  const [, module, version] = match ?? [];
  return module !== undefined && version !== undefined ? [[module, version]] : [];
}

test('no two of them differ', () => {
  const all = FOLDERS.flatMap((folder) => [...versionsIn(folder)].map(([module, version]) => ({ folder, module, version })));
  const shared = [...Map.groupBy(all, ({ module }) => module)].filter(([, uses]) => uses.length > 1);
  expect(shared.length).toBeGreaterThan(60);
  const differing = shared.filter(([, uses]) => new Set(uses.map(({ version }) => version)).size > 1);
  expect(
    differing.map(([module, uses]) => `${module}: ${uses.map(({ folder, version }) => `${version} in ${folder}`).join(', ')}`),
  ).toEqual([]);
});
