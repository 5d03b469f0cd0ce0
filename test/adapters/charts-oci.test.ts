import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInput, NotPermitted } from '../../lib/model/errors.ts';
import type { RepositoryAccess } from '../../lib/model/repository.ts';
import { createAuthority } from '../support/certificates.ts';
import { chartsUnderTest, thrown } from '../support/charts.ts';
import { startHelmRemote } from '../support/helm-remote.ts';
import { LAYER_GZIP, OCI_USER, type OciContent, type OciRemote, startOciRemote } from '../support/oci-remote.ts';
import { chartArchive, tar, tgz } from '../support/tarball.ts';
import { world } from '../world/world.ts';

const CHART_CONFIG = 'application/vnd.cncf.helm.config.v1+json';
const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

let registry: OciRemote;
let folder: string;
let caches = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evk-oci-'));
  registry = await startOciRemote();
  for (const version of ['1.0.0', '1.2.0', '1.3.0-rc.1', '1.2.0+build.7']) await helmPush(registry.host, 'redis', version);
});
afterAll(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The stock helm's own push: `oci://HOST/charts/NAME:VERSION`. */
async function helmPush(host: string, name: string, version: string, flags: readonly string[] = ['--plain-http']): Promise<void> {
  const archive = join(folder, `${name}-${version}.tgz`);
  writeFileSync(archive, chartArchive(name, version, { 'values.yaml': `version: ${version}\n` }));
  const env = { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder, HOME: folder };
  await promisify(execFile)(world().helm, ['push', archive, `oci://${host}/charts`, ...flags], { env, timeout: 30_000 });
}

const plain = { plainHttp: true };
const basic = { plainHttp: true, credential: { kind: 'basic', ...OCI_USER } } as const;

function charts(accesses: Readonly<Record<string, Partial<RepositoryAccess>>>) {
  caches += 1;
  return chartsUnderTest({ cacheDir: join(folder, `cache-${caches}`), accesses });
}

const chartAt = (host: string, targetRevision: string, chart = 'redis') => ({ repoURL: `${host}/charts`, chart, targetRevision });
const open = () => charts({ [`${registry.host}/charts`]: plain });

describe('a chart in a registry', () => {
  it.each([
    ['1.x', '1.2.0'],
    ['~1.3.0-0', '1.3.0-rc.1'],
    ['1.2.0+build.7', '1.2.0+build.7'],
    ['7.7.7', '7.7.7'],
  ])('resolves %s to %s', async (range, version) => {
    const resolved = await open().resolveRevision(chartAt(registry.host, range), 0, 'shop');
    expect(resolved.replace(/^1\.2\.0.*$/, '1.2.0')).toBe(version.replace(/^1\.2\.0.*$/, '1.2.0'));
  });

  it.each(['1.0.0', '1.2.0+build.7', '1.3.0-rc.1'])('is had by the version %s', async (version) => {
    const checkout = await open().checkout(chartAt(registry.host, version), version, 'shop');
    expect([...checkout.files.tree.entries.keys()]).toEqual(['Chart.yaml', 'values.yaml']);
    expect(checkout.files.read('values.yaml')).toBe(`version: ${version}\n`);
  });

  it('is the greatest that a partial version stands for', async () => {
    const checkout = await open().checkout(chartAt(registry.host, '1.0'), '1.0', 'shop');
    expect(checkout.files.read('values.yaml')).toBe('version: 1.0.0\n');
  });

  it('is reached under a folder, and its last name counts', async () => {
    const url = registry.host;
    const checkout = await charts({ [url]: plain }).checkout(
      { repoURL: url, chart: 'charts/redis', targetRevision: '1.0.0' },
      '1.0.0',
      'shop',
    );
    expect(checkout.files.read('Chart.yaml')).toContain('name: redis');
  });

  it('is a dependency, by a registry that a Secret names with or without oci://', async () => {
    const dependency = { repository: `oci://${registry.host}/charts`, name: 'redis', version: '^1' };
    for (const name of [dependency.repository, `${registry.host}/charts`]) {
      const asking = { project: 'shop', permits: () => true, notBefore: 0 };
      const { fetch } = await charts({ [name]: plain }).dependency({ ...dependency, locked: '1.0.0' }, asking);
      expect((await fetch(0)).revision).toBe('1.0.0');
    }
  });

  it.each([
    ['9.9.9', 'redis', /^chart 'redis' version 9\.9\.9: .*not found/],
    ['1.0.0', 'nothing', /^chart 'nothing' version 1\.0\.0: .*not found/],
    ['1.0.0', 'Re dis', /is no name of an OCI repository/],
  ])('says that there is no %s of %s', async (version, chart, message) => {
    const error = await thrown(open().checkout(chartAt(registry.host, version, chart), version, 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(message);
  });

  it('says that no tag fits, and that tags cannot be had', async () => {
    const none = await thrown(open().resolveRevision(chartAt(registry.host, '^9'), 0, 'shop'));
    expect(none.message).toBe('invalid revision: version matching constraint not found in 4 tags');
    const missing = await thrown(open().resolveRevision(chartAt(registry.host, '^9', 'nothing'), 0, 'shop'));
    expect(missing.message).toMatch(/^unable to get tags: /);
    expect(missing).toBeInstanceOf(InvalidInput);
  });

  it('that is no chart, or another, is refused', async () => {
    await registry.push('charts/image', '1.0.0', { layers: [{ mediaType: LAYER_GZIP, data: tgz([{ name: 'a', text: '' }]) }] });
    await registry.push('charts/posed', '1.0.0', {
      config: CHART_CONFIG,
      layers: [{ mediaType: CHART_LAYER, data: chartArchive('redis', '1.0.0') }],
    });
    const messages = await Promise.all(
      ['image', 'posed'].map(
        async (chart) => (await thrown(open().checkout(chartAt(registry.host, '1.0.0', chart), '1.0.0', 'shop'))).message,
      ),
    );
    expect(messages[0]).toContain(`manifest does not contain a layer with mediatype ${CHART_LAYER}`);
    expect(messages[1]).toBe("chart 'posed' version 1.0.0: its archive holds the chart 'redis'");
  });

  it('is found from an index that names the registry', async () => {
    const authority = createAuthority('tests');
    const secure = await startOciRemote({ authority });
    await helmPush(secure.host, 'redis', '1.0.0', ['--insecure-skip-tls-verify']);
    const index = await startHelmRemote();
    index.add('redis', '1.0.0', { url: `oci://${secure.host}/charts/redis:1.0.0` });
    const source = { repoURL: index.url, chart: 'redis', targetRevision: '1.0.0' };
    const checkout = await charts({ [index.url]: { ca: authority.ca } }).checkout(source, '1.0.0', 'shop');
    expect(checkout.files.read('values.yaml')).toBe('version: 1.0.0\n');
    await index.close();
    await secure.close();
  });
});

describe('a registry that wants to know who asks', () => {
  it.each(['basic', 'token'] as const)('by %s is given the credential, and refuses without', async (auth) => {
    const guarded = await startOciRemote({ auth });
    await helmPush(guarded.host, 'redis', '1.0.0', ['--plain-http', '--username', OCI_USER.username, '--password', OCI_USER.password]);
    const source = chartAt(guarded.host, '*');
    for (const access of [basic, { ...basic, forceBasic: auth === 'basic' }]) {
      const knowing = charts({ [source.repoURL]: access });
      expect(await knowing.resolveRevision(source, 0, 'shop')).toBe('1.0.0');
      expect((await knowing.checkout(source, '1.0.0', 'shop')).files.read('values.yaml')).toBe('version: 1.0.0\n');
    }
    const wrong = { ...basic, credential: { kind: 'basic', username: 'ann', password: 'canary-wrong' } } as const;
    for (const access of [plain, wrong]) {
      const error = await thrown(charts({ [source.repoURL]: access }).checkout(source, '1.0.0', 'shop'));
      expect(error).toBeInstanceOf(NotPermitted);
      expect(error.message).not.toContain('canary');
    }
    await guarded.close();
  });

  it('does not have its credential sent to where it redirects, whatever is asked for there', async () => {
    const seen: (string | undefined)[] = [];
    const challenge = { 'www-authenticate': 'Basic realm="x"' };
    const thief = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, challenge).end();
    }).listen(0, '127.0.0.1');
    const front = createServer((request, response) => {
      const { port } = thief.address() as AddressInfo; // a listening TCP server has one
      if (request.headers.authorization === undefined) response.writeHead(401, challenge).end();
      else response.writeHead(307, { location: `http://127.0.0.1:${port}${request.url}` }).end();
    }).listen(0, '127.0.0.1');
    await expect.poll(() => front.listening && thief.listening).toBe(true);
    const host = `127.0.0.1:${(front.address() as AddressInfo).port}`; // a listening TCP server has one
    for (const forceBasic of [false, true]) {
      const error = await thrown(
        charts({ [`${host}/charts`]: { ...basic, forceBasic } }).checkout(chartAt(host, '1.0.0'), '1.0.0', 'shop'),
      );
      expect(error).toBeInstanceOf(NotPermitted);
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.filter((authorization) => authorization !== undefined)).toEqual([]);
    front.close();
    thief.close();
  });
});

