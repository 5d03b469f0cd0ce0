// Kustomizations with charts that ask for more than the repository: refused, with nothing read, written, reached or started.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { chartFiles, kustomizationOf } from '../support/kustomize-charts.ts';
import { type Answer, type Files, layOut, type RendererProcess, startRenderer } from '../support/renderer.ts';

const { renderer } = inject('world');
const requests: string[] = [];
const server = createServer((request, response) => {
  requests.push(request.url ?? '');
  response.end('{}');
});
let outside: string;
let temporary: string;
let started: string;
let process: RendererProcess;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), 'evk-outside-'));
  [temporary, started] = [join(outside, 'tmp'), join(outside, 'started')];
  mkdirSync(temporary);
  writeFileSync(join(outside, 'schema.json'), '{"title": "canary"}');
  for (const [path, text] of Object.entries(chartFiles('redis'))) {
    mkdirSync(join(outside, path, '..'), { recursive: true });
    writeFileSync(join(outside, path), String(text).replace('size: 1', 'size: canary'));
  }
  for (const name of ['helm', 'git', 'kustomize']) {
    writeFileSync(join(outside, name), `#!/bin/sh\n: > ${started}\n`);
    chmodSync(join(outside, name), 0o755);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process = startRenderer(renderer, [], { TMPDIR: temporary, PATH: outside });
});
afterAll(async () => {
  await process.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(outside, { recursive: true, force: true });
});

/** Page faults of children that a process has waited for: some as soon as it has started one, whatever that was. */
function faultsOfChildren(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[8];
}

afterEach(() => {
  expect(requests).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
  expect(existsSync(started)).toBe(false);
  expect(faultsOfChildren(process.pid)).toBe('0');
});

/** What becomes of a source that must not change by it; `helm` is what a caller could name. */
async function build(files: Files): Promise<Answer> {
  const source = layOut(files);
  const listed = () => readdirSync(source.dir, { recursive: true }).sort();
  const before = listed();
  try {
    const helm = join(outside, 'helm');
    const answer = await process.ask({ roots: { '': source.dir }, job: { type: 'kustomize', folder: 'app', enableHelm: true, helm } });
    expect(listed()).toEqual(before);
    expect(JSON.stringify(answer)).not.toContain('canary');
    return answer;
  } finally {
    source.remove();
  }
}

const REDIS = chartFiles('app/charts/redis');
const app = (text: string, more: Files = {}): Files => ({ ...REDIS, 'app/kustomization.yaml': text, ...more });
const one = (entry: string, more: Files = {}) => app(kustomizationOf([entry]), more);
const generator = (fields: string, kind = 'HelmChartInflationGenerator') =>
  `apiVersion: builtin\nkind: ${kind}\nmetadata: {name: g}\nname: redis\nreleaseName: r\n${fields}`;
const OUT = 'leads outside the repository';

describe('a chart is not taken from outside:', () => {
  it.each<[string, (outside: string) => Files, string]>([
    ['chartHome that is absolute', (dir) => app(`helmGlobals: {chartHome: ${dir}}\n${kustomizationOf(['name: redis'])}`), OUT],
    ['chartHome that leads up', (dir) => app(`helmGlobals: {chartHome: ../../../..${dir}}\n${kustomizationOf(['name: redis'])}`), OUT],
    ['chartHome of the old field', (dir) => app(`helmChartInflationGenerator:\n- {chartName: redis, chartHome: ${dir}}\n`), OUT],
    ['a name that leads up', (dir) => one(`name: ../../../../..${dir}/redis`), OUT],
    ['a name that is a folder up', () => one('name: ".."'), OUT],
    ['a version that leads up', (dir) => one(`name: redis, repo: "https://x.example", version: "/../../../../../..${dir}"`), OUT],
    [
      'a chart behind a link',
      (dir) => ({ 'app/kustomization.yaml': kustomizationOf(['name: redis']), 'app/charts/redis': { link: `${dir}/redis` } }),
      OUT,
    ],
    ['a home behind a link', (dir) => ({ 'app/kustomization.yaml': kustomizationOf(['name: redis']), 'app/charts': { link: dir } }), OUT],
    ['a template behind a link', (dir) => one('name: redis', { 'app/charts/redis/templates/x.yaml': { link: `${dir}/schema.json` } }), OUT],
    [
      'a file of values behind a link',
      (dir) => one('name: redis, valuesFile: v.yaml', { 'app/v.yaml': { link: `${dir}/redis/values.yaml` } }),
      OUT,
    ],
    ['a file of values that is absolute', (dir) => one(`name: redis, valuesFile: ${dir}/redis/values.yaml`), OUT],
    ['one more file of values that is absolute', (dir) => one(`name: redis, additionalValuesFiles: [${dir}/redis/values.yaml]`), OUT],
    [
      'one more file of values that leads up',
      (dir) => one(`name: redis, additionalValuesFiles: [../../../../..${dir}/redis/values.yaml]`),
      OUT,
    ],
    ['a generator with a home outside', (dir) => app('generators: [g.yaml]\n', { 'app/g.yaml': generator(`chartHome: ${dir}\n`) }), OUT],
    [
      'a generator whose kind is written with an escape',
      (dir) => app('generators: [g.yaml]\n', { 'app/g.yaml': generator(`chartHome: ${dir}\n`, '"\\x48elmChartInflationGenerator"') }),
      OUT,
    ],
    [
      'a dependency beside the repository',
      (dir) =>
        one('name: redis', {
          'app/charts/redis/Chart.yaml': `apiVersion: v2\nname: redis\nversion: 1.0.0\ndependencies: [{name: x, version: "*", repository: "file://../../../../../../..${dir}/redis"}]\n`,
        }),
      OUT,
    ],
  ])('%s', async (_name, files, message) => {
    expect((await build(files(outside))).error).toContain(message);
  });

  it.each<[string, string, Files]>([
    ['a folder of generators', 'generators: [g]\n', { 'app/g/kustomization.yaml': 'resources: [g.yaml]\n', 'app/g/g.yaml': generator('') }],
    [
      'a folder of generators that patches one together',
      'generators: [g]\n',
      {
        'app/g/kustomization.yaml': `resources: [g.yaml]\npatches:\n- target: {kind: X}\n  options: {allowKindChange: true}\n  patch: '[{"op": "replace", "path": "/kind", "value": "HelmChartInflationGenerator"}]'\n`,
        'app/g/g.yaml': generator('', 'X'),
      },
    ],
    ['transformers', 'resources: [cm.yaml]\ntransformers: [g.yaml]\n', { 'app/g.yaml': generator('') }],
  ])('%s', async (_name, text, more) => {
    const { error } = await build(app(text, { 'app/cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n', ...more }));
    expect(error).toContain('HelmChartInflationGenerator is inflated where generators lists its text or its file, not from a folder');
  });

  it('configHome has no effect, wherever it leads', async () => {
    for (const home of [outside, '../../..', './home']) {
      const { error, reads } = await build(
        app(`helmGlobals: {configHome: ${home}}\n${kustomizationOf(['name: redis'])}`, { 'app/home/x': '' }),
      );
      expect(error).toBeUndefined();
      expect(reads['']?.filter((path) => path.includes('home'))).toEqual([]);
    }
  });
});

