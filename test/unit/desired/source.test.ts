import { describe, expect, it } from 'vitest';
import { buildEnvironment, substituted } from '../../../lib/desired/environment.ts';
import { withOverrides } from '../../../lib/desired/parameters.ts';
import { renderSettings } from '../../../lib/desired/settings.ts';
import { detectSourceType, type PlanInput, planSource, sourceFolder, sourceRefusal } from '../../../lib/desired/source.ts';
import { refSourceFault } from '../../../lib/desired/value-files.ts';
import { commandLine } from '../../../lib/model/rendering.ts';
import { parseYaml } from '../../../lib/model/yaml.ts';
import { sourceFiles } from '../../support/source-files.ts';

const repoURL = 'https://git.example/shop';
const facts = {
  instanceName: 'shop',
  destinationNamespace: 'ns',
  project: 'p',
  revision: '0123456789abcdef',
  repoURL: 'https://u:canary@git.example/shop',
  path: 'a',
  targetRevision: 'main',
};
const environment = buildEnvironment(facts);

describe('substituted', () => {
  const braced = (name: string) => ['$', '{', name, '}'].join('');
  it.each([
    [`$ARGOCD_APP_NAME-${braced('ARGOCD_APP_REVISION_SHORT')}`, 'shop-0123456'],
    ['$ARGOCD_APP_REVISION_SHORT_8', '01234567'],
    [`$UNKNOWN${braced('UNKNOWN')}${braced('')}$1$*$@x`, 'x'],
    ['$$ARGOCD_APP_NAME costs 5$', '$ARGOCD_APP_NAME costs 5$'],
    [`$/x ${braced('toString')} $ARGOCD_APP_SOURCE_REPO_URL`, '$/x  https://git.example/shop'],
  ])('%j becomes %j', (text, expected) => {
    expect(substituted(text, environment)).toBe(expected);
  });
});

describe('detectSourceType', () => {
  it.each([
    [['a.yaml'], {}, 'Directory'],
    [['Chart.yaml', 'values.yaml'], {}, 'Helm'],
    [['Old-Chart.yaml'], {}, 'Helm'],
    [['Chart.yaml', 'Kustomization'], {}, 'Kustomize'],
    [['kustomization.yml'], {}, 'Kustomize'],
    [['kustomization.yaml'], { directory: {} }, 'Directory'],
    [['a.yaml'], { helm: {} }, 'Helm'],
  ] as const)('of %j with %j is %s', (names, blocks, expected) => {
    expect(detectSourceType({ repoURL, ...blocks }, names, SETTINGS)).toBe(expected);
  });

  it.each([
    [{ 'helm.enable': 'false' }, ['Chart.yaml'], {}, 'Directory'],
    [{ 'helm.enable': 'false' }, ['Chart.yaml'], { helm: {} }, 'Directory'],
    [{ 'helm.enable': 'off' }, ['Chart.yaml', 'kustomization.yaml'], {}, 'Kustomize'],
    [{ 'kustomize.enable': 'false' }, ['Chart.yaml', 'kustomization.yaml'], {}, 'Helm'],
    [{ 'kustomize.enable': 'false' }, [], { kustomize: {} }, 'Directory'],
    [{ 'kustomize.enable': 'true', 'helm.enable': '' }, ['Chart.yaml'], {}, 'Helm'],
  ] as const)('with %j, of %j with %j is %s', (data, names, blocks, expected) => {
    expect(detectSourceType({ repoURL, ...blocks }, names, renderSettings(data, 'fixed'))).toBe(expected);
  });

  it('refuses two blocks', () => {
    expect(() => detectSourceType({ repoURL, helm: {}, kustomize: {} }, [], SETTINGS)).toThrow(
      'multiple application sources defined: Kustomize,Helm',
    );
  });
});

