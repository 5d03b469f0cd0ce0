// A repository on a real Git server over HTTP, and commits made for it without a working copy of the user's.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serveBackend } from '../../infra/local/git/backend.ts';
import { createRepository } from '../../infra/local/git/repository.ts';

const run = promisify(execFile);

/** Content, or where a symbolic link points; undefined removes. */
export type Change = string | Buffer | { readonly link: string } | undefined;

export interface GitRemote {
  /** `http://127.0.0.1:PORT/repo.git`, or with https. */
  readonly url: string;
  /** The folder that holds `repo.git`. */
  readonly root: string;
  /** One line for each request: method, path and query. */
  readonly requests: string[];
  /** Bytes sent over connections that have ended. */
  sent: number;
  /** Answers every request with this status while it is set. */
  refuse: number | undefined;
  /** The authorization that requests must carry: `user:password`, or `Bearer` and a token. */
  demand: string | undefined;
  /** Sends every request to the same path of that server while it is set. */
  redirect: string | undefined;
  /** A name that `repo` had once: requests for it are sent to this server's `repo`. */
  formerly: string | undefined;
  commit(changes: Readonly<Record<string, Change>>, branch?: string): Promise<string>;
  git(...args: string[]): Promise<string>;
  /** Nothing listens any more, until it is started again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

const IDENTITY = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com', GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' };

export async function startGitRemote(tls?: ServerOptions): Promise<GitRemote> {
  const root = mkdtempSync(join(tmpdir(), 'evk-remote-'));
  await createRepository(root, 'repo');
  const work = join(root, 'work');
  const git = async (...args: string[]) => {
    const env = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', ...IDENTITY };
    return (await run('git', ['-C', work, ...args], { env, maxBuffer: 1 << 28 })).stdout.trim();
  };
  mkdirSync(work);
  await git('init', '-q', '-b', 'main', '--template=');
  await git('remote', 'add', 'origin', join(root, 'repo.git'));
  const remote: GitRemote = {
    url: '',
    root,
    requests: [],
    sent: 0,
    refuse: undefined,
    demand: undefined,
    redirect: undefined,
    formerly: undefined,
    git,
    commit: async (changes, branch = 'main') => {
      for (const [path, change] of Object.entries(changes)) place(join(work, path), change);
      await git('add', '-A');
      await git('commit', '-q', '--allow-empty', '-m', 'change');
      await git('push', '-q', '--force', 'origin', `HEAD:refs/heads/${branch}`);
      return git('rev-parse', 'HEAD');
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    start: () => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve)),
    close: async () => {
      await remote.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
  const serve: RequestListener = (request, response) => {
    remote.requests.push(`${request.method} ${request.url}`);
    const location = locationOf(remote, request.url ?? '');
    if (location !== undefined) {
      response.writeHead(301, { location }).end();
      return;
    }
    const status = remote.refuse ?? (allowed(request, remote.demand) ? undefined : 401);
    if (status !== undefined) {
      response.writeHead(status, status === 401 ? { 'www-authenticate': 'Basic realm="git"' } : {}).end();
      return;
    }
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    serveBackend(request, response, { root, path, query }, () => undefined).catch(() => response.destroy());
  };
  const server = tls ? createTlsServer(tls, serve) : createPlainServer(serve);
  server.on('connection', (socket) => {
    socket.once('close', () => {
      remote.sent += socket.bytesWritten;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return Object.assign(remote, { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/repo.git` });
}

function locationOf({ redirect, formerly }: GitRemote, url: string): string | undefined {
  if (redirect !== undefined) return `${redirect}${url}`;
  return formerly !== undefined && url.startsWith(`/${formerly}.git/`) ? url.replace(formerly, 'repo') : undefined;
}

function allowed(request: IncomingMessage, demand: string | undefined): boolean {
  const wanted = demand?.startsWith('Bearer ') ? demand : `Basic ${Buffer.from(demand ?? '').toString('base64')}`;
  return demand === undefined || request.headers.authorization === wanted;
}

function place(path: string, change: Change): void {
  rmSync(path, { recursive: true, force: true });
  if (change === undefined) return;
  mkdirSync(dirname(path), { recursive: true });
  if (typeof change === 'object' && 'link' in change) symlinkSync(change.link, path);
  else writeFileSync(path, change);
}
