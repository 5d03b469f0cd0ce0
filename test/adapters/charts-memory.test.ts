// What reading a large index takes of the machine, in each way that an index is written.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInput } from '../../lib/model/errors.ts';
import { chartsUnderTest, thrown } from '../support/charts.ts';
import { type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { type MeasuredProgram, measuredProgram } from '../support/peak-memory.ts';
import { world } from '../world/world.ts';

const MIB = 1024 * 1024;
/** As charts of Helm repositories have it, about 500 bytes. */
const entry = (chart: string, version: string) => ({
  apiVersion: 'v2',
  appVersion: '7.2.4',
  created: '2026-01-02T03:04:05.678901234Z',
  description: 'A chart that says what it is about in a line of ordinary length: not short',
  digest: 'a'.repeat(64),
  keywords: ['database', 'cache'],
  maintainers: [{ name: 'ann', email: 'ann@charts.example' }],
  name: chart,
  sources: [`https://git.example/${chart}`],
  urls: [`charts/${chart}-${version}.tgz`],
  version,
});
type Entry = ReturnType<typeof entry>;

const STYLES = {
  'block style': (charts: ReadonlyMap<string, readonly Entry[]>) =>
    `apiVersion: v1\nentries:\n${[...charts].map(([name, entries]) => `  ${name}:\n${entries.map(blockItem).join('')}`).join('')}generated: "x"\n`,
  JSON: (charts: ReadonlyMap<string, readonly Entry[]>) => JSON.stringify({ apiVersion: 'v1', entries: Object.fromEntries(charts) }),
  'flow style': (charts: ReadonlyMap<string, readonly Entry[]>) =>
    `apiVersion: v1\nentries:\n${[...charts].map(([name, entries]) => `  ${name}: ${flow(entries)}\n`).join('')}`,
};

function blockItem(item: Entry): string {
  const lines = Object.entries(item).flatMap(([field, value]) =>
    typeof value === 'string' ? [`${field}: ${JSON.stringify(value)}`] : [`${field}:`, ...value.map((one) => `- ${flow(one)}`)],
  );
  return lines.map((line, index) => `${index === 0 ? '  - ' : '    '}${line}\n`).join('');
}

function flow(value: unknown): string {
  return JSON.stringify(value).replaceAll('":', '": ');
}

/** So many charts with so many versions each that their index has about this size. */
function chartsOf(size: number, count: number): ReadonlyMap<string, readonly Entry[]> {
  const versions = Math.floor(size / count / 530);
  const names = Array.from({ length: count }, (_none, at) => `chart${at}`);
  return new Map(names.map((name) => [name, Array.from({ length: versions }, (_none, at) => entry(name, `1.${at}.0`))]));
}

let remote: HelmRemote;
let folder: string;
let program: MeasuredProgram;
beforeAll(async () => {
  remote = await startHelmRemote();
  folder = mkdtempSync(join(tmpdir(), 'evk-memory-'));
  program = measuredProgram(world().renderer, folder);
});
beforeEach(() => void program.peak());
afterAll(async () => {
  program.stop();
  await remote.close();
  rmSync(folder, { recursive: true, force: true });
});

const newest = (chart: string) =>
  chartsUnderTest({ cacheDir: join(folder, 'cache'), options: { renderer: program.path } }).resolveRevision(
    { repoURL: remote.url, chart, targetRevision: '*' },
    0,
    'shop',
  );

describe('an index of 60 MiB', () => {
  it.each([
    ['block style', 200, 96],
    ['block style', 1, 160],
    ['JSON', 200, 96],
    ['JSON', 1, 160],
  ] as const)('in %s, of %i charts, is read with less than %i MiB', async (style, count, mib) => {
    const charts = chartsOf(60 * MIB, count);
    const text = STYLES[style](charts);
    expect(text.length).toBeGreaterThan(52 * MIB);
    remote.serve('/index.yaml', text);
    expect(await newest('chart0')).toBe(charts.get('chart0')?.at(-1)?.version);
    const peak = program.peak();
    expect(peak).toBeGreaterThan(10);
    expect(peak).toBeLessThan(mib);
    expect((await thrown(newest('chart'))).message).toBe("chart 'chart' not found in index");
    expect(program.peak()).toBeLessThan(96);
  });

  it('in flow style is refused with the way out, and with less than 96 MiB', async () => {
    const text = STYLES['flow style'](chartsOf(60 * MIB, 200));
    remote.serve('/index.yaml', text);
    const error = await thrown(newest('chart0'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toBe(
      `failed to get index: ${remote.url}/index.yaml is ${Math.floor(text.length / MIB)} MiB and neither JSON nor YAML in block style, ` +
        'and such an index may have 8 MiB: publish it as helm repo index writes it, with or without --json',
    );
    expect(program.peak()).toBeLessThan(96);
  });
});

it('an index of 8 MiB in flow style is read with less than 256 MiB', async () => {
  const charts = chartsOf(7 * MIB, 50);
  remote.serve('/index.yaml', STYLES['flow style'](charts));
  expect(await newest('chart0')).toBe(charts.get('chart0')?.at(-1)?.version);
  expect(program.peak()).toBeLessThan(256);
});

describe('an index that is made to fill the memory', () => {
  const bomb = `entries: {}\na: [${'a,'.repeat(4 * MIB - 20)}]\n`;
  const versions = `{"apiVersion":"v1","entries":{"chart0":[${'{"version":"1.0.0"},'.repeat(3 * MIB)}{}]}}`;

  it.each([
    ['by many values in little text', bomb],
    ['by many versions of one chart', versions],
    ['by many versions of one chart, sent gzipped', gzipSync(versions)],
  ])('%s is given up at the limit', async (_name, text) => {
    remote.serve('/index.yaml', (_, response) => {
      response.writeHead(200, typeof text === 'string' ? {} : { 'content-encoding': 'gzip' }).end(text);
    });
    const error = await thrown(newest('chart0'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toBe(`${remote.url}: reading what it serves takes more than 320 MiB of memory`);
    expect(program.peak()).toBeLessThan(550);
  });

  it('in one step that the system refuses is the same', async () => {
    const refused = join(folder, 'refused');
    writeFileSync(refused, '#!/bin/sh\necho "fatal error: runtime: out of memory" >&2\nexit 2\n', { mode: 0o755 });
    const charts = chartsUnderTest({ cacheDir: join(folder, 'cache'), options: { renderer: refused } });
    const error = await thrown(charts.resolveRevision({ repoURL: remote.url, chart: 'a', targetRevision: '*' }, 0, 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toBe(`${remote.url}: reading what it serves takes more than 320 MiB of memory`);
  });
});