describe('withOverrides', () => {
  const files = (overrides: Record<string, string>) => sourceFiles({ 'app/x.yaml': 'x', ...overrides });

  it('merges both files in order, and neither changes where the source comes from', () => {
    const merged = withOverrides(
      {
        repoURL,
        path: 'app',
        targetRevision: 'main',
        helm: { values: 'a: 1', parameters: [{ name: 'a' }], valuesObject: { keep: 1, drop: 1 } },
      },
      files({
        'app/.argocd-source.yaml':
          'repoURL: https://evil.example\nchart: x\ntargetRevision: evil\nhelm: {parameters: [{name: b}], values: null}',
        'app/.argocd-source-shop.yaml': 'helm: {valuesObject: {drop: null, add: {deep: null, own: 1}}}',
      }),
      'app',
      'shop',
    );
    expect(merged).toEqual({
      repoURL,
      path: 'app',
      targetRevision: 'main',
      chart: undefined,
      helm: { values: 'a: 1', parameters: [{ name: 'b' }], valuesObject: { keep: 1, add: { own: 1 } } },
    });
  });

  it('names the file that is no YAML or no object', () => {
    const act = (text: string) => () => withOverrides({ repoURL }, files({ 'app/.argocd-source.yaml': text }), 'app', 'shop');
    expect(act('a: [')).toThrow('error while parsing source parameters: app/.argocd-source.yaml: line 2');
    expect(act('[]')).toThrow('the document is no object');
  });

  it('keeps a __proto__ key as data', () => {
    withOverrides(
      { repoURL },
      files({ 'app/.argocd-source.yaml': '__proto__: {polluted: 1}\nhelm: {__proto__: {polluted: 1}}' }),
      'app',
      'shop',
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

const SETTINGS = renderSettings({}, 'fixed');

function input(source: object, repository: Record<string, string>, folder = 'app'): PlanInput {
  return {
    source: { repoURL, ...source },
    files: sourceFiles(repository),
    folder,
    environment,
    instanceName: 'team_shop',
    destinationNamespace: 'ns',
    kubeVersion: '',
    apiVersions: [],
    refs: undefined,
    settings: SETTINGS,
  };
}

describe('a kustomization that a source adds to', () => {
  const edited = (kustomize: object, kustomization = 'resources: []') => {
    const plan = planSource(input({ kustomize }, { 'app/kustomization.yaml': kustomization }));
    return plan.type === 'Kustomize' && plan.edited ? parseYaml(plan.edited.text) : undefined;
  };

  it('is taken as it is when nothing is added', () => {
    expect(edited({})).toBeUndefined();
    expect(edited({ images: [], commonLabels: {} })).toBeUndefined();
  });

  it.each([
    ['web=other.example:5000/web:2', [{ name: 'web', newName: 'other.example:5000/web', newTag: '2' }]],
    ['web:$ARGOCD_APP_REVISION_SHORT', [{ name: 'web', newTag: '0123456' }]],
    ['web@sha256:ab', [{ name: 'web', digest: 'sha256:ab' }]],
    ['r.example:80/web:1', [{ name: 'r.example:80/web', newTag: '1' }]],
    ['old=*:7', [{ name: 'old', newName: 'new', newTag: '7' }]],
    ['old=newer:*', [{ name: 'old', newName: 'newer', newTag: '1' }]],
  ])('takes the image %s', (image, expected) => {
    const images = edited({ images: [image] }, 'images: [{name: old, newName: new, newTag: "1"}]');
    const others = image.startsWith('old') ? [] : [{ name: 'old', newName: 'new', newTag: '1' }];
    expect(images).toEqual({ images: [...others, ...expected] });
  });

  it('takes labels by selector, or without and into templates', () => {
    expect(edited({ commonLabels: { a: '1' } }, 'commonLabels: {b: c}')).toEqual({ commonLabels: { b: 'c', a: '1' } });
    expect(
      edited({ commonLabels: { a: '1' }, labelWithoutSelector: true, labelIncludeTemplates: true }, 'labels: [{pairs: {b: c}}]'),
    ).toEqual({
      labels: [{ pairs: { b: 'c' } }, { includeTemplates: true, pairs: { a: '1' } }],
    });
  });

  it.each([
    [{ commonLabels: { b: '1' } }, 'label b already in kustomization file'],
    [{ commonAnnotations: { b: '1' } }, 'annotation b already in kustomization file'],
    [{ replicas: [{ name: 'a', count: 'many' }] }, 'expected integer value for count. Received: many'],
    [{ patches: [{ patch: 'x' }] }, "expected 'patches' field in kustomization.yaml to be []any, but got "],
    [{ images: [':1'] }, 'kustomize.images: :1 is no image'],
    [{ images: ['r.example:80/web'] }, 'kustomize.images: r.example:80/web is no image; write [old=]name[:tag][@digest]'],
    [{ commonLabels: { c: '1' }, labelIncludeTemplates: true }, 'labelIncludeTemplates requires labelWithoutSelector'],
    [{ namePrefix: 7 }, 'kustomize.namePrefix'],
  ])('refuses %j', (kustomize, message) => {
    expect(() => edited(kustomize, 'commonLabels: {b: c}\ncommonAnnotations: {b: c}\npatches: {}')).toThrow(message);
  });

  it('overwrites labels by force and leaves out components that are not there when asked', () => {
    const kustomize = { commonLabels: { b: '1' }, forceCommonLabels: true, components: ['gone'], ignoreMissingComponents: true };
    expect(edited(kustomize, 'commonLabels: {b: c}')).toEqual({ commonLabels: { b: '1' } });
  });

  it('has to be there', () => {
    expect(() => planSource(input({ kustomize: { namePrefix: 'a' } }, { 'app/x': 'x' }))).toThrow(
      'kustomization file not found in the path',
    );
  });
});

describe('a chart', () => {
  const repository = {
    'app/Chart.yaml': 'name: c',
    'app/a.yaml': 'a',
    'env/b.yaml': 'b',
    'env/a.yaml': 'a',
    'env/deep/er/c.yaml': 'c',
    'env/deep/a.yaml': 'a',
  };
  const args = (helm: object) => {
    const plan = planSource(input({ helm }, repository));
    return plan.type === 'Helm' ? commandLine(plan.job, ({ path }) => path) : [];
  };
  const values = (...valueFiles: string[]) =>
    args({ valueFiles }).flatMap((argument, at, all) => (all[at - 1] === '--values' ? [argument] : []));

  it('is rendered under the name of the Application, without its namespace', () => {
    expect(args({})).toEqual(['template', '.', '--name-template=shop', '--namespace=ns', '--include-crds']);
  });

  it('takes parameters: the last of a name, forced ones later, commas escaped', () => {
    const parameters = [
      { name: 'a', value: '1' },
      { name: 'f', value: '$ARGOCD_APP_NAME', forceString: true },
      { name: 'a', value: 'x,y\\,z' },
      { name: 'l', value: '{x,y}' },
    ];
    expect(args({ parameters }).filter((argument) => argument.startsWith('--set'))).toEqual([
      '--set=a=x\\,y\\,z',
      '--set=l={x,y}',
      '--set-string=f=shop',
    ]);
  });

  it('takes kubernetes versions by their numbers', () => {
    expect(args({ kubeVersion: 'v1.30.2+k3s1' })).toContain('--kube-version=1.30.2');
    expect(() => args({ kubeVersion: 'latest' })).toThrow('could not parse kubernetes version latest');
  });

  it('takes each value file once, listed ones at their place, globs a folder at a time', () => {
    expect(values('a.yaml', '/env/**/*.yaml', '/env/b.yaml', 'a.yaml')).toEqual([
      'app/a.yaml',
      'env/a.yaml',
      'env/deep/a.yaml',
      'env/deep/er/c.yaml',
      'env/b.yaml',
    ]);
    expect(values('../env/[ab].yaml')).toEqual(['env/a.yaml', 'env/b.yaml']);
    expect(values('/env/**/a.yaml')).toEqual(['env/a.yaml', 'env/deep/a.yaml']);
  });

  it('matches a glob with many stars at once', () => {
    const started = performance.now();
    expect(() => values(`/${'**/'.repeat(60)}x.yaml`)).toThrow('matched no files');
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('sourceFolder', () => {
  const { tree } = sourceFiles({ 'a/b/c.yaml': 'x', link: { link: 'a/b' } });
  it.each([
    ['', ''],
    ['.', ''],
    ['./a/', 'a'],
    ['a/../a/b', 'a/b'],
    ['link', 'a/b'],
  ])('of %j is %j', (path, folder) => {
    expect(sourceFolder(tree, path)).toBe(folder);
  });
});

it('says why the refs of sources cannot be', () => {
  const fault = (...refs: object[]) => refSourceFault(refs.map((ref) => ({ repoURL, ...ref })));
  expect(fault({ ref: 'a' }, { ref: 'b' }, {})).toBeUndefined();
  expect(fault({ ref: 'a/b' })).toBe("sources.ref a/b cannot contain any special characters except '_' and '-'");
  expect(fault({ ref: 'a' }, { ref: 'a' })).toBe('invalid sources: multiple sources had the same `ref` key');
  expect(fault({ ref: 'a', chart: 'x' })).toContain("Helm charts are not yet supported for 'ref' sources");
});

it('refuses no plain source over http', () => {
  expect(sourceRefusal({ repoURL: 'http://127.0.0.1/x', path: 'a' })).toBeUndefined();
});
