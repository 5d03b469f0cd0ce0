import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { anonymousCredentials } from '../../lib/adapters/credentials.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import type { ApplicationSource } from '../../lib/model/application.ts';
import { InvalidInput, messageOf, Unavailable } from '../../lib/model/errors.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';

let remote: GitRemote;
let cacheDir: string;
let first: string;
let tagged: string;

beforeAll(async () => {
  remote = await startGitRemote();
  first = await remote.commit({ 'app/cm.yaml': 'kind: ConfigMap\n', 'link.yaml': { link: 'app/cm.yaml' }, README: 'hello\n' });
  tagged = await remote.commit({ 'app/cm.yaml': 'kind: ConfigMap\n# two\n' });
  await remote.git('tag', '-a', 'v1.2.0', '-m', 'release');
  await remote.git('push', '-q', 'origin', 'v1.2.0');
  await remote.commit({ README: 'hello again\n' });
});
afterAll(() => remote.close());
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  remote.requests.length = 0;
  remote.refuse = undefined;
  remote.demand = undefined;
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

/** For an Application of the default project, unless a test names another. */
function repositories(extra: Partial<Parameters<typeof createRepositories>[0]> = {}) {
  const created = createRepositories({
    dial: { loopback: true },
    git: 'git',
    ssh: 'ssh',
    credentials: anonymousCredentials(),
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 30,
    ...extra,
  });
  return {
    resolveRevision: (asked: ApplicationSource, notBefore: number, project = 'default') =>
      created.resolveRevision(asked, notBefore, project),
    checkout: (asked: ApplicationSource, revision: string, project = 'default') => created.checkout(asked, revision, project),
  };
}
const source = (targetRevision?: string, repoURL = remote.url) => ({ repoURL, targetRevision });
const listings = () => remote.requests.filter((request) => request.includes('info/refs')).length;

async function thrown(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.fail('nothing was thrown'),
    (error: Error) => error,
  );
}

describe('resolveRevision', () => {
  it('reads HEAD, a branch, a version range and an annotated tag as commits', async () => {
    const { resolveRevision } = repositories();
    const head = await remote.git('rev-parse', 'HEAD');
    const revisions = await Promise.all(
      [undefined, 'HEAD', 'main', 'v1.2.0', '1.x'].map((revision) => resolveRevision(source(revision), 0)),
    );
    expect(revisions).toEqual([head, head, head, tagged, tagged]);
  });

  it('takes a whole commit id as it is, without asking the remote', async () => {
    expect(await repositories().resolveRevision(source(first.toUpperCase()), 0)).toBe(first);
    expect(remote.requests).toEqual([]);
  });

  it('finds an abbreviated commit in the history', async () => {
    expect(await repositories().resolveRevision(source(first.slice(0, 9)), 0)).toBe(first);
    expect((await thrown(repositories().resolveRevision(source('abcdef0123'), 0))).message).toContain('revision not found');
  });

  it.each(['nothing', '--upload-pack=touch /tmp/x', '-h', ''.padEnd(41, 'a').replace(/^a/, 'x')])(
    'refuses the revision %j',
    async (revision) => {
      const error = await thrown(repositories().resolveRevision(source(revision), 0));
      expect(error).toBeInstanceOf(InvalidInput);
      expect(error.message).toBe(`unable to resolve '${revision}' to a commit SHA: revision not found`);
    },
  );

  it('asks the remote once for a hundred at the same time', async () => {
    const shared = repositories();
    const at = Date.now();
    await Promise.all(Array.from({ length: 100 }, () => shared.resolveRevision(source('main'), at)));
    const asked = remote.requests.length;
    await shared.resolveRevision(source('v1.2.0'), at);
    expect(remote.requests.length).toBe(asked);
    expect(listings()).toBe(1);
  });

  it('asks again for what happened after the last reading, even by a clock that is ahead', async () => {
    const shared = repositories();
    await shared.resolveRevision(source('main'), Date.now());
    const pushed = await remote.commit({ README: `${Math.random()}\n` });
    const ahead = Date.now() + 60_000;
    expect(await Promise.all([shared.resolveRevision(source('main'), ahead), shared.resolveRevision(source('main'), ahead)])).toEqual([
      pushed,
      pushed,
    ]);
    expect(listings()).toBe(2);
  });

  it('does not hold a reading for later than it was, because somebody else has a clock that is ahead', async () => {
    const shared = repositories();
    await shared.resolveRevision(source('main'), Date.now() + 60_000);
    const pushed = await remote.commit({ README: `${Math.random()}\n` });
    expect(await shared.resolveRevision(source('main'), Date.now())).toBe(pushed);
  });

  it('follows a branch that was pushed over, and refuses one that is gone', async () => {
    const shared = repositories();
    const moved = await remote.commit({ README: 'moved\n' }, 'moving');
    expect(await shared.resolveRevision(source('moving'), Date.now())).toBe(moved);
    await remote.git('push', '-q', '--force', 'origin', `${first}:refs/heads/moving`);
    await expect.poll(() => shared.resolveRevision(source('moving'), Date.now())).toBe(first);
    await remote.git('push', '-q', 'origin', '--delete', 'moving');
    const error = await thrown(shared.resolveRevision(source('moving'), Date.now() + 1));
    expect([error.name, error.message]).toEqual(['InvalidInput', "unable to resolve 'moving' to a commit SHA: revision not found"]);
  });

  it('asks again after a failure', async () => {
    const shared = repositories();
    remote.refuse = 503;
    expect(await thrown(shared.resolveRevision(source('main'), 0))).toBeInstanceOf(Unavailable);
    remote.refuse = undefined;
    expect(await shared.resolveRevision(source('v1.2.0'), 0)).toBe(tagged);
  });
});

