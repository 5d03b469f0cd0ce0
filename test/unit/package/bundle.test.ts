// Bundles of small functions: what a cold start reads, what belongs to them, what is left out.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bundleFunctions } from '../../../infra/package/bundle.ts';
import { packedBundle } from '../../../infra/package/functions.ts';
import type { Scripts } from '../../../lib/ports.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
let dir = '';

// Inside the project, so that packages are found.
beforeEach(() => {
  mkdirSync(join(ROOT, '.evenkeel'), { recursive: true });
  dir = mkdtempSync(join(ROOT, '.evenkeel', 'bundle-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

async function bundle(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const [made] = await bundleFunctions([{ name: 'work', entry: join(dir, 'entry.ts') }], { root: ROOT, outDir: join(dir, 'out') });
  if (made === undefined) throw new Error('nothing was bundled');
  return made;
}

test('what is imported when needed is a file of its own that a cold start does not read', async () => {
  const made = await bundle({
    'entry.ts': "export const handler = async () => (await import('./seldom.ts')).text;",
    'seldom.ts': `export const text = '${'seldom'.repeat(1000)}';`,
  });
  expect(basename(made.files[0] ?? '')).toBe('work.mjs');
  expect(made.files.map((file) => basename(file))).toContainEqual(expect.stringMatching(/^seldom-.*\.mjs$/));
  expect(made.bytes).toBeLessThan(6000);
  const { handler }: { handler: () => Promise<string> } = await import(made.file);
  expect(await handler()).toHaveLength(6000);
});

test('files that are imported at once count, wherever they are put', async () => {
  const made = await bundle({
    'entry.ts': "import { text } from './shared.ts'; export const handler = async () => [text, (await import('./seldom.ts')).more];",
    'seldom.ts': "import { text } from './shared.ts'; export const more = text + text;",
    'shared.ts': `export const text = '${'shared'.repeat(1000)}';`,
  });
  expect(made.bytes).toBeGreaterThan(6000);
  expect(made.files.length).toBeGreaterThan(2);
});

test('a quiet package that is never called, and what only left-out code would import, do not belong to it', async () => {
  const made = await bundle({
    'entry.ts': "import { used } from './parts.ts'; export const handler = () => used;",
    'parts.ts': [
      "import { Agent } from 'undici';",
      'export const used = 1;',
      "export const unused = async () => [new Agent(), await import('./seldom.ts')];",
    ].join('\n'),
    'seldom.ts': 'export const more = 1;',
  });
  expect(made.files.map((file) => basename(file))).not.toContainEqual(expect.stringMatching(/^seldom-/));
  expect(made.files.reduce((sum, file) => sum + readFileSync(file).length, 0)).toBeLessThan(3000);
});

test('users’ scripts run from what is packed alone, and a cold start reads nothing of their interpreters', async () => {
  const made = await bundle({ 'entry.ts': "export { createScripts } from '../../lib/adapters/scripts/scripts.ts';" });
  expect(made.bytes).toBeLessThan(20_000);
  const alone = mkdtempSync(join(tmpdir(), 'evenkeel-bundle-'));
  try {
    const packed = await packedBundle({ name: 'work', module: 'work', artifact: 'work.zip', layers: [] }, made);
    for (const { path, content } of packed) writeFileSync(join(alone, path), content);
    const { createScripts }: { createScripts: () => Scripts } = await import(join(alone, 'work.mjs'));
    const scripts = createScripts();
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', uid: 'u', resourceVersion: '1' },
      data: { a: '1', b: '2' },
    };
    const check = { script: 'return { status = "Healthy", message = obj.data.a .. 4 / 2 }', openLibs: false, object };
    expect(await scripts.health([check])).toEqual([{ health: { status: 'Healthy', message: '12' } }]);
    const expressions = [{ field: 'spec', expression: '.data.b' }];
    expect(await scripts.without([{ object, expressions }])).toEqual([{ ...object, data: { a: '1' } }]);
  } finally {
    rmSync(alone, { recursive: true, force: true });
  }
});
