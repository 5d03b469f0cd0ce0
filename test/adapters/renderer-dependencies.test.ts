// Dependencies of charts in the renderer: from the repository, from what was fetched, or said to be needed; and what stays secret.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { succeed } from '../support/program.ts';
import { type Answer, type Files, layOut, startRenderer } from '../support/renderer.ts';

const { helm, renderer } = inject('world');
const process = startRenderer(renderer);
afterAll(() => process.close());

const definition = (name: string, version: string, dependencies = '') =>
  `apiVersion: v2\nname: ${name}\nversion: ${version}\n${dependencies}`;

function chart(folder: string, name: string, version: string, dependencies = ''): Files {
  return {
    [`${folder}/Chart.yaml`]: definition(name, version, dependencies),
    [`${folder}/templates/cm.yaml`]: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}-{{ .Chart.Version }}}\n',
  };
}

async function render(files: Files, fetched: Files = {}, charts: Readonly<Record<string, string>> = {}, job: object = {}): Promise<Answer> {
  const [own, other] = [layOut(files), layOut(fetched)];
  const places = Object.fromEntries(Object.entries(charts).map(([key, path]) => [key, { root: 'charts', path }]));
  const roots = { '': own.dir, charts: other.dir };
  try {
    return await process.ask({ roots, job: { type: 'helm', folder: 'shop', releaseName: 'r', charts: places, ...job } });
  } finally {
    own.remove();
    other.remove();
  }
}

const names = ({ documents }: Answer) => documents?.map((document) => JSON.parse(JSON.stringify(document)).metadata.name);
const REPOSITORY = 'https://charts.example';
const FAR = `dependencies: [{name: redis, version: ^1, repository: "${REPOSITORY}"}, {name: pg, version: 2.0.0, repository: "oci://reg.example/charts"}]\n`;

describe('a dependency', () => {
  it('that is missing must be fetched first, and all of them are said', async () => {
    expect(await render(chart('shop', 'shop', '0.1.0', FAR))).toMatchObject({
      needs: [
        { kind: 'chart', repository: REPOSITORY, name: 'redis', version: '^1' },
        { kind: 'chart', repository: 'oci://reg.example/charts', name: 'pg', version: '2.0.0' },
      ],
    });
  });

  it('is taken from what was fetched, as a folder or as an archive', async () => {
    const source = layOut(chart('pg', 'pg', '2.0.0'));
    await succeed(helm, ['package', 'pg'], { cwd: source.dir, env: { HOME: source.dir } });
    const archive = readFileSync(join(source.dir, 'pg-2.0.0.tgz'));
    source.remove();
    const fetched = { ...chart('redis', 'redis', '1.4.0'), 'pg-2.0.0.tgz': archive };
    const charts = { [`${REPOSITORY}|redis|^1`]: 'redis', 'oci://reg.example/charts|pg|2.0.0': 'pg-2.0.0.tgz' };
    const answer = await render(chart('shop', 'shop', '0.1.0', FAR), fetched, charts);
    expect(names(answer)).toEqual(['pg-2.0.0', 'redis-1.4.0', 'shop-0.1.0']);
    expect(answer.reads['charts']).toEqual(['pg-2.0.0.tgz', 'redis/']);
  });

  it('of two names is fetched once', async () => {
    const twice = `dependencies: [{name: redis, version: 1.0.0, repository: "${REPOSITORY}", alias: a}, {name: redis, version: 1.0.0, repository: "${REPOSITORY}", alias: b}]\n`;
    expect((await render(chart('shop', 'shop', '0.1.0', twice))).needs).toHaveLength(1);
    const answer = await render(chart('shop', 'shop', '0.1.0', twice), chart('redis', 'redis', '1.0.0'), {
      [`${REPOSITORY}|redis|1.0.0`]: 'redis',
    });
    expect(names(answer)).toEqual(['a-1.0.0', 'b-1.0.0', 'shop-0.1.0']);
  });

  it('in two versions takes each', async () => {
    const both = `dependencies: [{name: redis, version: 1.0.0, repository: "${REPOSITORY}", alias: a}, {name: redis, version: 2.0.0, repository: "${REPOSITORY}", alias: b}]\n`;
    const fetched = { ...chart('one', 'redis', '1.0.0'), ...chart('two', 'redis', '2.0.0') };
    const charts = { [`${REPOSITORY}|redis|1.0.0`]: 'one', [`${REPOSITORY}|redis|2.0.0`]: 'two' };
    expect(names(await render(chart('shop', 'shop', '0.1.0', both), fetched, charts))).toEqual(['a-1.0.0', 'b-2.0.0', 'shop-0.1.0']);
  });

  it('comes from the repository itself, in the versions asked for', async () => {
    const local = (version: string) => `dependencies: [{name: lib, version: "${version}", repository: "file://../lib"}]\n`;
    const files = chart('lib', 'lib', '1.2.0');
    expect(names(await render({ ...files, ...chart('shop', 'shop', '0.1.0', local('^1')) }))).toEqual(['lib-1.2.0', 'shop-0.1.0']);
    const { error } = await render({ ...files, ...chart('shop', 'shop', '0.1.0', local('^2')) });
    expect(error).toBe("can't get a valid version for dependency lib");
    expect((await render(chart('shop', 'shop', '0.1.0', local('*')))).error).toBe('directory <path to cached source>/lib not found');
  });

  it('in charts/ is used as it is, and the others are fetched', async () => {
    const answer = await render({ ...chart('shop', 'shop', '0.1.0', FAR), ...chart('shop/charts/redis', 'redis', '1.0.0') });
    expect(answer.needs).toMatchObject([{ name: 'pg' }]);
  });
});

