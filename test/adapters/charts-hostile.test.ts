import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InvalidInput, NotPermitted } from '../../lib/model/errors.ts';
import { ALLOWED, LOOPBACK, REFUSED } from '../support/addresses.ts';
import { chartsUnderTest, thrown } from '../support/charts.ts';
import { type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { chartArchive, type TarEntry, tar, tgz } from '../support/tarball.ts';

let remote: HelmRemote;
let cacheDir: string;
let made = 0;

beforeAll(async () => {
  remote = await startHelmRemote();
});
afterAll(() => remote.close());
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-hostile-'));
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const charts = (limits = {}, accesses = {}) => chartsUnderTest({ cacheDir, accesses, options: { limits } });
const source = (chart: string, targetRevision = '1.0.0', repoURL = remote.url) => ({ repoURL, chart, targetRevision });

/** A chart of a name of its own with what an archive should not hold, and what fetching it brings. */
async function fetched(entriesOf: (name: string) => readonly TarEntry[], limits = {}) {
  made += 1;
  const name = `chart${made}`;
  const own = { name: `${name}/Chart.yaml`, text: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n` };
  remote.add(name, '1.0.0', { archive: tgz([own, ...entriesOf(name)]) });
  return charts(limits).checkout(source(name), '1.0.0', 'shop');
}

async function refused(entriesOf: (name: string) => readonly TarEntry[], limits = {}): Promise<string> {
  const error = await thrown(fetched(entriesOf, limits));
  expect(error).toBeInstanceOf(InvalidInput);
  expect(readdirSync(join(cacheDir, 'charts'))).toEqual([]);
  return error.message;
}

describe('an archive that reaches out of its folder', () => {
  it.each([
    ['..', (name: string) => `${name}/../../escaped`],
    ['a hidden ..', (name: string) => `${name}/a/../../../escaped`],
    ['an absolute path', () => '/tmp/evk-escaped'],
    ['a drive', () => 'c:\\escaped'],
    ['backslashes', (name: string) => `${name}\\..\\..\\escaped`],
  ])('by %s is refused', async (_, nameOf) => {
    expect(await refused((name) => [{ name: nameOf(name), text: 'x' }])).toMatch(/leaves its folder|absolute path/);
    expect(existsSync('/tmp/evk-escaped') || existsSync(join(cacheDir, 'escaped'))).toBe(false);
  });

  it.each([
    ['an absolute link', [['a', '/etc/passwd']]],
    ['a relative link', [['a', '../../etc']]],
    [
      'a chain of links',
      [
        ['down/up', '..'],
        ['down/out', 'up/../../x'],
      ],
    ],
    [
      'links that lead round',
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ],
  ])('by %s is refused', async (_, links) => {
    const message = await refused((name) => links.map(([path, target]) => ({ name: `${name}/${path}`, type: '2', target: target ?? '' })));
    expect(message).toContain('holds a link that leaves its folder');
  });

  it('by a path through a link is refused', async () => {
    const message = await refused((name) => [
      { name: `${name}/real`, type: '5' },
      { name: `${name}/link`, type: '2', target: 'real' },
      { name: `${name}/link/x`, text: 'x' },
    ]);
    expect(message).toContain('a path through a link');
  });

  it.each([
    ['1', 'a hard link'],
    ['3', 'neither file, folder nor link'],
    ['6', 'neither file, folder nor link'],
  ])('by an entry of type %s is refused', async (type, text) => {
    expect(await refused((name) => [{ name: `${name}/x`, type, target: '/etc/passwd' }])).toContain(text);
  });

  it('keeps links that stay inside, and the last of two entries', async () => {
    const checkout = await fetched((name) => [
      { name: `${name}/a.yaml`, text: 'first' },
      { name: `${name}/link.yaml`, type: '2', target: './a.yaml' },
      { name: `${name}/a.yaml`, text: 'last', mode: 0o755 },
    ]);
    expect(checkout.files.read('link.yaml')).toBe('last');
    expect(checkout.files.tree.entries.get('link.yaml')).toMatchObject({ kind: 'link', target: './a.yaml' });
    expect(lstatSync(join(checkout.dir, 'a.yaml')).mode & 0o777).toBe(0o755);
  });
});

describe('an archive that is too much', () => {
  it('in one file is refused', async () => {
    const text = Buffer.alloc(65 * 1024 * 1024);
    expect(await refused((name) => [{ name: `${name}/big`, text }])).toContain('holds a file of more than 64 MiB');
  });

  it('in all its files is refused', async () => {
    const text = Buffer.alloc(600_000);
    const files = (name: string) => ['a', 'b', 'c'].map((file) => ({ name: `${name}/${file}`, text }));
    expect(await refused(files, { totalBytes: 1024 * 1024 })).toContain('holds more than 1 MiB');
  });

  it('in number is refused', async () => {
    const files = (name: string) => Array.from({ length: 20_000 }, (_, index) => ({ name: `${name}/d${index}`, type: '5' }));
    expect(await refused(files)).toContain('holds more than 20000 files');
  });

  it('in the bytes that are sent is refused', async () => {
    remote.add('endless', '1.0.0');
    remote.serve('/charts/endless-1.0.0.tgz', (_, response) => {
      response.writeHead(200);
      const header = gzipSync(tar([{ name: 'endless/noise', text: 'x' }])).subarray(0, 10);
      // A gzip member without content, again and again.
      const members = Buffer.concat(Array.from({ length: 5000 }, () => gzipSync('')));
      response.write(header.subarray(0, 0));
      const more = () => {
        while (!response.destroyed && response.write(members));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const error = await thrown(charts({ archiveBytes: 4 * 1024 * 1024 }).checkout(source('endless'), '1.0.0', 'shop'));
    expect(error.message).toBe("chart 'endless' version 1.0.0: its archive is larger than 4 MiB");
  });

  it('in the index is refused', async () => {
    const gigantic = await startHelmRemote();
    gigantic.serve('/index.yaml', (_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, '#');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const error = await thrown(charts().resolveRevision(source('a', '*', gigantic.url), 0, 'shop'));
    expect(error.message).toBe(`failed to get index: ${gigantic.url}/index.yaml is larger than 64 MiB`);
    await gigantic.close();
  });
});

describe('an archive that is not what was asked for', () => {
  it('by its digest is refused, with or without its algorithm', async () => {
    for (const digest of ['0'.repeat(64), `sha256:${'0'.repeat(64)}`]) {
      remote.add(`wrong${digest.length}`, '1.0.0', { digest });
      const error = await thrown(charts().checkout(source(`wrong${digest.length}`), '1.0.0', 'shop'));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toContain(`in the index it is sha256:${'0'.repeat(64)}`);
    }
  });

  it.each([
    ['name', chartArchive('other', '1.0.0'), "its archive holds the chart 'other'"],
    ['version', chartArchive('posed', '1.0.1'), 'its archive holds version 1.0.1'],
    ['build', chartArchive('posed', '1.0.0+b'), 'its archive holds version 1.0.0+b'],
    ['kind', tgz([{ name: 'posed/README', text: '' }]), 'Chart.yaml file is missing'],
    ['shape', tgz([{ name: 'Chart.yaml', text: 'name: posed\n' }]), 'content outside the base directory'],
    ['folders', tgz([{ name: 'a/x' }, { name: 'b/x' }]), 'expected 1 directory, found "a" and "b"'],
    ['emptiness', tgz([]), 'expected 1 directory, found 0'],
    ['format', Buffer.from('no archive'), 'its archive is damaged, or none'],
    ['end', chartArchive('posed', '1.0.0').subarray(0, 60), 'its archive is damaged, or none'],
  ])('by its %s is refused', async (_, archive, text) => {
    const posed = await startHelmRemote();
    posed.add('posed', '1.0.0', { archive });
    const error = await thrown(charts().checkout(source('posed', '1.0.0', posed.url), '1.0.0', 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain(text);
    await posed.close();
  });

  it.each(['', 'just text', '[]', '<html></html>', 'a: b: c'])('as an index is refused: %j', async (text) => {
    const posed = await startHelmRemote();
    posed.serve('/index.yaml', text);
    const error = await thrown(charts().resolveRevision(source('a', '*', posed.url), 0, 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.message).toContain('it is no index of a Helm repository');
    await posed.close();
  });
});

describe('an address that serves credentials', () => {
  it.each([
    'http://169.254.169.254',
    'http://[fe80::1]',
    'http://[::ffff:169.254.169.254]',
    'http://[64:ff9b::a9fe:a9fe]',
    'http://[fd00:ec2::254]',
    'http://100.100.100.200',
    'http://metadata.google.internal.',
  ])('%s is refused, also after a redirect and as an archive of an index', async (address) => {
    const direct = await thrown(charts().resolveRevision(source('a', '*', address), 0, 'shop'));
    remote.add('lured', '1.0.0', { url: `${address}/x.tgz` });
    remote.add('led', '1.0.0');
    remote.serve('/charts/led-1.0.0.tgz', (_, response) => response.writeHead(302, { location: `${address}/x` }).end());
    const archives = await Promise.all(['lured', 'led'].map((name) => thrown(charts().checkout(source(name), '1.0.0', 'shop'))));
    for (const error of [direct, ...archives]) {
      expect(error).toBeInstanceOf(NotPermitted);
      expect(error.message).toContain('is a link-local or metadata address, which is refused');
    }
  });

  it.each(REFUSED)('%s is refused by the list that downloads and git go by', async (address, what) => {
    const host = address.includes(':') ? `[${address}]` : address;
    const error = await thrown(charts().resolveRevision(source('a', '*', `http://${host}`), 0, 'shop'));
    expect(error).toBeInstanceOf(NotPermitted);
    expect(error.message).toContain(` is ${what}, which is refused`);
  });

  it.each(LOOPBACK)('%s is refused where this machine has secrets to tell', async (address) => {
    const guarded = chartsUnderTest({ cacheDir, options: { dial: { loopback: false } } });
    const host = address.includes(':') ? `[${address}]` : address;
    const error = await thrown(guarded.resolveRevision(source('a', '*', `http://${host}`), 0, 'shop'));
    expect(error).toBeInstanceOf(NotPermitted);
    expect(error.message).toContain('is a loopback address, which is refused');
  });

  it('is refused behind a name, by the address that is dialed', async () => {
    const guarded = chartsUnderTest({ cacheDir, options: { dial: { loopback: false } } });
    const named = remote.url.replace('127.0.0.1', 'localhost');
    remote.requests.length = 0;
    const error = await thrown(guarded.resolveRevision(source('a', '*', named), 0, 'shop'));
    expect(error).toBeInstanceOf(NotPermitted);
    expect(error.message).toMatch(/(127\.0\.0\.1|::1) is a loopback address, which is refused/);
    expect(remote.requests).toEqual([]);
  });

  it.each(ALLOWED)('%s is none', async (address) => {
    const proxy = await startHelmRemote();
    const url = `http://${address.includes(':') ? `[${address}]` : address}`;
    const through = chartsUnderTest({ cacheDir, accesses: { [url]: { proxy: proxy.url } }, options: { dial: { loopback: false } } });
    expect((await thrown(through.resolveRevision(source('a', '*', url), 0, 'shop'))).message).toBe('failed to get index: 404 Not Found');
    await proxy.close();
  });

  it.each(['http://2852039166', 'http://0xa9fea9fe', 'http://0xa9.254.0xa9fe'])('in the spelling %s is refused', async (address) => {
    const error = await thrown(charts().resolveRevision(source('a', '*', address), 0, 'shop'));
    expect(error).toBeInstanceOf(NotPermitted);
    expect(error.message).toContain('is an IPv4 address in a spelling that is refused');
  });

  it('is refused behind a proxy, which everything else is sent through', async () => {
    const proxy = await startHelmRemote();
    const through = (url: string) => charts({}, { [url]: { proxy: proxy.url } }).resolveRevision(source('a', '*', url), 0, 'shop');
    expect((await thrown(through('http://169.254.169.254'))).message).toContain('which is refused');
    expect(proxy.requests).toEqual([]);
    expect((await thrown(through('http://charts.example'))).message).toBe('failed to get index: 404 Not Found');
    expect(proxy.requests.map(({ path }) => path)).toEqual(['http://charts.example/index.yaml']);
    await proxy.close();
  });

  it('and a URL of another scheme are refused', async () => {
    remote.add('file', '1.0.0', { url: 'file:///etc/passwd' });
    const error = await thrown(charts().checkout(source('file'), '1.0.0', 'shop'));
    expect(error).toBeInstanceOf(InvalidInput);
    for (const url of ['file:///etc', 'ftp://127.0.0.1/x']) {
      expect(await thrown(charts().checkout(source('a', '1.0.0', url), '1.0.0', 'shop'))).toBeInstanceOf(Error);
    }
  });
});
