import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closureContent, closureEntries, closureTouches, expectedReads, renderClosure, settled } from '../../../lib/desired/closure.ts';
import { kustomizeClosure } from '../../../lib/desired/kustomize-closure.ts';
import { renderSettings } from '../../../lib/desired/settings.ts';
import { planSource, type RenderPlan } from '../../../lib/desired/source.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { SourceFiles } from '../../../lib/model/tree.ts';
import { sourceFiles } from '../../support/source-files.ts';

const candidates = (folder: string) => ['Kustomization', 'kustomization.yaml', 'kustomization.yml'].map((name) => `${folder}/${name}`);
/** What the kustomization of `app` reads besides itself. */
function read(kustomization: string, others: Record<string, string | { link: string }> = {}): readonly string[] {
  const paths = kustomizeClosure('app', sourceFiles({ 'app/kustomization.yaml': kustomization, ...others }));
  return paths.filter((path) => !candidates('app').includes(path)).sort();
}

describe('kustomizeClosure', () => {
  it.each([
    ['resources', 'resources: [a.yaml, ../shared/b.yaml]', ['app/a.yaml', 'shared/b.yaml']],
    ['patches by path and inline', 'patches: [{path: p.yaml}, {patch: "x", target: {kind: A}}]', ['app/p.yaml']],
    [
      'strategic merge patches, inline ones apart',
      'patchesStrategicMerge:\n  - p.yaml\n  - "{kind: A}"\n  - |-\n    kind: B\n    a: b\n',
      ['app/p.yaml'],
    ],
    ['JSON patches', 'patchesJson6902: [{path: j.yaml, target: {}}]', ['app/j.yaml']],
    [
      'generators of maps',
      'configMapGenerator: [{files: [a.txt, k=b.txt], envs: [c.env], env: d.env, literals: [x=y.txt]}]',
      ['app/a.txt', 'app/b.txt', 'app/c.env', 'app/d.env'],
    ],
    ['generators of secrets', 'secretGenerator: [{files: [k=s.txt]}]', ['app/s.txt']],
    ['replacements', 'replacements: [{path: r.yaml}, {source: {kind: A}, targets: []}]', ['app/r.yaml']],
    [
      'openapi, crds and configurations',
      'openapi: {path: o.json}\ncrds: [c.json]\nconfigurations: [n.yaml]',
      ['app/c.json', 'app/n.yaml', 'app/o.json'],
    ],
    ['field names in any case', 'Resources: [a.yaml]\nPatches: [{Path: p.yaml}]', ['app/a.yaml', 'app/p.yaml']],
    ['what names no file', 'namePrefix: a\nimages: [{name: x}]\nlabels: [{pairs: {a: b}}]\nreplicas: []\nkind: Kustomization', []],
    ['transformers, whose files may name others beside them', 'transformers: [t.yaml]', ['app/', 'app/t.yaml']],
    ['an inline transformer', 'transformers:\n  - |-\n    kind: PatchTransformer\n    path: p.yaml', ['app/']],
    ['a field that is not known', 'helmCharts: [{name: x}]', ['/']],
    ['a list that is none', 'resources: {a: b}', ['/']],
    ['an entry that is no text', 'resources: [{a: b}]', ['/']],
    ['an empty kustomization', '', ['app/']],
  ])('reads %s', (_what, kustomization, expected) => {
    const known = { 'app/a.yaml': 'a', 'shared/b.yaml': 'b', 'app/t.yaml': 'kind: LabelTransformer' };
    expect(read(kustomization, known)).toEqual(expected);
  });

  it('waits for a resource that is not there as a file and as a folder', () => {
    expect(read('resources: [later]')).toEqual(['app/later', 'app/later/']);
  });

  it('follows folders, components and links, and ends in a circle', () => {
    const others = {
      'base/kustomization.yml': 'resources: [../app, deep.yaml]',
      'base/deep.yaml': 'x',
      'real/Kustomization': 'resources: [r.yaml]',
      'real/r.yaml': 'x',
      link: { link: 'real' },
    };
    expect(read('resources: [../base]\ncomponents: [../link]', others)).toEqual(
      [...candidates('base'), 'base/deep.yaml', 'link', ...candidates('real'), 'real/r.yaml'].sort(),
    );
  });

  it('reads a folder without a kustomization whole', () => {
    expect(read('resources: [../plain]', { 'plain/x.yaml': 'x' })).toEqual([...candidates('plain'), 'plain/'].sort());
  });

  it.each([
    ['a resource above', 'resources: [../../other]', 'app/kustomization.yaml: ../../other leads outside the repository'],
    ['an absolute resource', 'resources: [/etc/passwd]', '/etc/passwd leads outside the repository'],
    ['a component above', 'components: [../..]', 'leads outside'],
    ['a generator file above', 'configMapGenerator: [{files: [k=../../x]}]', 'leads outside'],
    ['an env file above', 'configMapGenerator: [{env: ../../x}]', 'leads outside'],
    ['a patch above', 'patches: [{path: ../../x}]', 'leads outside'],
    ['a replacement above', 'replacements: [{path: ../../x}]', 'leads outside'],
    ['an openapi schema above', 'openapi: {path: ../../x}', 'leads outside'],
    ['a transformer above', 'transformers: [../../x]', 'leads outside'],
    ['a URL', 'resources: [https://u:canary@h.example/x?token=canary]', 'https://h.example/x is not in the repository'],
    ['a local URL', 'Resources: ["http://127.0.0.1:9001/x"]', 'is not in the repository'],
    ['a Git URL', 'resources: [git@github.com:a/b]', 'is not in the repository'],
    ['a GitHub path', 'components: [github.com/a/b//c?ref=d]', 'is not in the repository'],
    ['a file URL', 'resources: [file:///etc]', 'is not in the repository'],
    ['a patch at a URL', 'patches: [{path: "http://h.example/x"}]', 'is not in the repository'],
    ['a URL in a plugin file', 'transformers: [t.yaml]', 'is not in the repository'],
    [
      'a URL in an inline plugin',
      'generators:\n  - |-\n    kind: ConfigMapGenerator\n    files:\n      - k=http://h.example/x',
      'is not in the repository',
    ],
    [
      'a URL with a key in a plugin',
      'generators:\n  - |-\n    kind: ConfigMapGenerator\n    files: [a/b=http://h.example/x]',
      'is not in the repository',
    ],
    ['a folder of plugins', 'transformers: [../plugins]', 'plugins is a folder; list the files'],
    ['a merge key', 'resources: []\n<<: {resources: [../../x]}', 'merge keys (<<) are not supported'],
    ['text that is no YAML', 'resources: [', 'Failed to unmarshal "app/kustomization.yaml": line 2'],
  ])('refuses %s', (_what, kustomization, message) => {
    const act = () => read(kustomization, { 'plugins/p.yaml': 'x', 'app/t.yaml': 'kind: PatchTransformer\nPath: http://h.example/x' });
    expect(act).toThrow(InvalidInput);
    expect(act).toThrow(message);
    expect(act).not.toThrow('canary');
  });

  it('answers any kustomization with paths in the repository or InvalidInput', () => {
    const entry = fc.constantFrom(
      'a.yaml',
      '../b',
      '..',
      '../..',
      '/x',
      '',
      '.',
      'http://x',
      'k=v',
      '../app',
      null,
      1,
      { path: '../../x' },
      ['x'],
    );
    const field = fc.constantFrom('resources', 'Bases', 'components', 'patches', 'transformers', 'configMapGenerator', 'openapi', 'other');
    fc.assert(
      fc.property(fc.dictionary(field, fc.oneof(entry, fc.array(entry))), (kustomization) => {
        try {
          for (const path of read(JSON.stringify(kustomization), { 'b/x': 'x' })) expect(`/${path}/`).not.toContain('/../');
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
        }
      }),
    );
  });
});