describe('a lock', () => {
  /** A chart with a dependency from the repository and the lock that helm writes for it. */
  async function locked(): Promise<string> {
    const local = 'dependencies: [{name: lib, version: ^1, repository: "file://../lib"}]\n';
    const source = layOut({ ...chart('shop', 'shop', '0.1.0', local), ...chart('lib', 'lib', '1.7.0') });
    await succeed(helm, ['dependency', 'update', 'shop'], { cwd: source.dir, env: { HOME: source.dir } });
    const lock = readFileSync(join(source.dir, 'shop/Chart.lock'), 'utf8');
    source.remove();
    return lock;
  }

  it('of the digest that helm writes is in sync', async () => {
    const text = await locked();
    const digest = /digest: (\S+)/.exec(text)?.[1];
    expect(digest).toMatch(/^sha256:/);
    // The same entries from another repository have another digest, so the version is told for none that the lock is not of.
    const far = `dependencies: [{name: lib, version: ^1, repository: "${REPOSITORY}"}]\n`;
    const answer = await render({ ...chart('shop', 'shop', '0.1.0', far), 'shop/Chart.lock': text.replace('file://../lib', REPOSITORY) });
    expect(answer.needs).toEqual([{ kind: 'chart', repository: REPOSITORY, name: 'lib', version: '^1' }]);
  });

  it('in sync pins the version, by which the chart may be given as well', async () => {
    const far = `dependencies: [{name: lib, version: ^1, repository: "${REPOSITORY}"}]\n`;
    const dependency = (version: string) => ({ name: 'lib', version, repository: REPOSITORY });
    const digest = await sha256(JSON.stringify([[dependency('^1')], [dependency('1.7.0')]]));
    const lock = `dependencies:\n- {name: lib, repository: "${REPOSITORY}", version: 1.7.0}\ndigest: sha256:${digest}\ngenerated: "2026-01-01T00:00:00Z"\n`;
    const files = { ...chart('shop', 'shop', '0.1.0', far), 'shop/Chart.lock': lock };
    expect((await render(files)).needs).toEqual([{ kind: 'chart', repository: REPOSITORY, name: 'lib', version: '^1', locked: '1.7.0' }]);
    const fetched = chart('lib', 'lib', '1.7.0');
    expect(names(await render(files, fetched, { [`${REPOSITORY}|lib|1.7.0`]: 'lib' }))).toEqual(['lib-1.7.0', 'shop-0.1.0']);
  });
});

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
}

describe('a secret value', () => {
  it.each([
    ['in values that do not parse', { values: 'password: *canary\n' }],
    ['in values that are no mapping', { values: '"canary"\n' }],
    ['as a key in values', { values: '? {canary: 1}\n: 2\n' }],
    ['in a parameter that does not parse', { set: [{ name: 'a', value: '{a},canary}' }] }],
    ['that does not fit the schema', { values: 'password: canary\n' }],
  ])('%s is in no message', async (_name, job) => {
    const schema = '{"properties": {"password": {"pattern": "^[0-9]+$"}}}';
    const answer = await render({ ...chart('shop', 'shop', '0.1.0'), 'shop/values.schema.json': schema }, {}, {}, job);
    expect(answer.error).toBeTruthy();
    expect(answer.error).not.toContain('canary');
  });
});
