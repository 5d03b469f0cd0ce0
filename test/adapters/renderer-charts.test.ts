// Kustomizations with charts, which the renderer inflates itself: object by object what the stock kustomize makes of them with the stock helm.
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { readYaml } from '../../lib/model/yaml.ts';
import { chartFiles, kustomizationOf } from '../support/kustomize-charts.ts';
import { run } from '../support/program.ts';
import { type Answer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const { helm, kustomize, renderer } = inject('world');
const process = startRenderer(renderer);
afterAll(() => process.close());

interface Fetched {
  readonly files: Files;
  readonly charts?: Readonly<Record<string, string>>;
  readonly remotes?: Readonly<Record<string, string>>;
}

async function build(files: Files, fetched?: Fetched, job: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const [own, other] = [layOut(files), layOut(fetched?.files ?? {})];
  const placed = (paths: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, { root: 'fetched', path }]));
  const elsewhere = { charts: placed(fetched?.charts), remotes: placed(fetched?.remotes) };
  const more = { enableHelm: true, helmKubeVersion: '1.36.3', helmApiVersions: ['x.example/v1'], ...elsewhere };
  try {
    return await process.ask({ roots: { '': own.dir, fetched: other.dir }, job: { type: 'kustomize', folder: 'app', ...more, ...job } });
  } finally {
    own.remove();
    other.remove();
  }
}

/** The objects that the stock program makes of a source, or what it says. */
async function stock(files: Files, loadRestrictionsNone = false): Promise<unknown> {
  const source = layOut(files);
  const flags = ['--enable-helm', `--helm-command=${helm}`, '--helm-kube-version=1.36.3', '--helm-api-versions=x.example/v1'];
  const restrictions = loadRestrictionsNone ? ['--load-restrictor=LoadRestrictionsNone'] : [];
  const args = ['build', join(source.dir, 'app'), ...flags, ...restrictions];
  const ran = await run(kustomize, args, { env: { HOME: source.dir, PATH: '' } });
  source.remove();
  return ran.code === 0 ? readYaml(ran.stdout).documents.map(({ value }) => value) : ran.stderr;
}

const REDIS = chartFiles('app/charts/redis');
const BASE = chartFiles('base/charts/redis');
const INLINE = 'valuesInline: {size: 2, more: true, kept: {b: [1, {x: 12345678901}]}, gone: null}';
const one = (entry: string, more: Files = {}): Files => ({ ...REDIS, 'app/kustomization.yaml': kustomizationOf([entry]), ...more });
const generator = (entry: string, name = 'g') =>
  `apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: ${name}}\n${entry}`;
