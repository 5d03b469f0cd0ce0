import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInput, NotPermitted, Unavailable } from '../../lib/model/errors.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { chartsUnderTest, thrown } from '../support/charts.ts';
import { basic, type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { chartArchive } from '../support/tarball.ts';

let remote: HelmRemote;
let cacheDir: string;

beforeAll(async () => {
  remote = await startHelmRemote();
  for (const version of ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1']) remote.add('redis', version);
  remote.add('shop', '0.1.0', {
    archive: chartArchive('shop', '0.1.0', { 'templates/cm.yaml': 'kind: ConfigMap\n', 'values.yaml': 'a: 1\n' }),
  });
});
afterAll(() => remote.close());
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-charts-'));
  remote.requests.length = 0;
  remote.refuse = undefined;
  remote.demand = undefined;
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const charts = (accesses = {}, options = {}) => chartsUnderTest({ cacheDir, accesses, options });
const source = (targetRevision: string, chart = 'redis', repoURL = remote.url) => ({ repoURL, chart, targetRevision });
const asking = { project: 'shop', permits: () => true, notBefore: 0 };
const paths = () => remote.requests.map(({ path }) => path);

describe('resolveRevision of a chart', () => {
  it.each([
    ['1.x', '1.10.0'],
    ['~1.2', '1.2.0'],
    ['*', '1.10.0'],
    ['>=1.0.0-0', '2.0.0-rc.1'],
  ])('takes the greatest version for %s', async (range, version) => {
    expect(await charts().resolveRevision(source(range), 0, 'shop')).toBe(version);
  });

  it.each(['1.2', 'v9.9.9', '1.2.3-rc.1'])('takes the version %s as it is, without asking', async (version) => {
    expect(await charts().resolveRevision(source(version), 0, 'shop')).toBe(version);
    expect(remote.requests).toEqual([]);
  });

  it.each([
    ['^9', 'redis', 'invalid revision: version matching constraint not found in 4 tags'],
    ['main', 'redis', 'invalid revision: failed to determine semver constraint: improper constraint: main'],
    ['1.x', 'nothing', "chart 'nothing' not found in index"],
  ])('says why there is no %s of %s', async (range, chart, message) => {
    const error = await thrown(charts().resolveRevision(source(range, chart), 0, 'shop'));
    expect([error.name, error.message]).toEqual(['InvalidInput', message]);
  });

  it('asks once for all who ask at the same time, and again for what came after', async () => {
    const shared = charts();
    const at = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => shared.resolveRevision(source('1.x'), at, 'shop')));
    expect(paths()).toEqual(['/index.yaml']);
    remote.add('late', '1.0.0');
    await shared.resolveRevision(source('1.x'), Date.now() + 1, 'shop');
    expect(paths()).toHaveLength(2);
  });

  it('reads an index in YAML, and one that is sent gzipped', async () => {
    const other = await startHelmRemote();
    const yaml =
      'apiVersion: v1\nentries:\n  redis:\n  - name: redis\n    version: 3.10\n    urls: [a.tgz]\n  - name: redis\n    version: 3.9.0\n';
    other.serve('/index.yaml', (request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(yaml));
    });
    expect(await charts().resolveRevision(source('3.x', 'redis', other.url), 0, 'shop')).toBe('3.10');
    await other.close();
  });

  it.each([
    ['its keys quoted', "entries:\n  'redis':\n    - version: 3.1.0\n  shop:\n    - version: 3.2.0\napiVersion: v1\n"],
    ['its lists not indented', 'entries:\n    red:\n    - version: 3.2.0\n    redis:\n    - version: 3.1.0\n    # end\n    shop: []\n'],
    [
      'names in its texts',
      'entries:\n  a:\n  - version: 3.2.0\n    description: |\n      x\n    redis:\n    - 1\n  redis:\n  - version: 3.1.0\n',
    ],
    ['braces', 'apiVersion: v1\nentries: {redis: [{version: 3.1.0}], shop: [{version: 3.2.0}]}\n'],
    ['an anchor', 'entries:\n  a:\n  - &x {version: 3.1.0}\n  redis:\n  - *x\n'],
  ])('reads an index with %s', async (_, yaml) => {
    const other = await startHelmRemote();
    other.serve('/index.yaml', yaml);
    expect(await charts().resolveRevision(source('*', 'redis', other.url), 0, 'shop')).toBe('3.1.0');
    await other.close();
  });

  it.each([
    [503, Unavailable, 'failed to get index: 503 Service Unavailable'],
    [404, InvalidInput, 'failed to get index: 404 Not Found'],
    [401, NotPermitted, 'failed to get index: 401 Unauthorized'],
  ])('tells a remote that answers %d apart', async (status, kind, message) => {
    remote.refuse = status;
    const shared = charts();
    const error = await thrown(shared.resolveRevision(source('1.x'), 0, 'shop'));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(message);
    remote.refuse = undefined;
    expect(await shared.resolveRevision(source('1.x'), 0, 'shop')).toBe('1.10.0');
  });

  it('is Unavailable when nothing listens, when the remote keeps silent, and when there is no renderer', async () => {
    expect(await thrown(charts().resolveRevision(source('1.x', 'redis', 'http://127.0.0.1:1'), 0, 'shop'))).toBeInstanceOf(Unavailable);
    const silent = await startHelmRemote();
    silent.serve('/index.yaml', () => undefined);
    const error = await thrown(charts({}, { timeoutSeconds: 0.5 }).resolveRevision(source('1.x', 'redis', silent.url), 0, 'shop'));
    expect([error.name, error.message]).toEqual(['Unavailable', `${silent.url}: no answer within 0.5 s`]);
    await silent.close();
    const missing = await thrown(charts({}, { renderer: '/nowhere/renderer' }).resolveRevision(source('1.x'), 0, 'shop'));
    expect(missing.message).toBe('/nowhere/renderer is not there: install it, or name its path in EVENKEEL_RENDERER');
  });
});