const SETTINGS = renderSettings({}, 'fixed');

function plan(source: object, repository: SourceFiles, folder: string, refs?: ReadonlyMap<string, SourceFiles>): RenderPlan {
  return planSource({
    source: { repoURL: 'https://git.example/shop', ...source },
    files: repository,
    folder,
    environment: {},
    instanceName: 'shop',
    destinationNamespace: '',
    kubeVersion: '',
    apiVersions: [],
    refs,
    settings: SETTINGS,
  });
}

describe('renderClosure', () => {
  const overrides = ['.argocd-source-shop.yaml', '.argocd-source.yaml'];
  const inFolder = (folder: string, ...names: string[]) => [...overrides, ...names].map((name) => `${folder}/${name}`).sort();
  const files = sourceFiles({ 'real/a.yaml': 'a', entry: { link: 'real' }, 'chart/Chart.yaml': 'name: c', 'values/dev.yaml': 'x' });
  const closure = (of: RenderPlan, path: string, reads: readonly string[], detected = false, from = files) =>
    renderClosure({ plan: of, instanceName: 'shop', path, detected }, { '': reads }, new Map([['', from.tree]]));

  it('of plain manifests holds what was read, the links on the way to it, and the names that would count', () => {
    const found = closure(plan({ directory: {} }, files, 'real'), 'entry', ['real/a.yaml']).get('');
    expect(found?.paths).toEqual(['entry', ...inFolder('real', 'a.yaml')]);
    expect(found?.matching).toEqual([{ folder: 'real', pattern: '*.{yaml,yml,json,jsonnet}' }]);
  });

  it('holds what would make a source another type, where nothing says its type', () => {
    const found = closure(plan({}, files, 'real'), 'real', [], true).get('');
    expect(found?.paths).toEqual(inFolder('real', 'Kustomization', 'kustomization.yaml', 'kustomization.yml'));
    expect(found?.matching).toContainEqual({ folder: 'real', pattern: '*Chart.yaml' });
  });

  it('of a chart holds all that its value files depended on, in each repository', () => {
    const other = sourceFiles({ 'env/a.yaml': 'x' });
    const helm = { valueFiles: ['../values/dev.yaml', '/values/missing.yaml', '$other/env/*.yaml'], ignoreMissingValueFiles: true };
    const found = renderClosure(
      { plan: plan({ helm }, files, 'chart', new Map([['other', other]])), instanceName: 'shop', path: 'chart', detected: false },
      { '': ['chart/'], other: ['env/a.yaml'] },
      new Map([
        ['', files.tree],
        ['other', other.tree],
      ]),
    );
    expect([found.get('')?.paths, found.get('')?.matching]).toEqual([['chart/', 'values/dev.yaml', 'values/missing.yaml'], undefined]);
    expect(found.get('other')).toEqual({ paths: ['env/a.yaml'], matching: [{ folder: '', pattern: 'env/*.yaml' }] });
  });

  it('waits where a link leads that counts by its name, though nothing is there yet', () => {
    const there = sourceFiles({ 'app/x.yaml': { link: '../shared/x.yaml' }, 'app/a.yaml': 'a', 'app/notes': { link: '../shared/notes' } });
    const found = closure(plan({ directory: {} }, there, 'app'), 'app', ['app/a.yaml'], false, there).get('');
    expect(found?.paths).toEqual(['app/.argocd-source-shop.yaml', 'app/.argocd-source.yaml', 'app/a.yaml', 'app/x.yaml', 'shared/x.yaml']);
  });

  it('of a kustomization waits for components that are left out', () => {
    const there = sourceFiles({ 'k/kustomization.yaml': 'kind: Kustomization' });
    const kustomize = { components: ['../c'], ignoreMissingComponents: true };
    const found = closure(plan({ kustomize }, there, 'k'), 'k', [], false, there).get('');
    expect(found?.paths).toEqual(['c', ...inFolder('k', 'Kustomization', 'kustomization.yaml', 'kustomization.yml')]);
  });
});