const block = (text: string) => `- |\n${text.replace(/^/gm, '  ')}\n`;
const cm = (name: string, more = '') => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${more}`;

describe('a field of a chart means what it means to kustomize:', () => {
  it.each<[string, Files, { readonly loadRestrictionsNone: boolean }?]>([
    ['a name alone, whose release has a name all the same', one('name: redis')],
    ['releaseName', one('name: redis, releaseName: r')],
    ['nameTemplate', one(`name: redis, nameTemplate: '{{ printf "%s-%d" ("ABC" | lower) 7 }}'`)],
    ['namespace', one('name: redis, releaseName: r, namespace: there')],
    ['includeCRDs', one('name: redis, releaseName: r, includeCRDs: true')],
    ['skipTests', one('name: redis, releaseName: r, skipTests: true')],
    ['skipHooks', one('name: redis, releaseName: r, skipHooks: true')],
    ['kubeVersion and apiVersions', one('name: redis, releaseName: r, kubeVersion: 1.20.1, apiVersions: [y.example/v1, z.example/v1]')],
    ['debug and devel, which say nothing of the output', one('name: redis, releaseName: r, devel: true, debug: true')],
    ['valuesInline over the values of the chart', one(`name: redis, releaseName: r, ${INLINE}`)],
    ['valuesFile alone', one('name: redis, releaseName: r, valuesFile: own.yaml', { 'app/own.yaml': 'own: 1\nsize: 5\n' })],
    ...['override', 'merge', 'replace'].map((merge): [string, Files] => [
      `valuesMerge: ${merge}`,
      one(`name: redis, releaseName: r, ${INLINE}, valuesFile: own.yaml, valuesMerge: ${merge}`, {
        'app/own.yaml': '# own\nsize: 5\nkept: {a: &a 1.0, b: [yes, 2], c: "yes", d: *a}\ngone: {d: 1}\nlist: [{name: x, v: 1}]\n',
      }),
    ]),
    [
      'valuesInline over a file that is empty',
      one(`name: redis, releaseName: r, ${INLINE}, valuesFile: own.yaml`, { 'app/own.yaml': '{}\n' }),
    ],
    [
      'valuesInline in place of a file that is not there',
      one(`name: redis, releaseName: r, ${INLINE}, valuesFile: none.yaml, valuesMerge: replace`),
    ],
    [
      'additionalValuesFiles, each over what came before',
      one(`name: redis, releaseName: r, ${INLINE}, additionalValuesFiles: [a.yaml, deep/b.yaml]`, {
        'app/a.yaml': 'size: 7\nfrom: a\nkept: {a: null}\n',
        'app/deep/b.yaml': 'from: b\n',
      }),
    ],
    [
      'chartHome',
      {
        ...chartFiles('app/mine/deep/redis'),
        'app/kustomization.yaml': `helmGlobals: {chartHome: mine/deep}\n${kustomizationOf(['name: redis, releaseName: r'])}`,
      },
    ],
    [
      'chartHome beside the kustomization, with values below it',
      {
        ...chartFiles('charts/redis'),
        'app/own.yaml': 'own: 1\n',
        'app/kustomization.yaml': `helmGlobals: {chartHome: ../charts}\n${kustomizationOf(['name: redis, releaseName: r, valuesFile: own.yaml'])}`,
      },
    ],
    [
      'files elsewhere when restrictions are off',
      {
        ...chartFiles('charts/redis'),
        'values/a.yaml': 'size: 9\n',
        'app/kustomization.yaml': `helmGlobals: {chartHome: ../charts}\n${kustomizationOf(['name: redis, releaseName: r, additionalValuesFiles: [../values/a.yaml]'])}`,
      },
      { loadRestrictionsNone: true },
    ],
    [
      'configHome, which says nothing of the output',
      one('name: redis', {
        'app/kustomization.yaml': `helmGlobals: {configHome: ./home}\n${kustomizationOf(['name: redis, releaseName: r'])}`,
      }),
    ],
    [
      'version and repo, for one that is there',
      {
        ...chartFiles('app/charts/redis-1.2.3/redis'),
        'app/kustomization.yaml': kustomizationOf(['name: redis, repo: "https://x.example", version: 1.2.3']),
      },
    ],
    [
      'the old field and all that it has',
      {
        ...chartFiles('app/old/redis'),
        'app/own.yaml': 'own: 1\nsize: 5\n',
        'app/kustomization.yaml': `helmChartInflationGenerator:\n- {chartName: redis, releaseName: r, chartHome: old, chartVersion: 1.2.3, values: own.yaml, valuesLocal: {size: 2}, valuesMerge: merge, releaseNamespace: there, helmHome: h, extraArgs: [x]}\n`,
      },
    ],
  ])('%s', async (_name, files, job = { loadRestrictionsNone: false }) => {
    const { documents, error } = await build(files, undefined, job);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock(files, job.loadRestrictionsNone));
    expect(JSON.stringify(documents)).toContain('"kube"');
  });
});

describe('what charts make is changed as kustomize changes it:', () => {
  const odd = {
    'app/charts/odd/Chart.yaml': 'apiVersion: v2\nname: odd\nversion: 1.0.0\n',
    'app/charts/odd/values.yaml': '{}\n',
    'app/charts/odd/templates/list.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${cm('in-a-list').trim().replace(/\n/g, '\n  ')}\n`,
    'app/charts/odd/templates/odd.yaml': [
      cm('odd', 'data: &data {yes: yes, float: 1.0, exp: 1e3, big: 12345678901234567890, octal: 0777, text: "0777", date: 2020-01-01}'),
      'again: *data',
      'list: [1, null, "", ~]',
      'text: |\n  a\n  ---\n   b  \n',
    ].join('\n'),
    'app/charts/odd/templates/local.yaml': cm('local').replace('{', '{annotations: {config.kubernetes.io/local-config: "true"}, '),
    'app/charts/odd/templates/bare.yaml': cm('bare').replace('{', '{annotations: {a: b}, labels: {c: d}, '),
  };
  const everything = [
    'namePrefix: x-\nnameSuffix: -y\nnamespace: here',
    'labels: [{pairs: {l: "1"}, includeSelectors: true}]\ncommonAnnotations: {an: "2"}',
    'images: [{name: redis, newTag: "9"}]\nreplicas: [{name: r-redis, count: 4}]',
    'patches:\n- {target: {kind: Deployment, labelSelector: "app=redis"}, patch: "- {op: add, path: /spec/paused, value: true}"}',
    '- patch: |-\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: r-redis, namespace: here}\n    data: {patched: "yes"}',
    'replacements:\n- source: {kind: ConfigMap, name: r-redis, fieldPath: data.kube}\n  targets:\n  - select: {kind: ConfigMap, name: own}\n    fieldPaths: [data.kube]\n    options: {create: true}',
    'configMapGenerator:\n- {name: own, literals: [a=1], options: {labels: {g: h}, disableNameSuffixHash: true}}\nsecretGenerator: [{name: s, literals: [a=1], type: Opaque}]',
    'generatorOptions: {annotations: {go: "3"}}\nbuildMetadata: [managedByLabel]\nsortOptions: {order: legacy, legacySortOptions: {orderFirst: [Secret]}}',
  ].join('\n');
  it.each<[string, Files]>([
    ['all fields at once', one('', { 'app/kustomization.yaml': `${everything}\n${kustomizationOf(['name: redis, releaseName: r'])}` })],
    [
      'two charts, one of them twice',
      {
        ...REDIS,
        ...odd,
        'app/kustomization.yaml': kustomizationOf(['name: redis, releaseName: a', 'name: odd', 'name: redis, releaseName: b']),
      },
    ],
    [
      'values and kinds of all sorts',
      { ...odd, 'app/kustomization.yaml': `namePrefix: x-\nnamespace: here\n${kustomizationOf(['name: odd'])}` },
    ],
    [
      'a chart that makes nothing, alone',
      {
        'app/charts/none/Chart.yaml': 'apiVersion: v2\nname: none\nversion: 1.0.0\n',
        'app/charts/none/values.yaml': '',
        'app/charts/none/templates/x.yaml': '# nothing\n',
        'app/kustomization.yaml': kustomizationOf(['name: none']),
      },
    ],
    [
      'a base, with the namespace of what it is a base of',
      {
        ...BASE,
        'app/kustomization.yaml': 'resources: [../mid, cm.yaml]\nnamespace: here\nnamePrefix: x-\n',
        'app/cm.yaml': cm('own'),
        'mid/kustomization.yaml': 'resources: [../base]\nnameSuffix: -y\n',
        'base/kustomization.yaml': kustomizationOf(['name: redis, releaseName: r', 'name: redis, releaseName: s, namespace: own']),
      },
    ],
    [
      'one base, with the namespace of each of its overlays',
      {
        ...BASE,
        'app/kustomization.yaml': 'resources: [a, b, ../plain]\nnamespace: outer\n',
        'app/a/kustomization.yaml': 'resources: [../../base]\nnamePrefix: a-\nnamespace: of-a\n',
        'app/b/kustomization.yaml': 'resources: [../../base]\nnamePrefix: b-\nnamespace: of-b\n',
        'plain/kustomization.yaml': 'resources: [../base]\nnamePrefix: plain-\n',
        'base/kustomization.yaml': kustomizationOf(['name: redis, releaseName: r']),
      },
    ],
    [
      'a base that fails in any other namespace',
      {
        ...BASE,
        'base/charts/redis/templates/strict.yaml': '{{ if ne .Release.Namespace "here" }}{{ fail "elsewhere" }}{{ end }}',
        'app/kustomization.yaml': 'resources: [../base]\nnamespace: here\n',
        'base/kustomization.yaml': kustomizationOf(['name: redis, releaseName: r']),
      },
    ],
    [
      'one base, without a namespace first and then with one',
      {
        ...BASE,
        'app/kustomization.yaml': 'resources: [../base, ../over]\n',
        'over/kustomization.yaml': 'resources: [../base]\nnamePrefix: over-\nnamespace: of-over\n',
        'base/kustomization.yaml': kustomizationOf(['name: redis, releaseName: r']),
      },
    ],
    [
      'components, for their own objects and for those of others',
      {
        ...REDIS,
        ...chartFiles('part/charts/other'),
        'app/kustomization.yaml': `components: [../part]\nnamespace: here\n${kustomizationOf(['name: redis, releaseName: r'])}`,
        'part/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: p-\n${kustomizationOf(['name: other, releaseName: o'])}`,
      },
    ],
    [
      'a schema of its own',
      one('', {
        'app/schema.json': '{"definitions": {}}',
        'app/kustomization.yaml': `openapi: {path: schema.json}\nnamePrefix: x-\n${kustomizationOf(['name: redis, releaseName: r'])}`,
      }),
    ],
    [
      'names of fields in any case, in a file of another name',
      {
        ...REDIS,
        'app/Kustomization': 'HelmCharts:\n- {Name: redis, releasename: r}\nNamePrefix: x-\nBases: [../other]\n',
        'other/kustomization.yml': 'resources: [cm.yaml]\n',
        'other/cm.yaml': cm('o'),
      },
    ],
    [
      'a chart behind links of the repository',
      {
        ...chartFiles('shared/redis'),
        'app/charts': { link: '../shared' },
        'app/kustomization.yaml': `${kustomizationOf(['name: redis, releaseName: r, valuesFile: v.yaml'])}`,
        'app/v.yaml': 'a: 1\n',
      },
    ],
    [
      'a chart with charts of its own',
      one('name: redis, releaseName: r, valuesInline: {sub: {size: 8}}', {
        ...chartFiles('app/charts/redis/charts/sub'),
        'app/charts/redis/.helmignore': 'templates/ignored.yaml\n',
        'app/charts/redis/templates/ignored.yaml': '{{ fail "read" }}',
      }),
    ],
  ])('%s', async (_name, files) => {
    const { documents, error } = await build(files);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock(files));
  });

  it('notes of where an object comes from', async () => {
    const files = {
      ...REDIS,
      ...BASE,
      'app/kustomization.yaml': `buildMetadata: [originAnnotations, transformerAnnotations]\nresources: [../base]\ngenerators: [deep/g.yaml]\nnamespace: here\nnamePrefix: x-\n${kustomizationOf(['name: redis, releaseName: r'])}`,
      'app/deep/g.yaml': generator('name: redis\nreleaseName: g', 'gen'),
      'base/kustomization.yaml': `resources: [cm.yaml]\nnameSuffix: -b\ngenerators:\n${block(generator('name: redis\nreleaseName: h'))}${kustomizationOf(['name: redis, releaseName: b'])}`,
      'base/cm.yaml': cm('base'),
    };
    const { documents, error } = await build(files);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock(files));
    expect(JSON.stringify(documents)).toContain('configuredIn: ../base/kustomization.yaml');
  });

  it('in the order of the file, behind resources and before what is generated', async () => {
    const files = one('', {
      'app/cm.yaml': cm('first'),
      'app/kustomization.yaml': `sortOptions: {order: fifo}\nresources: [cm.yaml]\nconfigMapGenerator: [{name: made}]\n${kustomizationOf(['name: redis, releaseName: r'])}`,
    });
    const { documents } = await build(files);
    const expected = await stock(files);
    const sorted = (objects: unknown) => (objects as object[]).map((object) => JSON.stringify(object)).sort(); // both are lists
    expect(sorted(documents)).toEqual(sorted(expected));
    expect(documents?.[0]).toMatchObject({ metadata: { name: 'first' } });
    expect(documents?.at(-1)).toMatchObject({ metadata: { name: expect.stringMatching(/^made-/) } });
  });
});

