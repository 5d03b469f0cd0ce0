// The local Git server met by the real git client: pushes, fetches, and what is told about them.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deliver, signature } from '../../infra/local/git/delivery.ts';
import { NO_COMMIT, type Push } from '../../infra/local/git/push.ts';
import { type GitServer, startGitServer } from '../../infra/local/git/server.ts';
import { listen } from '../../infra/local/listen.ts';

const run = promisify(execFile);
const identity = ['-c', 'user.name=Robin', '-c', 'user.email=robin@example.com', '-c', 'commit.gpgsign=false'];
let dir: string;
let server: GitServer;
let pushes: Push[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evenkeel-git-'));
  pushes = [];
  server = await startGitServer({ dir: join(dir, 'repositories'), onPush: (push) => void pushes.push(push) });
});

afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' };
  return (await run('git', [...identity, ...args], { cwd, env })).stdout.trim();
}

async function clone(name: string, branch = 'main'): Promise<string> {
  const work = await mkdtemp(join(dir, 'work-'));
  await git(work, 'init', '-q', '-b', branch);
  await git(work, 'remote', 'add', 'origin', `${server.url}/${name}.git`);
  return work;
}

async function commit(work: string, files: Readonly<Record<string, string | Buffer | null>>, message = 'change'): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(work, path)), { recursive: true });
    if (content === null) await git(work, 'rm', '-q', path);
    else await writeFile(join(work, path), content);
  }
  await git(work, 'add', '-A');
  await git(work, 'commit', '-q', '-m', message);
  return git(work, 'rev-parse', 'HEAD');
}

async function heard(): Promise<Push[]> {
  await server.settled();
  return pushes;
}

describe('a push', () => {
  test('to an unknown name creates the repository and is told with its commits', async () => {
    const work = await clone('bookstore');
    const first = await commit(work, { 'base/app.yaml': 'a', 'README.md': 'r' }, 'first\n\nbody');
    const second = await commit(work, { 'base/app.yaml': 'b', 'README.md': null, 'with space ü.txt': '1' }, 'second');
    await git(work, 'push', '-q', 'origin', 'main');
    const [push, ...rest] = await heard();
    expect(rest).toEqual([]);
    expect(push).toMatchObject({ repository: 'bookstore', url: `${server.url}/bookstore`, ref: 'refs/heads/main', defaultBranch: 'main' });
    expect(push).toMatchObject({ before: NO_COMMIT, after: second, created: true, deleted: false, forced: false });
    expect(push?.commits).toMatchObject([
      { id: first, message: 'first\n\nbody', added: ['README.md', 'base/app.yaml'], modified: [], removed: [] },
      { id: second, author: { name: 'Robin' }, added: ['with space ü.txt'], modified: ['base/app.yaml'], removed: ['README.md'] },
    ]);
  });

  test('names only the commits that are new on a branch that was there', async () => {
    const work = await clone('shop/site');
    const first = await commit(work, { a: '1' });
    await git(work, 'push', '-q', 'origin', 'main');
    const second = await commit(work, { a: '2' });
    await git(work, 'push', '-q', 'origin', 'main');
    const push = (await heard())[1];
    expect(push).toMatchObject({ before: first, after: second, created: false, forced: false });
    expect(push?.commits.map(({ id }) => id)).toEqual([second]);
  });

  test('tells of a forced update, a tag and a deletion', async () => {
    const work = await clone('shop');
    await commit(work, { a: '1' });
    const old = await commit(work, { a: '2' });
    await git(work, 'push', '-q', 'origin', 'main', 'main:old');
    await git(work, 'reset', '-q', '--hard', 'HEAD~1');
    const replaced = await commit(work, { a: '3' });
    await git(work, 'tag', 'v1');
    await git(work, 'push', '-q', '--force', 'origin', 'main', 'v1');
    await git(work, 'push', '-q', '--delete', 'origin', 'old');
    const [, , forced, tag, deletion] = await heard();
    expect(forced).toMatchObject({ ref: 'refs/heads/main', before: old, after: replaced, forced: true });
    expect(tag).toMatchObject({ ref: 'refs/tags/v1', before: NO_COMMIT, after: replaced, created: true });
    expect(deletion).toMatchObject({ ref: 'refs/heads/old', before: old, after: NO_COMMIT, deleted: true, commits: [] });
  });

  test('lists what a merge brought against its first parent', async () => {
    const work = await clone('shop');
    await commit(work, { a: '1' });
    await git(work, 'push', '-q', 'origin', 'main');
    await git(work, 'switch', '-q', '-c', 'topic');
    await commit(work, { b: '1' });
    await git(work, 'switch', '-q', 'main');
    await git(work, 'merge', '-q', '--no-ff', '-m', 'merge', 'topic');
    await git(work, 'push', '-q', 'origin', 'main');
    const merge = (await heard())[1]?.commits.at(-1);
    expect(merge).toMatchObject({ message: 'merge', added: ['b'], modified: [], removed: [] });
  });

  test('of the first branch makes it the default branch', async () => {
    const work = await clone('shop', 'trunk');
    await commit(work, { a: '1' });
    await git(work, 'push', '-q', 'origin', 'trunk');
    expect((await heard())[0]?.defaultBranch).toBe('trunk');
    const other = await mkdtemp(join(dir, 'other-'));
    await git(other, 'clone', '-q', `${server.url}/shop`, '.');
    expect(await git(other, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('trunk');
  });

  test('of several megabytes arrives chunked and whole', async () => {
    const work = await clone('large');
    const content = randomBytes(5_000_000);
    await commit(work, { blob: content });
    await git(work, 'push', '-q', 'origin', 'main');
    expect((await heard())[0]?.commits[0]?.added).toEqual(['blob']);
    const other = await mkdtemp(join(dir, 'other-'));
    await git(other, 'clone', '-q', `${server.url}/large.git`, '.');
    expect(await git(other, 'hash-object', 'blob')).toBe(await git(work, 'hash-object', 'blob'));
  });

  test('that is refused tells nothing', async () => {
    const work = await clone('shop');
    await commit(work, { a: '1' });
    await git(work, 'push', '-q', 'origin', 'main');
    const stale = await clone('shop');
    await commit(stale, { b: '1' });
    await expect(git(stale, 'push', '-q', 'origin', 'main')).rejects.toThrow(/fetch first|rejected/);
    expect(await heard()).toHaveLength(1);
  });

  test('to one repository waits for the one before it, and each is told with its own commits', async () => {
    const works = await Promise.all(['a', 'b', 'c', 'd'].map((branch) => clone('busy', branch)));
    const commits = await Promise.all(works.map((work, index) => commit(work, { [`f${index}`]: '1' }, `commit ${index}`)));
    await Promise.all(works.map((work, index) => git(work, 'push', '-q', 'origin', 'abcd'[index] ?? '')));
    const told = (await heard()).map(({ after, commits: [only, ...more] }) => [after, only?.id, more.length]).sort();
    expect(told).toEqual(commits.map((id) => [id, id, 0]).sort());
  });
});

describe('a fetch', () => {
  test('may be partial, shallow, and by commit', async () => {
    const work = await clone('shop');
    const first = await commit(work, { a: '1' });
    await commit(work, { a: '2' });
    await git(work, 'push', '-q', 'origin', 'main');
    const other = await clone('shop');
    await git(other, 'fetch', '-q', '--depth=1', '--filter=blob:none', 'origin', first);
    expect(await git(other, 'rev-parse', 'FETCH_HEAD')).toBe(first);
    expect(await git(other, 'rev-list', '--count', 'FETCH_HEAD')).toBe('1');
  });

  test('with a long negotiation is sent compressed and understood', async () => {
    const work = await clone('shop');
    for (let index = 0; index < 40; index++) await commit(work, { a: `${index}` });
    await git(work, 'push', '-q', 'origin', 'main');
    const other = await clone('shop');
    for (let index = 0; index < 40; index++) await commit(other, { b: `${index}` });
    await git(other, 'fetch', '-q', 'origin');
    expect(await git(other, 'rev-list', '--count', 'FETCH_HEAD')).toBe('40');
  });

  test('from an unknown name is refused and creates nothing', async () => {
    await expect(git(dir, 'ls-remote', `${server.url}/nothing.git`)).rejects.toThrow(/not found/);
    expect(existsSync(join(dir, 'repositories', 'nothing.git'))).toBe(false);
  });
});

/** A request as it is written: fetch would tidy the path first. */
function raw(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(server.url, { method, path }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject).end();
  });
}

