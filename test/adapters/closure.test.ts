// The closure that a render tells: whatever file is changed, added or removed, "untouched" must mean "renders to the same", and a file that
// nobody opened must not wake anybody.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { closureTouches } from '../../lib/desired/closure.ts';
import type { ApplicationSource } from '../../lib/model/application.ts';
import type { DesiredState } from '../../lib/model/desired.ts';
import { messageOf } from '../../lib/model/errors.ts';
import type { RenderStore } from '../../lib/ports.ts';
import { type Files, folderRepositories } from '../support/folder-repository.ts';
import { type RenderPorts, render, renderPorts } from '../support/rendering.ts';

const { kubectl, helm, renderer } = inject('world');
const REPOSITORY = 'https://git.example/shop';
const RUNS = Number(process.env['EVENKEEL_CLOSURE_RUNS'] ?? 150);
const cacheDir = mkdtempSync(join(tmpdir(), 'evk-closure-'));
const shared = renderPorts({ kubectl, helm, renderer }, cacheDir);
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }));

const cm = (name: string, value: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n`;

/** A repository with a source of each type, each of which reads across folders in every way that it can. */
const FILES: Files = {
  'README.md': 'read by nobody',
  'base/kustomization.yaml': 'resources: [cm.yaml, more]\ngenerators: [gen.yaml]\n',
  'base/cm.yaml': cm('base', 'one'),
  'base/more/kustomization.yml': 'resources: [deep.yaml]\n',
  'base/more/deep.yaml': cm('deep', 'one'),
  'base/gen.yaml': 'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata:\n  name: made\nfiles: [data/a.txt]\n',
  'base/data/a.txt': 'a',
  'base/unused.yaml': cm('unused', 'x'),
  'component/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches: [{path: patch.yaml}]\n',
  'component/patch.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: base\ndata:\n  patched: "1"\n',
  'overlay/kustomization.yaml':
    'resources: [../base, ../linked]\ncomponents: [../component]\nconfigMapGenerator:\n  - name: env\n    envs: [app.env]\n    files: [x=../overlay/x.txt]\nreplacements: [{path: replace.yaml}]\n',
  'overlay/app.env': 'A=1\n',
  'overlay/x.txt': 'x',
  'overlay/replace.yaml': '[]\n',
  linked: { link: 'real' },
  'real/kustomization.yaml': 'resources: [r.yaml]\n',
  'real/r.yaml': cm('real', 'one'),
  'chart/Chart.yaml':
    'apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n  - name: sub\n    version: 1.0.0\n    condition: sub.enabled\n',
  'chart/values.yaml': 'value: one\nsub: {enabled: true}\n',
  'chart/.helmignore': 'ignored/\n',
  'chart/ignored/x.yaml': 'x',
  'chart/templates/cm.yaml': `${cm('chart', '{{ .Values.value }}')}  files: {{ .Files.Get "conf/a.conf" | quote }}\n`,
  'chart/conf/a.conf': 'a',
  'chart/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
  'chart/charts/sub/templates/cm.yaml': cm('sub', 'one'),
  'values/dev.yaml': 'value: dev\n',
  'values/extra/a.yaml': 'value: extra\n',
  'values/extra/notes.txt': 'x',
  'plain/a.yaml': cm('a', 'one'),
  'plain/notes.md': 'x',
  'plain/deep/b.yaml': cm('b', 'one'),
  'plain/old/c.yaml': cm('c', 'one'),
  'jsonnet/main.jsonnet': "(import 'lib.libsonnet') + { metadata: { name: importstr 'name.txt' } }",
  'jsonnet/lib.libsonnet': "{ apiVersion: 'v1', kind: 'ConfigMap' }",
  'jsonnet/name.txt': 'made',
};

const SOURCES: readonly (readonly [name: string, source: Partial<ApplicationSource>])[] = [
  ['an overlay', { path: 'overlay' }],
  [
    'an overlay that a source adds to',
    { path: 'overlay', kustomize: { images: ['a=b'], components: ['../later'], ignoreMissingComponents: true } },
  ],
  [
    'a chart',
    { path: 'chart', helm: { valueFiles: ['../values/dev.yaml', '/values/extra/*.yaml', 'later.yaml'], ignoreMissingValueFiles: true } },
  ],
  ['plain files', { path: 'plain' }],
  ['plain files of all folders', { path: 'plain', directory: { recurse: true, exclude: 'old/*' } }],
  ['jsonnet', { path: 'jsonnet' }],
];

/** Any file that is there, and many that could be. */
const PATHS = [
  ...Object.keys(FILES),
  ...[
    'overlay/kustomization.yml',
    'overlay/Kustomization',
    'base/more/kustomization.yaml',
    'overlay/Chart.yaml',
    'plain/Chart.yaml',
    'plain/kustomization.yaml',
  ],
  ...['overlay/.argocd-source.yaml', 'chart/.argocd-source-shop.yaml', 'plain/.argocd-source.yaml', 'later/kustomization.yaml'],
  ...[
    'chart/later.yaml',
    'chart/templates/new.yaml',
    'chart/charts/new/Chart.yaml',
    'chart/Chart.lock',
    'chart/values.schema.json',
    'chart/crds/x.yaml',
  ],
  ...[
    'values/extra/b.yaml',
    'values/new.yaml',
    'plain/new.yaml',
    'plain/new.json',
    'plain/new.txt',
    'plain/deep/new.yaml',
    'plain/old/new.yaml',
  ],
  ...['base/new.yaml', 'base/data/new.txt', 'jsonnet/new.jsonnet', 'jsonnet/other.libsonnet', 'real/new.yaml', 'elsewhere/x.yaml'],
];
const TEXTS = [
  cm('other', 'two'),
  'x: 1\n',
  '',
  'kustomize: {namePrefix: p-}\n',
  'resources: []\n',
  'apiVersion: v2\nname: new\nversion: 1.0.0\n',
  '{',
];

const change = fc.record({
  path: fc.constantFrom(...PATHS),
  to: fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.constant(undefined),
    fc.constantFrom('base', '../values/dev.yaml', 'cm.yaml', '../plain/a.yaml').map((link) => ({ link })),
  ),
});

function changed(files: Files, { path, to }: { readonly path: string; readonly to: Files[string] | undefined }): Files {
  const isBelow = (other: string) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`);
  const rest = Object.entries(files).filter(([other]) => other !== path && !isBelow(other));
  return Object.fromEntries(to === undefined ? rest : [...rest, [path, to]]);
}

