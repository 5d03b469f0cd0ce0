// Room on the disk of the cache: bounds that hold before and after a fetch, however it ends, and a disk that is full.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { SIZE_FILE, shrink } from '../../lib/adapters/cache-folder.ts';
import { anonymousCredentials } from '../../lib/adapters/credentials.ts';
import { createRepositories, type RepositoryLimits } from '../../lib/adapters/git.ts';
import { createFolderShelf } from '../../lib/adapters/render-folder.ts';
import { createRenderPorts } from '../../lib/adapters/render-ports.ts';
import { chartsUnderTest, thrown } from '../support/charts.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type HelmRemote, startHelmRemote } from '../support/helm-remote.ts';
import { chartArchive } from '../support/tarball.ts';
import type { Outcome, Wanted } from '../world/full-disk.ts';

const { renderer } = inject('world');
const KB = 1000;
let cacheDir: string;
let remote: GitRemote;
let other: GitRemote;
let index: HelmRemote;

beforeAll(async () => {
  [remote, other, index] = await Promise.all([startGitRemote(), startGitRemote(), startHelmRemote()]);
});
afterAll(() => Promise.all([remote.close(), other.close(), index.close()]));
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-room-'));
  remote.refuse = undefined;
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const names = (folder: string) => (existsSync(join(cacheDir, folder)) ? readdirSync(join(cacheDir, folder)) : []);
const bytesOf = (folder: string) =>
  names(folder).reduce((sum, name) => sum + Number(readFileSync(join(cacheDir, folder, name, SIZE_FILE), 'utf8')), 0);

describe('clones and checkouts', () => {
  const repositories = (limits: Partial<RepositoryLimits>, git = 'git') =>
    createRepositories({
      ...{ git, ssh: 'ssh', credentials: anonymousCredentials(), cacheDir, clock: Date.now, timeoutSeconds: 30, dial: { loopback: true } },
      limits: { idleMs: 0, ...limits },
    });
  /** A commit of so many bytes that nothing compresses. */
  const commit = (bytes: number) => remote.commit({ data: randomBytes(bytes) });
  const take = async (shared: ReturnType<typeof repositories>, revision: string) =>
    (await shared.checkout({ repoURL: remote.url }, revision, 'default')).release();

  it('stay within their bounds, and leave a quarter free before the next is fetched', async () => {
    const commits = [await commit(400 * KB), await commit(400 * KB), await commit(100 * KB)];
    const seen = join(cacheDir, 'seen');
    const spy = join(cacheDir, 'spy-git');
    writeFileSync(
      spy,
      `#!/bin/sh\ncase "$*" in *" fetch "*) ls ${cacheDir}/checkouts >> ${seen}; echo - >> ${seen};; esac\nexec git "$@"\n`,
    );
    chmodSync(spy, 0o755);
    const shared = repositories({ checkoutBytes: 1000 * KB, repositoryBytes: 500 * KB }, spy);
    for (const one of commits) await take(shared, one);
    const before = readFileSync(seen, 'utf8')
      .split('-\n')
      .map((lines) => lines.split('\n').filter((line) => /-[0-9a-f]{40}$/.test(line)).length);
    expect(before.slice(0, 3)).toEqual([0, 1, 1]);
    expect([bytesOf('checkouts') <= 1000 * KB, bytesOf('repositories') <= 500 * KB]).toEqual([true, true]);
  });

  it('make room when a fetch fails, too', async () => {
    const [one, two] = [await commit(400 * KB), await commit(100 * KB)];
    await take(repositories({}), one);
    remote.refuse = 503;
    await thrown(take(repositories({ checkoutBytes: 100 * KB, repositoryBytes: 100 * KB }), two));
    expect([names('checkouts'), names('repositories')]).toEqual([[], []]);
  });

  it('make no room with a clone that git works on', async () => {
    const [one, two] = [await commit(KB), await commit(KB)];
    await take(repositories({}), one);
    const [clone = ''] = names('repositories');
    const slow = join(cacheDir, 'slow-git');
    writeFileSync(slow, `#!/bin/sh\ncase "$*" in *"${clone} fetch "*) sleep 2;; esac\nexec git "$@"\n`);
    chmodSync(slow, 0o755);
    const shared = repositories({ checkoutBytes: 0, repositoryBytes: 0 }, slow);
    const slowly = take(shared, two);
    await sleep(300);
    (await shared.checkout({ repoURL: other.url }, await other.commit({ data: 'x' }), 'default')).release();
    expect(names('repositories')).toEqual([clone]);
    await slowly;
    expect(names('repositories')).toEqual([]);
  });

  it('count whole blocks of the disk for each file', async () => {
    const many = await remote.commit(Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`many/${at}`, `${at}`])));
    await take(repositories({}), many);
    expect(bytesOf('checkouts')).toBeGreaterThanOrEqual(50 * 4096);
  });
});