describe('checkout of a chart', () => {
  it("has the chart's own folder as its root, with the hash of each file", async () => {
    const checkout = await charts().checkout(source('0.1.0', 'shop'), '0.1.0', 'shop');
    expect([...checkout.files.tree.entries.keys()]).toEqual(['Chart.yaml', 'templates/cm.yaml', 'values.yaml']);
    expect(checkout.files.read('templates/cm.yaml')).toBe('kind: ConfigMap\n');
    expect(readFileSync(join(checkout.dir, 'values.yaml'), 'utf8')).toBe('a: 1\n');
    expect(checkout.files.tree.entries.get('values.yaml')).toEqual({
      kind: 'file',
      hash: createHash('sha256').update('a: 1\n').digest('hex'),
    });
    expect(checkout.revision).toBe('0.1.0');
    checkout.release();
  });

  it('is downloaded once for all, and by another process not at all', async () => {
    const shared = charts();
    const all = await Promise.all(Array.from({ length: 10 }, () => shared.checkout(source('1.0.0'), '1.0.0', 'shop')));
    const other = await charts().checkout(source('1.0.0'), '1.0.0', 'shop');
    expect(new Set([...all, other].map(({ dir }) => dir)).size).toBe(1);
    expect(paths()).toEqual(['/index.yaml', '/charts/redis-1.0.0.tgz']);
    expect(readdirSync(join(cacheDir, 'charts'))).toHaveLength(1);
  });

  it('goes when the cache is full and nobody holds it, and not while somebody does', async () => {
    const shared = charts({}, { limits: { maxCount: 1, idleMs: 0 } });
    const held = await shared.checkout(source('1.0.0'), '1.0.0', 'shop');
    (await shared.checkout(source('1.2.0'), '1.2.0', 'shop')).release();
    utimesSync(join(held.dir, '..'), 1, 1);
    (await shared.checkout(source('1.10.0'), '1.10.0', 'shop')).release();
    expect(held.files.read('Chart.yaml')).toContain('version: 1.0.0');
    expect(readFileSync(join(held.dir, 'Chart.yaml'), 'utf8')).toContain('version: 1.0.0');
    held.release();
    (await shared.checkout(source('1.2.0'), '1.2.0', 'shop')).release();
    expect(readdirSync(join(cacheDir, 'charts'))).toHaveLength(1);
  });

  it('is fetched again once for all who want a later copy; who reads the first goes on reading it', async () => {
    const values = (text: string) => chartArchive('again', '1.0.0', { 'values.yaml': text });
    remote.add('again', '1.0.0', { archive: values('first') });
    const [shared, other] = [charts(), charts()];
    const first = await shared.checkout(source('1.0.0', 'again'), '1.0.0', 'shop');
    remote.add('again', '1.0.0', { archive: values('second') });
    const since = Date.now() + 1;
    await sleep(2);
    const later = await Promise.all([shared, shared, other].map((one) => one.checkout(source('1.0.0', 'again'), '1.0.0', 'shop', since)));
    expect(later.map(({ files }) => files.read('values.yaml'))).toEqual(['second', 'second', 'second']);
    expect(first.files.read('values.yaml')).toBe('first');
    expect(readFileSync(join(first.dir, 'values.yaml'), 'utf8')).toBe('first');
    expect(paths().filter((path) => path.endsWith('.tgz'))).toHaveLength(2);
    expect((await other.checkout(source('1.0.0', 'again'), '1.0.0', 'shop')).files.read('values.yaml')).toBe('second');
  });

  it('is fetched again where its folder was removed', async () => {
    const shared = charts();
    (await shared.checkout(source('1.0.0'), '1.0.0', 'shop')).release();
    rmSync(join(cacheDir, 'charts'), { recursive: true });
    expect((await shared.checkout(source('1.0.0'), '1.0.0', 'shop')).files.read('Chart.yaml')).toContain('version: 1.0.0');
  });

  it('takes the greatest version that a partial one stands for', async () => {
    const checkout = await charts().checkout(source('1'), '1', 'shop');
    expect(checkout.files.read('Chart.yaml')).toContain('version: 1.10.0');
  });

  it('says what is not there', async () => {
    const error = await thrown(charts().checkout(source('9.9.9'), '9.9.9', 'shop'));
    expect([error.name, error.message]).toEqual(['InvalidInput', "chart 'redis': no version 9.9.9 in the index"]);
    remote.add('gone', '1.0.0', { url: 'elsewhere/gone.tgz' });
    const gone = await thrown(charts().checkout(source('1.0.0', 'gone'), '1.0.0', 'shop'));
    expect(gone.message).toBe(`failed to fetch ${remote.url}/elsewhere/gone.tgz : 404 Not Found`);
    expect(readdirSync(join(cacheDir, 'charts'))).toEqual([]);
  });
});

