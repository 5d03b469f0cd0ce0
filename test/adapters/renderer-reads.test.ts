// What the renderer says that an answer depends on: enough, so that nothing else can change the answer, and no more than that.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type Answer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const process = startRenderer(inject('world').renderer);
afterAll(() => process.close());

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const NAMES = ['Kustomization', 'kustomization.yml'];

/** What kustomize looks for beside a kustomization.yaml that is there. */
const lookedFor = (folder: string) => NAMES.flatMap((name) => [`${folder}/${name}`, `${folder}/${name}/`]);

interface Source {
  readonly name: string;
  readonly files: Files;
  readonly job: Readonly<Record<string, unknown>>;
  readonly reads: readonly string[];
}

const sources: readonly Source[] = [
  {
    name: 'an overlay',
    files: {
      'app/kustomization.yaml': 'resources: [../base, cm.yaml]\nconfigMapGenerator: [{name: b, files: [text]}]\n',
      'app/cm.yaml': CONFIG_MAP,
      'app/text': 'x',
      'app/unused.yaml': CONFIG_MAP,
      'base/kustomization.yaml': 'resources: [cm.yaml]\nnamePrefix: base-\n',
      'base/cm.yaml': CONFIG_MAP,
      'base/unused/x.yaml': CONFIG_MAP,
      'other/x': 'x',
    },
    job: { type: 'kustomize', folder: 'app' },
    reads: [
      'app/cm.yaml',
      'app/kustomization.yaml',
      'app/text',
      ...lookedFor('app'),
      'base/cm.yaml',
      'base/kustomization.yaml',
      ...lookedFor('base'),
    ],
  },
  {
    name: 'a resource that is not there',
    files: { 'app/kustomization.yaml': 'resources: [folder/none.yaml]\n', 'app/folder/x': 'x', 'app/x': 'x' },
    job: { type: 'kustomize', folder: 'app' },
    reads: ['app/kustomization.yaml', ...lookedFor('app'), 'app/folder/'],
  },
  {
    name: 'a base in a folder that is not there',
    files: { 'app/kustomization.yaml': 'resources: [../bases/deep/one]\n', 'other/x': 'x' },
    job: { type: 'kustomize', folder: 'app' },
    reads: ['app/kustomization.yaml', ...lookedFor('app'), 'bases', 'bases/'],
  },
  {
    name: 'a base without a kustomization',
    files: { 'app/kustomization.yaml': 'resources: [../base]\n', 'base/deep/x': 'x' },
    job: { type: 'kustomize', folder: 'app' },
    reads: ['app/kustomization.yaml', ...lookedFor('app'), 'base/'],
  },
  {
    name: 'a path through a file',
    files: { 'app/kustomization.yaml': 'resources: [cm.yaml/x]\n', 'app/cm.yaml': CONFIG_MAP },
    job: { type: 'kustomize', folder: 'app' },
    reads: ['app/kustomization.yaml', ...lookedFor('app'), 'app/cm.yaml'],
  },
  {
    name: 'symbolic links',
    files: {
      'app/kustomization.yaml': 'resources: [../linked]\n',
      linked: { link: 'real/base' },
      'real/base/kustomization.yaml': 'resources: [cm.yaml]\n',
      'real/base/cm.yaml': { link: 'cm-2.yaml' },
      'real/base/cm-2.yaml': CONFIG_MAP,
    },
    job: { type: 'kustomize', folder: 'app' },
    reads: [
      ...['app/kustomization.yaml', ...lookedFor('app'), 'linked'],
      ...['real/base/cm.yaml', 'real/base/cm-2.yaml', 'real/base/kustomization.yaml', ...lookedFor('real/base')],
    ],
  },
  {
    name: 'a chart',
    files: {
      'charts/shop/Chart.yaml':
        'apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies: [{name: lib, version: "*", repository: "file://../lib"}]\n',
      'charts/shop/templates/cm.yaml': CONFIG_MAP,
      'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 0.1.0\n',
      'charts/other/Chart.yaml': 'x',
      'prod.yaml': 'a: 1\n',
      'test.yaml': 'a: 1\n',
    },
    job: { type: 'helm', folder: 'charts/shop', releaseName: 'r', valueFiles: [{ root: '', path: 'prod.yaml' }] },
    reads: ['charts/lib/', 'charts/shop/', 'prod.yaml'],
  },
  {
    name: 'plain files and a program',
    files: {
      'app/a.yaml': CONFIG_MAP,
      'app/b.jsonnet': 'import "part.libsonnet"',
      'app/c.yaml': CONFIG_MAP,
      'lib/part.libsonnet': '{a: importstr "text"}',
      'lib/text': 'x',
      'vendor/x': 'x',
    },
    job: { type: 'files', folder: 'app', paths: ['app/a.yaml', 'app/b.jsonnet'], jsonnet: { libs: ['lib', 'vendor'] } },
    // Nothing in vendor is read that would go with it, so that it is there stands for itself.
    reads: ['app/a.yaml', 'app/b.jsonnet', 'app/part.libsonnet', 'app/part.libsonnet/', 'lib/part.libsonnet', 'lib/text', 'vendor/'],
  },
];