it('charts leave a quarter free before the next is fetched', async () => {
  const chart = (name: string, bytes: number) =>
    index.add(name, '1.0.0', { archive: chartArchive(name, '1.0.0', { data: randomBytes(bytes / 2).toString('hex') }) });
  for (const name of ['a', 'b', 'c']) chart(name, 400 * KB);
  const charts = chartsUnderTest({ cacheDir, options: { limits: { maxBytes: 1000 * KB, idleMs: 0 } } });
  const counts: number[] = [];
  index.serve('/charts/c-1.0.0.tgz', (_, response) => {
    counts.push(names('charts').filter((name) => !name.endsWith('.new')).length);
    response.writeHead(503).end();
  });
  for (const name of ['a', 'b'])
    (await charts.checkout({ repoURL: index.url, chart: name, targetRevision: '1.0.0' }, '1.0.0', 'x')).release();
  await thrown(charts.checkout({ repoURL: index.url, chart: 'c', targetRevision: '1.0.0' }, '1.0.0', 'x'));
  expect([counts, names('charts').length]).toEqual([[1], 1]);
});

describe('one budget for all', () => {
  const ports = (cacheShared: boolean) =>
    createRenderPorts({
      programs: { git: 'git', ssh: 'ssh', kubectl: '', helm: '', renderer },
      ...{
        credentials: anonymousCredentials(),
        cacheDir,
        cacheMiB: 10,
        cacheShared,
        clock: Date.now,
        timeoutSeconds: 30,
        dial: { loopback: true },
      },
    });

  it.each([
    ['keeps of a disk of its own', false, 1],
    ['of a disk that others read too keeps also what was used of late', true, 2],
  ])('%s', async (_, shared, kept) => {
    const { repositories } = ports(shared);
    for (const one of [await remote.commit({ data: randomBytes(2000 * KB) }), await remote.commit({ data: randomBytes(2000 * KB) })])
      (await repositories.checkout({ repoURL: remote.url }, one, 'default')).release();
    expect(names('checkouts')).toHaveLength(kept);
  });

  it('takes no chart that is larger than the share of charts', async () => {
    index.add('large', '1.0.0', { archive: chartArchive('large', '1.0.0', { data: 'x'.repeat(3000 * KB) }) });
    const error = await thrown(ports(false).charts.checkout({ repoURL: index.url, chart: 'large', targetRevision: '1.0.0' }, '1.0.0', 'x'));
    expect(error.message).toContain('its archive holds more than 2 MiB');
  });
});

it('renders on disk stay within their bound, however large each is', async () => {
  const shelf = createFolderShelf(join(cacheDir, 'renders'), 1000 * KB);
  for (let at = 0; at < 40; at += 1) await shelf.put(`render-${at}`, randomBytes(100 * KB));
  expect(names('renders').length).toBeLessThanOrEqual(10);
  expect(await shelf.get('render-39')).toBeDefined();
});

it('what was left half done goes once nobody can be at it, and not before', async () => {
  const at = (name: string) => join(cacheDir, name);
  for (const name of ['old.new', 'young.new', 'whole']) mkdirSync(at(name));
  writeFileSync(join(at('whole'), SIZE_FILE), '10');
  for (const name of ['old.new', 'whole']) utimesSync(at(name), 1, 1);
  await shrink(cacheDir, { maxBytes: 1000, maxCount: 10, idleMs: 0 }, Date.now());
  expect(readdirSync(cacheDir).sort()).toEqual(['whole', 'young.new']);
  await shrink(cacheDir, { maxBytes: 0, maxCount: 0, idleMs: 0 }, Date.now());
  expect(readdirSync(cacheDir)).toEqual(['young.new']);
});

/** Runs a command with a disk of eight MiB at the folder `$2`, in a mount namespace of its own. */
const onSmallDisk = (...args: readonly string[]) =>
  promisify(execFile)(
    'unshare',
    ['--map-root-user', '--user', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=8m tmpfs "$2" && exec "$0" "$@"', ...args],
    { timeout: 120_000 },
  );
/** Some systems let nobody but root have a namespace. */
const namespaces = await onSmallDisk('true', '', tmpdir()).then(
  () => true,
  () => false,
);

it.skipIf(!namespaces)('a disk that is full is emptied of what nobody uses, and said to be full', async () => {
  const small = { repoURL: remote.url, commit: await remote.commit({ data: randomBytes(1000 * KB) }, 'small') };
  const noise = { repoURL: remote.url, commit: await remote.commit({ data: randomBytes(12_000 * KB) }, 'noise') };
  const dense = { repoURL: remote.url, commit: await remote.commit({ data: Buffer.alloc(12_000 * KB, 'x') }, 'dense') };
  index.add('big', '1.0.0', { archive: chartArchive('big', '1.0.0', { data: 'x'.repeat(12_000 * KB) }) });
  index.serve('/big.yaml', Buffer.alloc(12_000 * KB, 'x'));
  const wanted: Wanted = {
    renderer,
    git: [small, noise, small, dense],
    chart: { repoURL: index.url, chart: 'big' },
    file: `${index.url}/big.yaml`,
  };
  const script = fileURLToPath(new URL('../world/full-disk.ts', import.meta.url));
  const { stdout } = await onSmallDisk(process.execPath, script, cacheDir, JSON.stringify(wanted));
  const { faults, checkouts, left }: Outcome = JSON.parse(stdout);
  const full = expect.stringMatching(/^Unavailable: no space left on the disk: what nobody uses .* EVENKEEL_CACHE_MIB lower: /);
  expect(faults).toEqual([full, null, full, null, full, full, full, null]);
  expect(checkouts).toEqual([0, 1, 0, 1, 0, 0, 0, 1]);
  expect(left.map((path) => path.replace(/[0-9a-f]{32}(?:-[0-9a-f]{40})?$/, '*'))).toEqual(['checkouts/*', 'repositories/*']);
});