describe('a dependency', () => {
  it('is taken by its lock, else as the greatest in its range', async () => {
    const shared = charts({ [remote.url]: { name: 'stable' } });
    const of = async (version: string, locked?: string) =>
      (await shared.dependency({ repository: '@stable', name: 'redis', version, locked }, asking)).fetch(0);
    const taken = await Promise.all([of('^1', '1.0.0'), of('1.2'), of('^1'), of('1.0.0'), of('')]);
    expect(taken.map(({ revision }) => revision)).toEqual(['1.0.0', '1.2.0', '1.10.0', '1.0.0', '1.10.0']);
    const aliased = await shared.dependency({ repository: 'alias:stable', name: 'redis', version: '1.0.0' }, asking);
    expect([aliased.version, aliased.permitted]).toEqual(['1.0.0', remote.url]);
  });

  it.each([
    ['@other', '"@other" is not registered for project shop: add a repository Secret of type helm with that name'],
    ['http://127.0.0.1:1', 'is not fetched: name it by an https:// or oci:// URL, or by @name as a Secret registers it'],
    ['http://u:secret@127.0.0.1:1', '"http://127.0.0.1:1" is not fetched'],
    ['file://../x', '"file://../x" is not fetched'],
    ['', '"" is not fetched'],
  ])('from %j is refused with a way out', async (repository, text) => {
    const error = await thrown(charts().dependency({ repository, name: 'redis', version: '1.0.0' }, asking));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain(`chart dependency redis: repository`);
    expect(error.message).toContain(text);
    expect(remote.requests).toEqual([]);
  });

  it('says which range no version meets', async () => {
    const shared = charts({ [remote.url]: { name: 'stable' } });
    const error = await thrown(shared.dependency({ repository: '@stable', name: 'redis', version: '^9' }, asking));
    expect(error.message).toBe('chart dependency redis ^9: version matching constraint not found in 4 tags');
  });
});