describe('expectedReads', () => {
  it('says what a plan may read, for a renderer that does not see to it by itself', () => {
    const files = sourceFiles({ 'p/a.yaml': 'a', 'chart/Chart.yaml': 'name: c', 'k/kustomization.yaml': 'resources: [a.yaml]' });
    expect(expectedReads(plan({}, files, 'p'), files)).toEqual({ '': ['p/a.yaml'] });
    expect(expectedReads(plan({}, files, 'chart'), files)).toEqual({ '': ['chart/'] });
    expect(expectedReads(plan({}, files, 'k'), files)['']).toContain('k/a.yaml');
    expect(() => expectedReads(plan({}, files, 'k'), sourceFiles({ 'k/kustomization.yaml': 'resources: [../../a]' }))).toThrow(
      'leads outside',
    );
  });
});

describe('closureContent', () => {
  const closure = { paths: ['app/', 'one.yaml', 'gone.yaml', 'via/x.yaml'], matching: [{ folder: 'env', pattern: '*.yaml' }] };
  const files = {
    'app/a': '1',
    'one.yaml': '2',
    'two.yaml': '3',
    'real/x.yaml': '4',
    'other/x.yaml': '5',
    via: { link: 'real' },
    'env/a.yaml': '6',
  };
  const content = (changed: Parameters<typeof sourceFiles>[0]) => closureContent(closure, sourceFiles({ ...files, ...changed }).tree);

  it('stays with changes of anything else', () => {
    expect(content({ 'two.yaml': 'x', 'app.yaml': 'y', 'other/x.yaml': 'z', 'env/a.txt': 'x', 'env/deep/a.yaml': 'x' })).toBe(content({}));
  });

  it.each<[string, Parameters<typeof sourceFiles>[0]]>([
    ['a file in a folder', { 'app/a': 'x' }],
    ['a new file in a folder', { 'app/b': 'x' }],
    ['a file', { 'one.yaml': 'x' }],
    ['a file that was not there', { 'gone.yaml': 'x' }],
    ['a file behind a link', { 'real/x.yaml': 'x' }],
    ['a link that leads elsewhere', { via: { link: 'other' } }],
    ['a file that became a link whose target is its text', { 'one.yaml': { link: '2' } }],
    ['a file that matches', { 'env/a.yaml': 'x' }],
    ['a new file that matches', { 'env/b.yaml': 'x' }],
  ])('changes with %s', (_what, changed) => {
    expect(content(changed)).not.toBe(content({}));
  });

  it('names every link on the way, so that a push that turns one of them counts', () => {
    const { tree } = sourceFiles({ a: { link: 'b' }, b: { link: 'c' }, 'c/x.yaml': 'x', 'f/y.yaml': { link: '../b/x.yaml' } });
    expect(settled(['a/x.yaml'], tree)).toEqual(['a', 'a/x.yaml', 'b', 'c/x.yaml']);
    expect(settled(['f/'], tree)).toEqual(['b', 'c/x.yaml', 'f/']);
  });

  it('lists what a private copy needs', () => {
    expect(closureEntries(['app/', 'one.yaml', 'gone.yaml'], sourceFiles(files).tree)).toEqual(['app/a', 'one.yaml']);
    expect(settled(['b', 'a/', 'a/x', 'b'], sourceFiles(files).tree)).toEqual(['a/', 'b']);
  });
});