describe('a generator', () => {
  it.each<[string, Files]>([
    ['in a file', one('', { 'app/kustomization.yaml': 'generators: [g.yaml]\n', 'app/g.yaml': generator('name: redis\nreleaseName: r') })],
    [
      'written in the kustomization, whose namespace it does not take',
      one('', { 'app/kustomization.yaml': `namespace: here\ngenerators:\n${block(generator('name: redis\nreleaseName: r'))}` }),
    ],
    [
      'that is told other versions, or none',
      one('', {
        'app/kustomization.yaml': 'generators: [g.yaml, h.yaml]\n',
        'app/g.yaml': generator('name: redis\nreleaseName: r\nkubeVersion: 1.20.1\napiVersions: [y.example/v1]'),
        'app/h.yaml': generator('name: redis\nreleaseName: s\nkubeVersion: ""\napiVersions: []', 'h'),
      }),
    ],
    [
      'whose kind is written with an escape, in JSON and behind another document',
      one('', {
        'app/kustomization.yaml': 'generators: [g.yaml, j.json]\n',
        'app/g.yaml': `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nname: made\nliterals: [a=1]\n---\n${generator('name: redis\nreleaseName: r').replace('HelmChart', '"\\x48elmChart').replace('Generator', 'Generator"')}`,
        'app/j.json':
          '{"apiVersion": "builtin", "kind": "HelmChartInflation\\u0047enerator", "metadata": {"name": "j"}, "name": "redis", "releaseName": "j"}',
      }),
    ],
    [
      'that merges into what a chart made',
      one('', {
        'app/kustomization.yaml': `namespace: here\ngenerators: [g.yaml]\n${kustomizationOf(['name: redis, releaseName: r'])}`,
        'app/g.yaml':
          'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: any}\nname: r-redis\nnamespace: here\nbehavior: merge\nliterals: [merged=yes]\noptions: {disableNameSuffixHash: true}\n',
      }),
    ],
  ])('%s', async (_name, files) => {
    const { documents, error } = await build(files);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock(files));
  });
});

