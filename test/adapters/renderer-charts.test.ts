// Kustomizations with charts: the one kind of render that starts helm, over a private folder, held against the stock kustomize.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readYaml } from '../../lib/model/yaml.ts';
import { run } from '../support/program.ts';
import { type Answer, type Files, layOut, type RendererProcess, startRenderer } from '../support/renderer.ts';

const { helm, kustomize, renderer } = inject('world');
let temporary: string;
let process: RendererProcess;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'evk-tmpdir-'));
  process = startRenderer(renderer, [], { TMPDIR: temporary });
});
afterAll(async () => {
  await process.close();
  rmSync(temporary, { recursive: true, force: true });
});

function chart(folder: string, name: string): Files {
  return {
    [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.2.3\n`,
    [`${folder}/values.yaml`]: 'size: 1\nkept: {a: 1}\n',
    [`${folder}/templates/cm.yaml`]: [
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-{{ .Chart.Name }}, namespace: {{ .Release.Namespace }}}',
      'data: {values: {{ .Values | toJson | quote }}, kube: {{ .Capabilities.KubeVersion.Version }}, has: {{ .Capabilities.APIVersions.Has "x.example/v1" | quote }}}\n',
    ].join('\n'),
    [`${folder}/crds/crd.yaml`]: 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n',
  };
}

interface Fetched {
  readonly files: Files;
  readonly charts: Readonly<Record<string, string>>;
}

async function build(files: Files, fetched?: Fetched, job: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const [own, other] = [layOut(files), layOut(fetched?.files ?? {})];
  const charts = Object.fromEntries(Object.entries(fetched?.charts ?? {}).map(([key, path]) => [key, { root: 'chart-1', path }]));
  const more = { enableHelm: true, helm, helmKubeVersion: '1.36.3', helmApiVersions: ['x.example/v1'], charts };
  try {
    return await process.ask({ roots: { '': own.dir, 'chart-1': other.dir }, job: { type: 'kustomize', folder: 'app', ...more, ...job } });
  } finally {
    own.remove();
    other.remove();
  }
}

async function stock(files: Files): Promise<unknown> {
  const source = layOut(files);
  const args = ['--enable-helm', `--helm-command=${helm}`, '--helm-kube-version=1.36.3', '--helm-api-versions=x.example/v1'];
  const ran = await run(kustomize, ['build', join(source.dir, 'app'), ...args], { env: { HOME: source.dir, PATH: '' } });
  source.remove();
  return ran.code === 0 ? readYaml(ran.stdout).documents.map(({ value }) => value) : ran.stderr;
}

const INLINE = 'valuesInline: {size: 2, more: true}';
const kustomization = (...charts: readonly string[]) => `helmCharts:\n${charts.map((text) => `- {${text}}\n`).join('')}`;
const FROM_AFAR = 'name: redis, repo: "https://charts.example/stable", version: 1.2.3, releaseName: r';

describe('a chart of the repository', () => {
  it.each([
    [
      'in the folder for charts',
      { 'app/kustomization.yaml': kustomization('name: redis, releaseName: r, includeCRDs: true'), ...chart('app/charts/redis', 'redis') },
    ],
    [
      'with values of each kind',
      {
        'app/kustomization.yaml': kustomization(
          `name: redis, releaseName: r, ${INLINE}, additionalValuesFiles: [more.yaml], valuesFile: own.yaml, valuesMerge: merge`,
        ),
        'app/own.yaml': 'own: 1\nsize: 5\n',
        'app/more.yaml': 'from: more\n',
        ...chart('app/charts/redis', 'redis'),
      },
    ],
    [
      'in a folder that globals name, in a base, with a namespace',
      {
        'app/kustomization.yaml': 'resources: [../base]\nnamespace: here\nnamePrefix: x-\n',
        'base/kustomization.yaml': `helmGlobals: {chartHome: mine}\n${kustomization('name: redis, releaseName: r')}`,
        ...chart('base/mine/redis', 'redis'),
      },
    ],
    [
      'of the old field',
      {
        'app/kustomization.yaml': 'helmChartInflationGenerator:\n- {chartName: redis, releaseName: r, chartHome: old}\n',
        ...chart('app/old/redis', 'redis'),
      },
    ],
    [
      'of a generator in a file',
      {
        'app/kustomization.yaml': 'generators: [g.yaml]\n',
        'app/g.yaml': 'apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: redis\nreleaseName: r\n',
        ...chart('app/charts/redis', 'redis'),
      },
    ],
    [
      'of a generator written inline',
      {
        'app/kustomization.yaml':
          'generators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: g}\n  name: redis\n  releaseName: r\n',
        ...chart('app/charts/redis', 'redis'),
      },
    ],
  ])('%s', async (_name, files: Files) => {
    const answer = await build(files);
    expect(answer.error).toBeUndefined();
    expect(answer.documents).toEqual(await stock(files));
    expect(answer.documents?.length).toBeGreaterThan(0);
    expect(answer.reads['']?.some((path) => /(charts|mine|old)\/redis\/$/.test(path))).toBe(true);
  });

  it('that fails says so as kustomize does, with nothing of the machine in it', async () => {
    const files = {
      'app/kustomization.yaml': kustomization('name: redis, releaseName: r'),
      ...chart('app/charts/redis', 'redis'),
      'app/charts/redis/templates/x.yaml': '{{ fail "no size" }}',
    };
    const { error } = await build(files);
    expect(error).toContain('Error: execution error at (redis/templates/x.yaml:1:3): no size');
    expect(error).toContain("unable to run: 'helm template r <path to cached source>/app/charts/redis");
    expect(error).not.toMatch(new RegExp(`${temporary}|evk-|${helm}`));
  });
});

describe('a chart from elsewhere', () => {
  const files = { 'app/kustomization.yaml': kustomization(FROM_AFAR) };
  const key = 'https://charts.example/stable|redis|1.2.3';

  it('must be fetched first, each once', async () => {
    const more = {
      'app/kustomization.yaml': kustomization(FROM_AFAR, FROM_AFAR, 'name: other, repo: "oci://reg.example/x", releaseName: o'),
    };
    expect(await build(more)).toMatchObject({
      needs: [
        { kind: 'chart', repository: 'https://charts.example/stable', name: 'redis', version: '1.2.3' },
        { kind: 'chart', repository: 'oci://reg.example/x', name: 'other' },
      ],
    });
  });

  it('stands where kustomize looks for it', async () => {
    const { documents, error, reads } = await build(files, { files: chart('redis', 'redis'), charts: { [key]: 'redis' } });
    expect(error).toBeUndefined();
    expect(documents).toEqual(await stock({ ...files, ...chart('app/charts/redis-1.2.3/redis', 'redis') }));
    expect(reads['chart-1']).toEqual(['redis/']);
  });

  it('is not asked for when it is in the repository', async () => {
    const { documents } = await build({ ...files, ...chart('app/charts/redis-1.2.3/redis', 'redis') });
    expect(documents).toHaveLength(1);
  });

  it('is the same error as ever when charts are not enabled', async () => {
    expect((await build(files, undefined, { enableHelm: false })).error).toContain('must specify --enable-helm');
  });
});

describe('helm', () => {
  it.each([
    ['a folder for charts that leads out', 'helmGlobals: {chartHome: ../../../../etc}\n', 'leads outside the repository'],
    ['an absolute folder for charts', 'helmGlobals: {chartHome: /etc}\n', 'leads outside the repository'],
    ['settings and plugins of the repository', 'helmGlobals: {configHome: ./home}\n', 'configHome is not supported'],
  ])('is not given %s', async (_name, globals, message) => {
    const files = {
      'app/kustomization.yaml': `${globals}${kustomization('name: redis, releaseName: r, valuesFile: v.yaml')}`,
      'app/v.yaml': '',
    };
    expect((await build({ ...files, ...chart('app/charts/redis', 'redis') })).error).toContain(message);
  });

  it('is not given a chart whose name leads out', async () => {
    const files = { 'app/kustomization.yaml': kustomization('name: ../../../etc, releaseName: r') };
    expect((await build(files)).error).toContain('leads outside the repository');
  });

  it('is not given charts of generators that a folder renders', async () => {
    const files = {
      'app/kustomization.yaml': `generators: [g]\n${kustomization('name: redis, releaseName: r')}`,
      'app/g/kustomization.yaml': 'resources: []\n',
      ...chart('app/charts/redis', 'redis'),
    };
    expect((await build(files)).error).toContain('list the files of generators themselves');
  });

  it('leaves nothing behind, and builds at once stay apart', async () => {
    const source = { 'app/kustomization.yaml': kustomization('name: redis, releaseName: r'), ...chart('app/charts/redis', 'redis') };
    const plain = {
      'app/kustomization.yaml': 'resources: [cm.yaml]\n',
      'app/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
    };
    const answers = await Promise.all([source, plain, source, plain, source].map((files) => build(files)));
    expect(answers.map(({ documents }) => documents?.length)).toEqual([1, 1, 1, 1, 1]);
    expect(existsSync(temporary) && readdirSync(temporary)).toEqual([]);
  });
});