describe('closureTouches', () => {
  const url = 'https://git.example/shop';
  const closure = {
    sources: [
      { repoURL: url, paths: ['base/a.yaml', 'overlays/dev/', 'env/missing.yaml'] },
      { repoURL: `${url}-values`, paths: ['v.yaml'], matching: [{ folder: 'plain', pattern: '**/*.yaml', exclude: 'old*' }] },
    ],
  };
  it.each([
    [true, url, ['README.md', 'base/a.yaml']],
    [true, `${url}.git`, ['overlays/dev/new.yaml']],
    [true, url, ['env/missing.yaml']],
    [true, url, ['base']],
    [true, url, ['overlays/dev']],
    [true, `${url}-values`, ['v.yaml']],
    [true, `${url}-values`, ['plain/a/b.yaml']],
    [true, `${url}-values`, ['plain']],
    [false, `${url}-values`, ['plain/a.txt', 'plain/old.yaml', 'plainer/a.yaml', 'a.yaml']],
    [false, url, ['v.yaml']],
    [false, url, ['README.md', 'base/b.yaml', 'overlays/devel/x', 'overlays/dev.yaml']],
    [false, url, []],
    [false, 'https://git.example/other', ['base/a.yaml']],
  ])('is %s for %s %j', (expected, repoURL, changed) => {
    expect(closureTouches(closure, repoURL, changed)).toBe(expected);
  });

  it('takes any change when the whole repository is read', () => {
    expect(closureTouches({ sources: [{ repoURL: url, paths: ['/'] }] }, url, ['anything'])).toBe(true);
  });
});