function covers(reads: readonly string[], path: string): boolean {
  return reads.some((entry) => entry === path || entry === '/' || (entry.endsWith('/') && path.startsWith(entry)));
}

function pathsIn(dir: string, folder = ''): readonly string[] {
  return readdirSync(join(dir, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? pathsIn(dir, path) : [path];
  });
}

const foldersOf = (path: string) => path.split('/').flatMap((_part, at, parts) => (at === 0 ? [] : [parts.slice(0, at).join('/')]));

/** Files that a commit could add: beside, below and in place of what is there. */
function additions(paths: readonly string[]): readonly string[] {
  const folders = [...new Set(['', ...paths.flatMap(foldersOf)])].map((folder) => (folder === '' ? '' : `${folder}/`));
  const names = ['new', 'cm.yaml', 'none.yaml', 'kustomization.yaml', 'part.libsonnet', 'values.yaml', 'deep/kustomization.yaml', ...NAMES];
  return folders.flatMap((folder) => names.map((name) => folder + name)).filter((path) => !paths.includes(path));
}

/** The answer without the id that the question had. */
const settled = ({ id: _id, ...answer }: Answer) => JSON.stringify(answer);

describe.each(sources)('$name', ({ files, job, reads }) => {
  it('depends on these paths', async () => {
    const source = layOut(files);
    const answer = await process.ask({ roots: { '': source.dir }, job });
    source.remove();
    expect(answer.reads).toEqual({ '': [...reads].sort() });
  });

  it('answers the same, byte for byte, whatever happens to every other path', async () => {
    const source = layOut(files);
    const ask = async () => settled(await process.ask({ roots: { '': source.dir }, job }));
    const before = await ask();
    let tried = 0;
    for (const happening of happenings(source.dir, reads)) {
      expect(await ask(), happening).toBe(before);
      tried += 1;
    }
    source.remove();
    expect(tried).toBeGreaterThan(5);
  });
});

/** Does one thing after another to paths that do not count, says what it is, and undoes it before the next. */
function* happenings(dir: string, reads: readonly string[]): Generator<string> {
  const paths = pathsIn(dir);
  for (const path of paths.filter((path) => !covers(reads, path))) yield* lossOf(join(dir, path));
  for (const path of additions(paths).filter((path) => !covers(reads, path))) yield* additionOf(dir, path);
}

function* lossOf(at: string): Generator<string> {
  const folder = mkdtempSync(join(tmpdir(), 'evk-aside-'));
  renameSync(at, join(folder, 'aside'));
  yield `${at} is gone`;
  writeFileSync(at, 'changed: [');
  yield `${at} is changed`;
  rmSync(at);
  renameSync(join(folder, 'aside'), at);
  rmSync(folder, { recursive: true });
}

function* additionOf(dir: string, path: string): Generator<string> {
  const at = join(dir, path);
  const missing = foldersOf(path).find((folder) => kindOf(join(dir, folder)) === undefined);
  const blocked = foldersOf(path).some((folder) => !['folder', undefined].includes(kindOf(join(dir, folder))));
  if (blocked || kindOf(at) !== undefined) return;
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, CONFIG_MAP);
  yield `${path} is new`;
  rmSync(missing === undefined ? at : join(dir, missing), { recursive: true });
}

function kindOf(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found && (found.isDirectory() ? 'folder' : 'other');
}

describe('what is read', () => {
  it('is said for each root by its name', async () => {
    const own = layOut({ 'chart/Chart.yaml': 'apiVersion: v2\nname: a\nversion: 0.1.0\n' });
    const values = layOut({ 'prod.yaml': 'a: 1\n', 'test.yaml': 'a: 1\n' });
    const job = { type: 'helm', folder: 'chart', releaseName: 'r', valueFiles: [{ root: 'values', path: 'prod.yaml' }] };
    const { reads } = await process.ask({ roots: { '': own.dir, values: values.dir }, job });
    for (const { remove } of [own, values]) remove();
    expect(reads).toEqual({ '': ['chart/'], values: ['prod.yaml'] });
  });

  it('is the whole of a repository for a chart at its top', async () => {
    const own = layOut({ 'Chart.yaml': 'apiVersion: v2\nname: a\nversion: 0.1.0\n', 'x/y': '' });
    const { reads } = await process.ask({ roots: { '': own.dir }, job: { type: 'helm', folder: '', releaseName: 'r' } });
    own.remove();
    expect(reads).toEqual({ '': ['/'] });
  });

  it('is said of a build that fails as well', async () => {
    const own = layOut({ 'app/kustomization.yaml': 'resources: [bad.yaml]\n', 'app/bad.yaml': 'a: b: c' });
    const { reads, error } = await process.ask({ roots: { '': own.dir }, job: { type: 'kustomize', folder: 'app' } });
    own.remove();
    expect(error).toContain('MalformedYAMLError');
    expect(reads['']).toContain('app/bad.yaml');
  });
});