describe('what kustomize refuses is refused:', () => {
  it.each<[string, Files, string]>([
    ['a chart that is not there', one('name: none, releaseName: r'), 'no repo specified for pull, no chart found at'],
    ['a chart without a name', one('releaseName: r'), 'chart name cannot be empty'],
    [
      'a name and a template for one',
      one('name: redis, releaseName: r, nameTemplate: x'),
      'cannot set --name-template and also specify a name',
    ],
    ['another way to merge', one('name: redis, valuesMerge: mix'), 'valuesMerge must be one of [merge override replace]'],
    ['a file of values that is not there', one('name: redis, valuesFile: none.yaml'), 'no such file or directory'],
    [
      'one more file of values that is not there',
      one('name: redis, additionalValuesFiles: [none.yaml]'),
      'could not load additionalValuesFile',
    ],
    [
      'a file of values in another folder',
      one('name: redis, valuesFile: ../v.yaml', { 'v.yaml': 'a: 1\n' }),
      "v.yaml' is not in or below '",
    ],
    [
      'a chart beside the kustomization, for the values in it',
      {
        ...chartFiles('charts/redis'),
        'app/kustomization.yaml': `helmGlobals: {chartHome: ../charts}\n${kustomizationOf(['name: redis'])}`,
      },
      "values.yaml' is not in or below '",
    ],
    ['a chart without values', { ...one('name: redis'), 'app/charts/redis/values.yaml': { link: 'none' } }, 'no such file or directory'],
    ['a Kubernetes version that is none', one('name: redis, kubeVersion: new'), "invalid kube version 'new'"],
    [
      'a template that fails',
      one('name: redis', { 'app/charts/redis/templates/x.yaml': '{{ fail "no size" }}' }),
      'execution error at (redis/templates/x.yaml:1:3): no size',
    ],
    [
      'values that the schema of the chart does not allow',
      one('name: redis', { 'app/charts/redis/values.schema.json': '{"required": ["must"]}' }),
      "missing property 'must'",
    ],
    [
      'one object twice',
      { ...REDIS, 'app/kustomization.yaml': kustomizationOf(['name: redis', 'name: redis']) },
      'ConfigMap.v1.[noGrp]/release-name-redis',
    ],
  ])('%s', async (_name, files, message) => {
    const { error } = await build(files);
    expect(error).toContain(message);
    expect(error).not.toMatch(/evk-|beside-|\/[A-Z2-7]{26}/);
    expect(await stock(files)).toContain(
      message.replace('ConfigMap.v1.[noGrp]/release-name-redis', "exists; can not use behavior: 'unspecified'"),
    );
  });

  it('any chart where charts are not enabled', async () => {
    expect((await build(one('name: redis'), undefined, { enableHelm: false })).error).toContain('must specify --enable-helm');
  });
});