describe('a repository that wants to know who asks', () => {
  const credential = { kind: 'basic', username: 'ann', password: 'open sesame' } as const;

  it('is given the credential of its own access, and each access has a folder of its own', async () => {
    remote.demand = 'ann:open sesame';
    expect(await thrown(charts().checkout(source('1.0.0'), '1.0.0', 'shop'))).toBeInstanceOf(NotPermitted);
    const checkout = await charts({ [remote.url]: { credential } }).checkout(source('1.0.0'), '1.0.0', 'shop');
    expect(checkout.files.read('Chart.yaml')).toContain('name: redis');
    expect(await thrown(charts().checkout(source('1.0.0'), '1.0.0', 'shop'))).toBeInstanceOf(NotPermitted);
  });

  it('reads a user name and password from its URL', async () => {
    remote.demand = 'ann:open sesame';
    const url = remote.url.replace('//', '//ann:open%20sesame@');
    expect(await charts().resolveRevision(source('1.x', 'redis', url), 0, 'shop')).toBe('1.10.0');
  });

  it('does not have its credential sent to another host, through the index or a redirect, unless it is to be passed', async () => {
    const other = await startHelmRemote();
    other.serve('/x.tgz', chartArchive('far', '1.0.0'));
    other.serve('/y.tgz', chartArchive('moved', '1.0.0'));
    remote.add('far', '1.0.0', { archive: chartArchive('far', '1.0.0'), url: `${other.url}/x.tgz` });
    remote.add('moved', '1.0.0', { archive: chartArchive('moved', '1.0.0') });
    remote.serve('/charts/moved-1.0.0.tgz', (_, response) => response.writeHead(302, { location: `${other.url}/y.tgz` }).end());
    remote.demand = 'ann:open sesame';
    const shared = charts({ [remote.url]: { credential } });
    for (const chart of ['far', 'moved']) await shared.checkout(source('1.0.0', chart), '1.0.0', 'shop');
    expect(other.requests).toEqual([
      { path: '/x.tgz', authorization: undefined },
      { path: '/y.tgz', authorization: undefined },
    ]);
    const passing = (chart: string) => ({ ...source('1.0.0', chart), helm: { passCredentials: true } });
    other.requests.length = 0;
    for (const chart of ['far', 'moved']) await shared.checkout(passing(chart), '1.0.0', 'shop');
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([basic('ann:open sesame'), undefined]);
    await other.close();
  });
});

describe('a repository over https', () => {
  let authority: Authority;
  let secure: HelmRemote;
  beforeAll(async () => {
    authority = createAuthority('tests');
    secure = await startHelmRemote({ authority, demandCertificate: true });
    secure.add('redis', '1.0.0');
  });
  afterAll(() => secure.close());
  const versionsWith = (access: object) => charts({ [secure.url]: access }).resolveRevision(source('*', 'redis', secure.url), 0, 'shop');

  it('is trusted by its own authority, and told who asks by a client certificate', async () => {
    expect(await versionsWith({ ca: authority.ca, clientCertificate: authority.issue('client') })).toBe('1.0.0');
    expect(await versionsWith({ insecure: true, clientCertificate: authority.issue('client') })).toBe('1.0.0');
  });

  it('is refused without its authority, and with another', async () => {
    const other = createAuthority('tests');
    for (const ca of [undefined, other.ca]) {
      const error = await thrown(versionsWith({ ca, clientCertificate: authority.issue('client') }));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toContain('certificate signed by unknown authority');
    }
  });

  it('refuses us without a client certificate', async () => {
    const error = await thrown(versionsWith({ ca: authority.ca }));
    expect(error.message).toContain('certificate required');
  });

  it.each([
    ['authority', { ca: 'no PEM' }, 'are no PEM certificates'],
    ['client certificate', { clientCertificate: { cert: 'a', key: 'canary-key' } }, 'its key do not fit'],
  ])('says that the %s is none', async (_, access, text) => {
    const error = await thrown(versionsWith(access));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain(text);
    expect(error.message).not.toContain('canary');
  });

  it('does not lend its authority to another host', async () => {
    const local = secure.url.replace('127.0.0.1', 'localhost');
    remote.add('lent', '1.0.0', { url: `${secure.url}/charts/redis-1.0.0.tgz` });
    const named = remote.url.replace('127.0.0.1', 'localhost');
    const lending = charts({ [named]: { ca: authority.ca, clientCertificate: authority.issue('client'), insecure: true } });
    const error = await thrown(lending.checkout(source('1.0.0', 'lent', named), '1.0.0', 'shop'));
    expect(error.message).toContain('certificate signed by unknown authority');
    expect(
      await charts({ [local]: { ca: authority.ca, clientCertificate: authority.issue('client') } }).resolveRevision(
        source('*', 'redis', local),
        0,
        'shop',
      ),
    ).toBe('1.0.0');
  });
});
