// What a comparison knows of the API server's own kinds, held against what a real one says of them.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { goEnvironment } from '../../infra/local/cache/go.ts';
import { type BuiltInTypes, builtInTypes, type Schema } from '../../infra/tooling/types/built-in-types.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { world } from '../world/world.ts';

const FILE = join(import.meta.dirname, '..', '..', 'lib', 'compare', 'built-in-types.json');
const GO = join(import.meta.dirname, '..', '..', 'infra', 'tooling', 'types');
const here = world();

/** All schemas of the API server's own groups, by name. */
async function schemas(): Promise<Readonly<Record<string, Schema>>> {
  const index = (await here.api.send('/openapi/v3')) as { paths: Record<string, { serverRelativeURL: string }> };
  const pages = await Promise.all(Object.values(index.paths).map(({ serverRelativeURL }) => here.api.send(serverRelativeURL)));
  const all = pages.flatMap((page) =>
    Object.entries((page as { components?: { schemas?: Record<string, Schema> } }).components?.schemas ?? {}),
  );
  return Object.fromEntries(all.filter(([name]) => name.startsWith('io.k8s.')));
}

/** Which fields JSON leaves out only Go's types tell, which take long to compile: the file keeps what they said. */
async function omittedFields(): Promise<Readonly<Record<string, readonly string[]>>> {
  if (process.env['UPDATE_CASES'] !== '1') return {};
  const { stdout } = await promisify(execFile)('go', ['run', '.'], { cwd: GO, maxBuffer: 1e8, env: goEnvironment() });
  return JSON.parse(stdout) as Record<string, string[]>;
}

function text({ kinds, types }: BuiltInTypes): string {
  const lines = (entries: Readonly<Record<string, unknown>>) =>
    Object.entries(entries).map(([name, entry]) => `${JSON.stringify(name)}: ${JSON.stringify(entry)}`);
  return `{\n"kinds": {\n${lines(kinds).join(',\n')}\n},\n"types": {\n${lines(types).join(',\n')}\n}\n}\n`;
}

/** The types without the marks of fields that JSON leaves out, and without fields that have no other. */
function shapes(types: BuiltInTypes['types']): unknown {
  const bare = (fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(fields).flatMap(([name, code]) => (/^o[snb]?$/.test(code) ? [] : [[name, code.replace(/^o/, '')]])));
  return Object.fromEntries(Object.entries(types).map(([name, fields]) => [name, bare(fields)]));
}

describe('the types of built-in kinds', () => {
  it('are as the API server says', async () => {
    const told = builtInTypes(await schemas(), await omittedFields());
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(FILE, text(told));
    const kept = JSON.parse(readFileSync(FILE, 'utf8')) as BuiltInTypes;
    expect(kept.kinds).toEqual(told.kinds);
    expect(shapes(kept.types)).toEqual(shapes(told.types));
    expect(Object.keys(told.kinds).length).toBeGreaterThan(60);
    expect(isRecord(kept.types['core.v1.PodSpec']) && kept.types['core.v1.PodSpec']['hostNetwork']).toBe('ob');
  });
});