describe('a remote that refuses', () => {
  it.each([
    [500, Unavailable, 'does not answer'],
    [404, InvalidInput, 'not found'],
    [403, InvalidInput, 'access refused'],
    [401, InvalidInput, 'access refused'],
  ])('with %d is told apart', async (status, kind, text) => {
    remote.refuse = status;
    const error = await thrown(repositories().resolveRevision(source('main'), 0));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(text);
  });

  it('is Unavailable when nothing listens, and when it takes too long', async () => {
    expect(await thrown(repositories().resolveRevision(source('main', 'http://127.0.0.1:1/x'), 0))).toBeInstanceOf(Unavailable);
    const slow = join(cacheDir, 'slow-git');
    writeFileSync(slow, '#!/bin/sh\nsleep 30 & echo $! > "$0.pid"\nwait\n');
    chmodSync(slow, 0o755);
    const error = await thrown(repositories({ git: slow, timeoutSeconds: 0.5 }).resolveRevision(source('main'), 0));
    expect(error.message).toMatch(/no answer within/);
    await expect.poll(() => runs(readFileSync(`${slow}.pid`, 'utf8').trim())).toBe(false);
  });

  it('is Unavailable, with the setting to change, when there is no git', async () => {
    const error = await thrown(repositories({ git: '/nowhere/git' }).resolveRevision(source('main'), 0));
    expect([error.name, error.message]).toEqual(['Unavailable', '/nowhere/git is not there: install it, or name its path in EVENKEEL_GIT']);
  });
});

describe('a URL', () => {
  it.each([
    ['file:///etc', 'is no http, https or ssh URL'],
    ['/etc', 'is no http, https or ssh URL'],
    ['--upload-pack=touch /tmp/made-by-git', 'is no http, https or ssh URL'],
    ['ext::sh -c touch% /tmp/made-by-git', 'is no http, https or ssh URL'],
    ['http://169.254.169.254/latest', 'link-local or metadata address'],
    ['http://2852039166/latest', 'link-local or metadata address'],
    ['http://[fe80::1]/x', 'link-local or metadata address'],
    ['http://metadata.google.internal/x', 'link-local or metadata address'],
  ])('%j is refused', async (url, why) => {
    for (const work of [repositories().resolveRevision(source('main', url), 0), repositories().checkout(source('main', url), first)]) {
      const error = await thrown(work);
      expect([error.name, error.message.includes(why)]).toEqual(['InvalidInput', true]);
    }
  });

  it('may carry a user name and password, which no message, argument or environment shows', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'evk-temporary-'));
    vi.stubEnv('TMPDIR', temporary); // what other tests leave meanwhile is theirs
    const log = join(cacheDir, 'seen');
    const spy = join(cacheDir, 'spy-git');
    writeFileSync(
      spy,
      `#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/cmdline >> ${log}\ntr '\\0' '\\n' < /proc/$$/environ >> ${log}\nexec git "$@"\n`,
    );
    chmodSync(spy, 0o755);
    remote.demand = 'robot:canary-8c1f';
    const lines: unknown[] = [];
    const write = (...line: unknown[]) => lines.push(line);
    const sink = { info: write, warn: write, error: write, with: () => sink };
    const shared = repositories({ git: spy, log: sink });
    const url = remote.url.replace('http://', 'http://robot:canary-8c1f@');
    const commit = await shared.resolveRevision(source('v1.2.0', url), 0);
    (await shared.checkout(source('v1.2.0', url), commit)).release();
    const errors = await Promise.all([
      thrown(shared.resolveRevision(source('nothing', url), Date.now())),
      thrown(shared.checkout(source('main', url), 'f'.repeat(40))),
      thrown(shared.resolveRevision(source('main', url.replace('canary-8c1f', 'canary-wrong')), 0)),
      thrown(shared.resolveRevision(source('main', 'http://robot:canary-8c1f@127.0.0.1:1/x'), 0)),
      thrown(shared.resolveRevision(source('main', 'ssh://robot:canary-8c1f@host/x'), 0)),
    ]);
    const shown = [
      readFileSync(log, 'utf8'),
      JSON.stringify(lines),
      ...errors.map((error) => `${messageOf(error)} ${messageOf(error.cause)}`),
    ].join('\n');
    expect(shown).toContain('ls-remote');
    expect(shown).not.toMatch(/canary/);
    expect(shown).not.toContain(Buffer.from('robot:canary-8c1f').toString('base64'));
    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
    rmSync(temporary, { recursive: true, force: true });
  });
});