test.each(['/../outside.git', '/%2e%2e/outside.git', '/a/b/c.git', '/.hidden.git', '/a..b.git', '//x.git', '/-x.git'])(
  'a push to %s is refused and creates nothing',
  async (path) => {
    expect(await raw('GET', `${path}/info/refs?service=git-receive-pack`)).toBe(404);
    expect(await readdir(dir)).toEqual(['repositories']);
    expect(await readdir(join(dir, 'repositories'))).toEqual([]);
  },
);

test.each([
  ['GET', '/shop.git/HEAD'],
  ['GET', '/shop.git/config'],
  ['GET', '/shop.git/info/refs'],
  ['GET', '/shop.git/git-upload-pack'],
  ['POST', '/shop.git/info/refs?service=git-upload-pack'],
])('%s %s is not served', async (method, path) => {
  expect(await raw('GET', '/shop.git/info/refs?service=git-receive-pack')).toBe(200);
  expect(await raw(method, path)).toBe(404);
});

test('a second server on the same port says that it is taken and how to go on', async () => {
  const port = Number(new URL(server.url).port);
  await expect(startGitServer({ dir, port })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken: end what uses it, or choose another with --port`,
  );
});

test('a push is delivered as a signed push event of GitHub', async () => {
  const received: { headers: Record<string, unknown>; body: string }[] = [];
  const webhook = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    received.push({ headers: request.headers, body });
    response.writeHead(202).end('noted');
  });
  const listening = await listen(webhook, 0);
  const work = await clone('team/shop');
  const id = await commit(work, { 'base/app.yaml': 'a' });
  await git(work, 'push', '-q', 'origin', 'main');
  const [push] = await heard();
  if (push === undefined) throw new Error('no push was told');
  const answer = await deliver(push, { url: `${listening.url}/api/webhook`, secret: 'canary' });
  await listening.close();
  expect(answer).toMatchObject({ status: 202, body: 'noted' });
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  expect(headers).toMatchObject({ 'x-github-event': 'push', 'x-hub-signature-256': signature('canary', body) });
  expect(headers['x-github-delivery']).toBe(answer.delivery);
  expect(JSON.parse(body)).toMatchObject({
    ref: 'refs/heads/main',
    after: id,
    repository: { full_name: 'team/shop', name: 'shop', html_url: `${server.url}/team/shop`, default_branch: 'main' },
    commits: [{ id, added: ['base/app.yaml'], modified: [], removed: [] }],
    head_commit: { id },
  });
});