describe('a chart from elsewhere', () => {
  const FROM_AFAR = 'name: redis, repo: "https://charts.example/stable", version: 1.2.3, releaseName: r';
  const files = { 'app/kustomization.yaml': kustomizationOf([FROM_AFAR]) };
  const key = 'https://charts.example/stable|redis|1.2.3';
  const fetched = { files: chartFiles('redis'), charts: { [key]: 'redis' } };

  it('must be fetched first, each once, with files of values at URLs', async () => {
    const more = {
      'app/kustomization.yaml': `${kustomizationOf([FROM_AFAR, FROM_AFAR, 'name: other, repo: "oci://reg.example/x"'])}generators: [g.yaml]\n`,
      'app/g.yaml': generator('name: third\nrepo: https://third.example\n'),
      ...chartFiles('app/charts/fourth'),
    };
    expect(await build(more)).toMatchObject({
      needs: [
        { kind: 'chart', repository: 'https://charts.example/stable', name: 'redis', version: '1.2.3' },
        { kind: 'chart', repository: 'oci://reg.example/x', name: 'other' },
        { kind: 'chart', repository: 'https://third.example', name: 'third' },
      ],
    });
    const url = 'https://files.example/v1/values.yaml';
    expect(await build(one(`name: redis, valuesFile: "${url}"`))).toMatchObject({ needs: [{ kind: 'remote', text: url }] });
  });

  it('stands where kustomize looks for it, as often as it is asked for', async () => {
    const twice = { 'app/kustomization.yaml': kustomizationOf([FROM_AFAR, FROM_AFAR.replace('releaseName: r', 'releaseName: s')]) };
    const { documents, error, reads } = await build(twice, fetched);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock({ ...twice, ...chartFiles('app/charts/redis-1.2.3/redis') }));
    expect(reads).toEqual({ '': expect.arrayContaining(['app/charts', 'app/charts/', 'app/kustomization.yaml']), fetched: ['redis/'] });
  });

  it('has what it depends on fetched too', async () => {
    const depends = 'dependencies: [{name: sub, version: ^1, repository: "https://charts.example/other"}]\n';
    const chart = { ...fetched.files, 'redis/Chart.yaml': `apiVersion: v2\nname: redis\nversion: 1.2.3\n${depends}` };
    const sub = 'https://charts.example/other|sub|^1';
    expect(await build(files, { ...fetched, files: chart })).toMatchObject({ needs: [{ kind: 'chart', name: 'sub', version: '^1' }] });
    const { documents, error } = await build(files, {
      files: { ...chart, ...chartFiles('sub') },
      charts: { ...fetched.charts, [sub]: 'sub' },
    });
    expect(error).toBeUndefined();
    expect(documents?.map((object) => (object as { metadata: { name: string } }).metadata.name)).toContain('r-sub'); // chartFiles made it
  });

  it('may be that of a base from elsewhere, and lie beside it', async () => {
    const remote = 'https://git.example/x/y//base?ref=v1';
    const base = {
      ...BASE,
      'base/kustomization.yaml': kustomizationOf(['name: redis, releaseName: r', FROM_AFAR.replace('releaseName: r', 'releaseName: s')]),
    };
    const app = { 'app/kustomization.yaml': `buildMetadata: [originAnnotations]\nresources: ["${remote}"]\nnamespace: here\n` };
    const { documents, error } = await build(app, {
      files: { ...base, ...fetched.files },
      charts: fetched.charts,
      remotes: { [remote]: 'base' },
    });
    expect(error).toBeUndefined();
    const local = { ...base, 'app/kustomization.yaml': app['app/kustomization.yaml'].replace(remote, '../base') };
    const text = JSON.stringify(await stock({ ...local, ...chartFiles('base/charts/redis-1.2.3/redis') }));
    const noted = 'configuredBy:\\n  apiVersion: builtin\\n  kind: HelmChartInflationGenerator\\n';
    const origin = `repo: https://git.example/x/y\\nref: v1\\nconfiguredIn: base/kustomization.yaml\\n${noted}`;
    expect(documents).toEqual(JSON.parse(text.replaceAll(`configuredIn: ../base/kustomization.yaml\\n${noted}`, origin)));
    expect(text).toContain('../base/kustomization.yaml');
  });

  it('is read by the namespace that its kustomization inherits', async () => {
    const app = {
      'app/kustomization.yaml': 'resources: [../base]\nnamespace: here\n',
      'base/kustomization.yaml': kustomizationOf([FROM_AFAR]),
    };
    const { documents, error } = await build(app, fetched);
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock({ ...app, ...chartFiles('base/charts/redis-1.2.3/redis') }));
  });
});