describe('a value schema reaches nothing:', () => {
  it.each<[string, () => string]>([
    ['a file', () => `file://${outside}/schema.json`],
    ['the loopback address', () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/schema`],
    ['another host', () => 'https://example.com/schema.json'],
  ])('%s', async (_name, ref) => {
    const schema = JSON.stringify({ properties: { size: { $ref: ref() } } });
    const { error } = await build(one('name: redis', { 'app/charts/redis/values.schema.json': schema }));
    expect(error).toContain('the network is closed while rendering');
    const sub = { ...chartFiles('app/charts/redis/charts/sub'), 'app/charts/redis/charts/sub/values.schema.json': schema };
    expect((await build(one('name: redis', sub))).error).toContain('the network is closed while rendering');
  });
});

describe('a name template reaches nothing:', () => {
  it.each(['env "PATH"', 'expandenv "$PATH"', 'getHostByName "localhost"'])('%s', async (call) => {
    expect((await build(one(`name: redis, nameTemplate: '{{ ${call} }}'`))).error).toMatch(/function "\w+" not defined/);
  });
});

describe('what grows without end is refused:', () => {
  const levels = (last: number) =>
    Array.from({ length: last }, (_, at) => `l${at + 1}: &l${at + 1} [${`*l${at}, `.repeat(10)}]`).join('\n');
  const laughs = `l0: &l0 [x]\n${levels(9)}\n`;
  it.each<[string, Files, string | RegExp]>([
    ['repeat', one('name: redis', { 'app/charts/redis/templates/x.yaml': 'a: {{ repeat 999999999 "x" }}' }), 'more than 67108864 bytes'],
    [
      'a loop',
      one('name: redis', { 'app/charts/redis/templates/x.yaml': 'kind: X\n# {{ range until 70000 }}{{ repeat 1000 "x" }}{{ end }}' }),
      /the chart renders to \d+ bytes, more than/,
    ],
    [
      'many charts',
      app(kustomizationOf(['a', 'b', 'c'].map((name) => `name: redis, releaseName: ${name}`)), {
        'app/charts/redis/templates/x.yaml': 'kind: ConfigMap\nmetadata: {name: {{ .Release.Name }}-x}\n# {{ repeat 23000000 "x" }}\n',
      }),
      'the charts render to more than 67108864 bytes',
    ],
    ['a name', one(`name: redis, nameTemplate: '{{ range until 10000000 }}xxxxxxxx{{ end }}'`), 'a release name is longer than'],
    ['aliases in what is made', one('name: redis', { 'app/charts/redis/templates/x.yaml': laughs }), 'excessive aliasing'],
    ['aliases in a definition', one('name: redis, includeCRDs: true', { 'app/charts/redis/crds/x.yaml': laughs }), 'excessive aliasing'],
    ['aliases in a file of values', one('name: redis, valuesFile: v.yaml', { 'app/v.yaml': laughs }), 'excessive aliasing'],
    [
      'aliases in a generator',
      app('generators: [g.yaml]\n', { 'app/g.yaml': generator(`valuesInline:\n  ${laughs.replaceAll('\n', '\n  ')}\n`) }),
      'excessive aliasing',
    ],
    [
      'aliases in a generator in the kustomization',
      app(`generators:\n- |\n  ${generator(`valuesInline:\n  ${laughs.replaceAll('\n', '\n  ')}`).replaceAll('\n', '\n  ')}\n`),
      'excessive aliasing',
    ],
  ])('%s', async (_name, files, message) => {
    expect((await build(files)).error).toMatch(message);
  });
});