describe('an artifact', () => {
  const url = () => `oci://${registry.host}/config`;
  const at = (targetRevision: string, name = '') => ({ repoURL: url() + name, targetRevision, path: '.' });
  const files = [
    { name: 'apps/cm.yaml', text: 'kind: ConfigMap\n' },
    { name: './top.yaml', text: 'kind: Secret\n' },
  ];
  const layer = { mediaType: LAYER_GZIP, data: tgz(files) };
  const artifacts = (name = '') => charts({ [url() + name]: plain });
  const pushed = async (name: string, content: OciContent) => at(await registry.push(`config/${name}`, 'v1', content), `/${name}`);
  const refusal = async (name: string, content: OciContent) => {
    const source = await pushed(name, content);
    return (await thrown(artifacts(`/${name}`).checkout(source, source.targetRevision, 'shop'))).message;
  };

  it('resolves a tag to its digest, a digest to itself, and a range to the digest of its best tag', async () => {
    const first = await registry.push('config', '1.0.0', { layers: [layer] });
    const second = await registry.push('config', '1.1.0_b', {
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', data: tar(files) }],
    });
    const shared = artifacts();
    const resolved = await Promise.all(['1.0.0', first, '^1', '1.1.0+b'].map((text) => shared.resolveRevision(at(text), 0, 'shop')));
    expect(resolved).toEqual([first, first, second, second]);
  });

  it('is had by its digest, all of it, packed or not', async () => {
    const plainLayer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', data: tar(files) };
    for (const [name, content] of [
      ['gz', layer],
      ['tar', plainLayer],
    ] as const) {
      const source = await pushed(name, { layers: [content] });
      const checkout = await artifacts(`/${name}`).checkout(source, source.targetRevision, 'shop');
      expect([...checkout.files.tree.entries.keys()]).toEqual(['apps/cm.yaml', 'top.yaml']);
    }
  });

  it('that is a Helm chart has the chart as its root, and its other layers do not count', async () => {
    const chart = { mediaType: CHART_LAYER, data: chartArchive('shop', '1.0.0') };
    const source = await pushed('chart', { config: CHART_CONFIG, layers: [layer, chart] });
    const checkout = await artifacts('/chart').checkout(source, source.targetRevision, 'shop');
    expect([...checkout.files.tree.entries.keys()]).toEqual(['Chart.yaml']);
  });

  it('is what repoURL names, whatever chart says, and an error tells who meant another', async () => {
    const named = { repoURL: `oci://${registry.host}/charts/redis`, chart: 'redis', targetRevision: '1.0.0' };
    const access = { [named.repoURL]: plain };
    const digest = await charts(access).resolveRevision(named, 0, 'shop');
    expect(digest).toMatch(/^sha256:/);
    expect((await charts(access).checkout(named, digest, 'shop')).files.read('values.yaml')).toBe('version: 1.0.0\n');
    const above = `oci://${registry.host}/charts`;
    for (const targetRevision of ['1.0.0', '^1', 'main']) {
      const error = await thrown(charts({ [above]: plain }).resolveRevision({ repoURL: above, chart: 'redis', targetRevision }, 0, 'shop'));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toMatch(/; chart redis is ignored here: with oci:\/\/ repoURL names the chart itself$/);
    }
  });

  it('of the wrong layers is refused', async () => {
    const tarOf = (index: number) => ({ mediaType: LAYER_GZIP, data: tgz([{ name: `f${index}`, text: '' }]) });
    const other = (mediaType: string) => ({ mediaType, data: tgz(files) });
    expect(await refusal('many', { layers: Array.from({ length: 11 }, (_, index) => tarOf(index)) })).toContain(
      'expected no more than 10 oci layers, got 11',
    );
    expect(await refusal('two', { layers: [tarOf(1), tarOf(2)] })).toContain('expected only a single oci content layer, got 2');
    expect(await refusal('none', { layers: [other('application/json')] })).toContain('expected only a single oci content layer, got 0');
    expect(await refusal('odd', { layers: [other('application/x.tar.gzip')] })).toContain(
      'oci layer media type application/x.tar.gzip is not in the list of allowed media types',
    );
    expect(await refusal('bare', { config: CHART_CONFIG, layers: [layer] })).toContain('expected only a single oci content layer, got 0');
    expect(await refusal('out', { layers: [{ mediaType: LAYER_GZIP, data: tgz([{ name: '../x', text: 'x' }]) }] })).toContain(
      'leaves its folder',
    );
  });

  it.each([
    ['nothing', /^failed to resolve revision "nothing": cannot get digest for revision nothing: .*not found$/],
    ['^9', /^failed to resolve revision "\^9": no version for constraints: version matching constraint not found in \d+ tags$/],
    ['', /^failed to resolve revision "": cannot get digest for revision : /],
  ])('says that there is no %j', async (revision, message) => {
    const error = await thrown(artifacts().resolveRevision(at(revision), 0, 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toMatch(message);
  });

  it('that is not there by its digest, or is asked for without one, is refused', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    expect((await thrown(artifacts().checkout(at(digest), digest, 'shop'))).message).toContain(
      `cannot get digest for revision ${digest}: `,
    );
    expect((await thrown(artifacts().checkout(at('v1'), 'v1', 'shop'))).message).toBe("revision 'v1' is no digest of an OCI artifact");
  });
});