it('every file that a chart is made of is in the trace, and each that was looked for', async () => {
  const files = one('name: redis, releaseName: r, additionalValuesFiles: [a.yaml]', {
    'app/a.yaml': 'a: 1\n',
    'app/unread.yaml': '',
    'app/kustomization.yaml': `generators: [g.yaml]\n${kustomizationOf(['name: redis, releaseName: r, additionalValuesFiles: [a.yaml]', 'name: later, repo: "https://x.example"'])}`,
    'app/g.yaml': generator('name: redis\nreleaseName: g'),
  });
  const { reads } = await build(files);
  expect(reads['']).toEqual([
    ...['app/Kustomization', 'app/Kustomization/', 'app/a.yaml', 'app/charts/later', 'app/charts/later/', 'app/charts/redis/'],
    ...['app/g.yaml', 'app/kustomization.yaml', 'app/kustomization.yml', 'app/kustomization.yml/'],
  ]);
});

it('charts and plain kustomizations at once stay apart', async () => {
  const plain = { 'app/kustomization.yaml': 'resources: [cm.yaml]\n', 'app/cm.yaml': cm('a') };
  const answers = await Promise.all([one('name: redis'), plain, one('name: redis'), plain].map((files) => build(files)));
  expect(answers.map(({ documents }) => documents?.length)).toEqual([4, 1, 4, 1]);
});