describe('checkout', () => {
  it('gives the files of exactly that commit, links included', async () => {
    const checkout = await repositories().checkout(source(), tagged);
    expect(checkout.files.read('app/cm.yaml')).toBe('kind: ConfigMap\n# two\n');
    expect(checkout.files.read('link.yaml')).toBe('kind: ConfigMap\n# two\n');
    expect(readFileSync(join(checkout.dir, 'README'), 'utf8')).toBe('hello\n');
    expect(checkout.files.tree.entries.get('link.yaml')).toMatchObject({ kind: 'link', target: 'app/cm.yaml' });
    expect([checkout.files.read('app'), checkout.files.read('../list'), checkout.files.read('/etc/passwd')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    checkout.release();
  });

  it('gives files as Git stores them, whatever attributes ask for', async () => {
    const asked = '*.txt text eol=crlf\nwide.txt working-tree-encoding=UTF-16LE\nid.txt ident\n';
    const commit = await remote.commit({ '.gitattributes': asked, 'f.txt': 'a\nb\n', 'id.txt': '$Id$\n' });
    const checkout = await repositories().checkout(source(), commit, 'default');
    expect([checkout.files.read('f.txt'), checkout.files.read('id.txt')]).toEqual(['a\nb\n', '$Id$\n']);
    checkout.release();
    await remote.commit({ '.gitattributes': undefined, 'f.txt': undefined, 'id.txt': undefined });
  });

  it('fetches and writes once for a hundred at the same time', async () => {
    const shared = repositories();
    const checkouts = await Promise.all(Array.from({ length: 100 }, () => shared.checkout(source(), tagged)));
    expect(new Set(checkouts.map(({ dir }) => dir)).size).toBe(1);
    expect(remote.requests.filter((request) => request.startsWith('POST')).length).toBeLessThanOrEqual(2);
    for (const checkout of checkouts) checkout.release();
  });

  it('sends only what is new for the next commit, and nothing for one that is there', async () => {
    const shared = repositories();
    (await shared.checkout(source(), first)).release();
    const big = await remote.commit({ 'big.txt': randomBytes(200_000).toString('hex') });
    const next = await remote.commit({ small: 'y' });
    (await shared.checkout(source(), big)).release();
    const before = remote.sent;
    (await shared.checkout(source(), next)).release();
    expect([before > 100_000, remote.sent - before < 10_000]).toEqual([true, true]);
    remote.requests.length = 0;
    const again = repositories();
    for (const commit of [first, big, next]) (await again.checkout(source(), commit)).release();
    expect(remote.requests).toEqual([]);
  });

  it('leaves no git at work when it fails, and nothing of what was half done', async () => {
    const written = join(cacheDir, 'written');
    const half = join(cacheDir, 'half-git');
    const cases = ['*" ls-tree "*) exit 1 ;;', `*" read-tree "*) sleep 0.5; git "$@"; : > ${written} ;;`, '*) exec git "$@" ;;'];
    writeFileSync(half, `#!/bin/sh\ncase " $* " in\n${cases.join('\n')}\nesac\n`);
    chmodSync(half, 0o755);
    await thrown(repositories({ git: half }).checkout(source(), tagged));
    expect(existsSync(written)).toBe(true);
    expect(readdirSync(join(cacheDir, 'checkouts'))).toEqual([]);
  });

  it('works while processes share the folder, and after the folder was deleted', async () => {
    const [one, two] = [repositories(), repositories()];
    const both = await Promise.all([one.checkout(source(), tagged), two.checkout(source(), tagged)]);
    expect(both.map((checkout) => checkout.files.read('README'))).toEqual(['hello\n', 'hello\n']);
    for (const checkout of both) checkout.release();
    rmSync(cacheDir, { recursive: true, force: true });
    expect((await one.checkout(source(), tagged)).files.read('README')).toBe('hello\n');
  });

  describe('of a repository whose clone is here', () => {
    const cloned = async () => {
      const started = await startGitRemote();
      onTestFinished(() => started.close());
      const big = await started.commit({ 'big.txt': randomBytes(200_000).toString('hex'), README: 'big\n' });
      (await repositories().checkout(source('', started.url), big)).release();
      const [name = ''] = readdirSync(join(cacheDir, 'repositories'));
      const clone = join(cacheDir, 'repositories', name);
      writeFileSync(join(clone, 'marker'), '');
      const next = await started.commit({ README: 'next\n' });
      return { started, clone, big, next, inode: statSync(clone).ino };
    };
    const readme = async (url: string, commit: string) => {
      const checkout = await repositories().checkout(source('', url), commit);
      checkout.release();
      return checkout.files.read('README');
    };

    type Cloned = Awaited<ReturnType<typeof cloned>>;
    const outages: readonly (readonly [string, (at: Cloned) => unknown, (at: Cloned) => unknown])[] = [
      ['is stopped', ({ started }) => started.stop(), ({ started }) => started.start()],
      ...[500, 503, 401, 403].map(
        (status) =>
          [
            `answers ${status}`,
            ({ started }: Cloned) => Object.assign(started, { refuse: status }),
            ({ started }: Cloned) => Object.assign(started, { refuse: undefined }),
          ] as const,
      ),
    ];
    it.each(outages)('keeps that when its server %s, and is sent only what is new afterwards', async (_, break_, mend) => {
      const at = await cloned();
      await break_(at);
      const error = await thrown(repositories().checkout(source('', at.started.url), at.next));
      expect(error.message).toMatch(/does not answer|access refused/);
      expect([existsSync(join(at.clone, 'marker')), statSync(at.clone).ino]).toEqual([true, at.inode]);
      await mend(at);
      const before = at.started.sent;
      expect(await readme(at.started.url, at.next)).toBe('next\n');
      expect(at.started.sent - before).toBeLessThan(10_000);
      expect(existsSync(join(at.clone, 'marker'))).toBe(true);
    });

    it('keeps that when the fetch takes too long, and nothing of what was half done', async () => {
      const at = await cloned();
      const slow = join(cacheDir, 'slow-git');
      writeFileSync(slow, `#!/bin/sh\n: > ${at.clone}/shallow.lock\n: > ${at.clone}/objects/pack/tmp_pack_x\nsleep 30\n`);
      chmodSync(slow, 0o755);
      const error = await thrown(repositories({ git: slow, timeoutSeconds: 0.5 }).checkout(source('', at.started.url), at.next));
      expect(error.message).toContain('no answer within 0.5 s');
      expect(readdirSync(join(at.clone, 'objects', 'pack')).filter((name) => name.startsWith('tmp_'))).toEqual([]);
      expect(await readme(at.started.url, at.next)).toBe('next\n');
      expect(existsSync(join(at.clone, 'marker'))).toBe(true);
    });

    it('keeps that until another is there, when it holds too many commits', async () => {
      const at = await cloned();
      for (let commit = 0; commit <= 200; commit += 1)
        writeFileSync(join(at.clone, 'refs', 'evenkeel', commit.toString(16).padStart(40, '0')), `${at.big}\n`);
      at.started.refuse = 503;
      await thrown(repositories().checkout(source('', at.started.url), at.next));
      expect(existsSync(join(at.clone, 'marker'))).toBe(true);
      at.started.refuse = undefined;
      expect(await readme(at.started.url, at.next)).toBe('next\n');
      expect(readdirSync(join(at.clone, 'refs', 'evenkeel'))).toEqual([at.next]);
      expect(readdirSync(join(cacheDir, 'repositories'))).toHaveLength(1);
    });

    const objects = (clone: string) =>
      readdirSync(join(clone, 'objects'), { recursive: true, withFileTypes: true }).flatMap((entry) =>
        entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
      );
    const spoil = (path: string, content: string) => {
      chmodSync(path, 0o644);
      writeFileSync(path, content);
    };
    const packed = ({ clone }: Cloned) => {
      const pack = (...args: string[]) => execFileSync('git', ['--git-dir', clone, ...args], { stdio: 'ignore' });
      pack('repack', '-adq');
      pack('prune-packed', '-q');
      return objects(clone);
    };
    const damages: readonly (readonly [string, (at: Cloned) => unknown])[] = [
      ['its objects are gone', ({ clone }) => rmSync(join(clone, 'objects'), { recursive: true })],
      ['its HEAD is gone', ({ clone }) => rmSync(join(clone, 'HEAD'))],
      ['its HEAD holds nonsense', ({ clone }) => writeFileSync(join(clone, 'HEAD'), 'nonsense')],
      ['its configuration is cut short', ({ clone }) => writeFileSync(join(clone, 'config'), '[core')],
      ['its list of shallow commits holds nonsense', ({ clone }) => writeFileSync(join(clone, 'shallow'), 'nonsense\n')],
      ['its objects are empty', ({ clone }) => objects(clone).map((path) => spoil(path, ''))],
      ['its objects hold nonsense', ({ clone }) => objects(clone).map((path) => spoil(path, 'nonsense'))],
      ['single objects are gone', ({ clone }) => objects(clone).map((path) => rmSync(path))],
      ['its pack is cut short', (at) => packed(at).map((path) => path.endsWith('.pack') && spoil(path, 'PACK'))],
      ['its pack has an empty index', (at) => packed(at).map((path) => path.endsWith('.idx') && spoil(path, ''))],
      ['its pack is gone', (at) => packed(at).map((path) => path.endsWith('.pack') && rmSync(path))],
      ['a git that was killed left its locks', ({ clone }) => writeFileSync(join(clone, 'shallow.lock'), '')],
    ];
    it.each(damages)('begins afresh where %s', async (_, damage) => {
      const at = await cloned();
      await damage(at);
      expect(await readme(at.started.url, at.next)).toBe('next\n');
      rmSync(join(cacheDir, 'checkouts'), { recursive: true });
      expect(await readme(at.started.url, at.big)).toBe('big\n');
    });
  });

  it('finds an abbreviated commit again after the history was damaged', async () => {
    expect(await repositories().resolveRevision(source(first.slice(0, 9)), 0)).toBe(first);
    const [history = ''] = readdirSync(join(cacheDir, 'repositories')).filter((name) => name.endsWith('-history'));
    rmSync(join(cacheDir, 'repositories', history, 'objects'), { recursive: true });
    expect(await repositories().resolveRevision(source(first.slice(0, 9)), 0)).toBe(first);
  });

  it('takes over the lock of a process that is gone', async () => {
    const shared = repositories();
    (await shared.checkout(source(), first)).release();
    const [clone = ''] = readdirSync(join(cacheDir, 'repositories'));
    writeFileSync(join(cacheDir, 'locks', `${clone}.lock`), '4194399');
    expect((await shared.checkout(source(), tagged)).revision).toBe(tagged);
  });

  it('removes what was used longest ago, never what is held', async () => {
    const shared = repositories({ limits: { maxCount: 1, idleMs: 1000 } });
    const held = await shared.checkout(source(), first);
    (await shared.checkout(source(), tagged)).release();
    for (const name of readdirSync(join(cacheDir, 'checkouts'))) utimesSync(join(cacheDir, 'checkouts', name), 1, 1);
    (await shared.checkout(source(), await remote.git('rev-parse', 'HEAD'))).release();
    expect([existsSync(held.dir), readdirSync(join(cacheDir, 'checkouts')).some((name) => name.includes(tagged))]).toEqual([true, false]);
  });

  it('refuses a commit that is not there, and what is no commit', async () => {
    expect(await thrown(repositories().checkout(source(), 'e'.repeat(40)))).toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining('no such revision'),
    });
    expect(await thrown(repositories().checkout(source(), '--force'))).toBeInstanceOf(InvalidInput);
  });
});

/** A process that has ended may still be listed until somebody asks how it ended. */
function runs(pid: string): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
  return !/\) [ZX]/.test(stat);
}