/** What Git's webhook would list. */
function changedPaths(before: Files, after: Files): readonly string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...paths].filter((path) => JSON.stringify(before[path]) !== JSON.stringify(after[path]));
}

async function rendered(files: Files, source: Partial<ApplicationSource>, store?: RenderStore): Promise<DesiredState | string> {
  const { repositories, close } = folderRepositories(files);
  const ports: RenderPorts = { ...shared, repositories, counts: { checkouts: 0, renders: 0 }, ...(store ? { store } : {}) };
  try {
    return await render('shop', { source: { repoURL: REPOSITORY, ...source } }, ports);
  } catch (error) {
    return messageOf(error);
  } finally {
    close();
  }
}

const outputOf = (state: DesiredState | string) =>
  typeof state === 'string' ? state : JSON.stringify([state.manifests, state.sourceTypes]);

/** Keeps everything. */
function memory(): RenderStore {
  const texts = new Map<string, string>();
  return { read: async (key) => texts.get(key), write: async (key, text) => void texts.set(key, text) };
}

describe.each(SOURCES)('the closure of %s', (_name, source) => {
  it(
    'is never too small: what it says is untouched renders to the same, and is found again only then',
    async () => {
      const store = memory();
      const before = await rendered(FILES, source, store);
      if (typeof before === 'string') expect.fail(before);
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
          const after = changes.reduce(changed, FILES);
          const touched = closureTouches(before.closure, REPOSITORY, changedPaths(FILES, after));
          const anew = await rendered(after, source);
          // A link that leads outside refuses the whole repository, whoever reads it: that is found by the next look, not by the push.
          fc.pre(!outputOf(anew).includes('out-of-bounds symlinks'));
          if (!touched) expect(outputOf(anew)).toBe(outputOf(before));
          expect(outputOf(await rendered(after, source, store))).toBe(outputOf(anew));
        }),
        { numRuns: RUNS },
      );
    },
    RUNS * 800,
  );
});

describe('a file that nobody opened', () => {
  it.each([
    [
      'an overlay',
      ['README.md', 'base/unused.yaml', 'base/data/b.txt', 'overlay/notes.md', 'values/dev.yaml', 'plain/a.yaml', 'elsewhere/x'],
    ],
    ['a chart', ['README.md', 'values/prod.yaml', 'values/extra/notes.txt', 'values/extra/deep/a.yaml', 'overlay/app.env']],
    ['plain files', ['plain/notes.md', 'plain/deep/b.yaml', 'plain/deep/new.yaml', 'plainer/a.yaml', 'README.md']],
    ['plain files of all folders', ['plain/notes.md', 'plain/old/c.yaml', 'plain/old/new.yaml']],
    ['jsonnet', ['jsonnet/unused.libsonnet', 'jsonnet/other.txt', 'README.md']],
  ])('wakes nobody: %s', async (name, paths) => {
    const state = await rendered(FILES, SOURCES.find(([other]) => other === name)?.[1] ?? {});
    if (typeof state === 'string') expect.fail(state);
    expect(paths.filter((path) => closureTouches(state.closure, REPOSITORY, [path]))).toEqual([]);
  });
});
