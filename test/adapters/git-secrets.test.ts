// No secret of a repository shows: not in messages, logs, arguments or environment of any process, nor in files that are left.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type KeyPair, sshKeyPair } from '../../infra/package/proof/ssh-key.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import type { Log } from '../../lib/ports.ts';
import { createAuthority, type Issued } from '../support/certificates.ts';
import { heldCredentials } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { watchProcesses } from '../support/processes.ts';
import { type RecordingProxy, startHttpProxy, startSocksProxy } from '../support/proxies.ts';
import { type SshRemote, startSshRemote } from '../support/ssh-remote.ts';

const canary = `canary${randomBytes(8).toString('hex')}`;
const authority = createAuthority('authority of the test');

let temporary: string;
let key: KeyPair;
let client: Issued;
let plain: GitRemote;
let secure: GitRemote;
let ssh: SshRemote;
let proxy: RecordingProxy;
let socks: RecordingProxy;

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'evk-secrets-'));
  vi.stubEnv('TMPDIR', temporary); // what other tests leave meanwhile is theirs
  key = sshKeyPair();
  client = authority.issue('robot');
  [plain, secure] = await Promise.all([
    startGitRemote(),
    startGitRemote({ ...authority.issue('git server'), ca: authority.ca, requestCert: true, rejectUnauthorized: true }),
  ]);
  await Promise.all([plain, secure].map((remote) => remote.commit({ 'a.yaml': 'kind: ConfigMap\n' })));
  ssh = await startSshRemote(plain.root, key);
  [proxy, socks] = await Promise.all([startHttpProxy(`way:${canary}`), startSocksProxy(`way:${canary}`)]);
});
afterAll(async () => {
  await Promise.all([plain, secure, ssh, proxy, socks].map((server) => server.close()));
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true, force: true });
});

/** Lines of keys, which no canary can be part of, and every form of the canary itself. */
function secretForms(): readonly string[] {
  const lines = [key.private, client.key].flatMap((pem) => pem.split('\n')).filter((line) => line.length > 40 && !line.startsWith('-----'));
  const pairs = [`robot:${canary}`, `way:${canary}`].map((pair) => Buffer.from(pair).toString('base64'));
  return [canary, Buffer.from(canary).toString('base64').replace(/=+$/, ''), ...pairs, ...lines];
}

interface Use {
  readonly name: string;
  readonly data: () => Readonly<Record<string, string>>;
  readonly urls: () => readonly string[];
}

const sshUrl = (path = '/repo.git', port = ssh.port) => `ssh://git@127.0.0.1:${port}${path}`;
const plainPort = () => Number(new URL(plain.url).port);
const web = () => [plain.url, plain.url.replace('repo', 'missing'), 'http://127.0.0.1:1/repo.git'];

const OVER_HTTP: readonly Use[] = [
  { name: 'a password', data: () => ({ username: 'robot', password: canary }), urls: web },
  { name: 'a password sent at once', data: () => ({ username: 'robot', password: canary, forceHttpBasicAuth: 'true' }), urls: web },
  { name: 'a bearer token', data: () => ({ bearerToken: canary }), urls: web },
  { name: 'a password in the URL', data: () => ({}), urls: () => web().map((url) => url.replace('//', `//robot:${canary}@`)) },
  {
    name: 'a client certificate behind a proxy',
    data: () => ({ tlsClientCertData: client.cert, tlsClientCertKey: client.key, proxy: `http://way:${canary}@${proxy.address}` }),
    urls: () => [secure.url, secure.url.replace('127.0.0.1', 'localhost')],
  },
];

const ELSEWHERE: readonly Use[] = [
  {
    name: 'a private key behind a proxy',
    data: () => ({ sshPrivateKey: key.private, proxy: `socks5://way:${canary}@${socks.address}` }),
    urls: () => [sshUrl(), sshUrl('/missing.git'), sshUrl('/repo.git', 1)],
  },
  {
    name: 'a private key and a proxy that refuses',
    data: () => ({ sshPrivateKey: key.private, proxy: `socks5://wrong:${canary}@${socks.address}` }),
    urls: () => [sshUrl()],
  },
  {
    name: 'a private key for a server that is not known',
    data: () => ({ sshPrivateKey: key.private }),
    urls: () => [sshUrl('/x', plainPort())],
  },
  {
    name: 'a password for a proxy that is not there',
    data: () => ({ username: 'robot', password: canary, proxy: `http://way:${canary}@127.0.0.1:1` }),
    urls: () => [plain.url],
  },
];

/** Everything that anybody could see of a repository's use, whether it goes well or not. */
async function seenOf(url: string, data: Readonly<Record<string, string>>, revisions: readonly string[]): Promise<string> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  const seen: unknown[] = [];
  const write = (...line: unknown[]) => seen.push(line);
  const log: Log = { info: write, warn: write, error: write, with: () => log };
  const credentials = heldCredentials([{ data: { url, ...data } }], {
    knownHosts: ssh.knownHosts,
    certificates: { '127.0.0.1': authority.ca },
  });
  const repositories = createRepositories({
    dial: { loopback: true },
    git: 'git',
    ssh: 'ssh',
    credentials,
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 20,
    log,
  });
  for (const targetRevision of revisions) {
    const source = { repoURL: url, targetRevision };
    const work = async () =>
      (await repositories.checkout(source, await repositories.resolveRevision(source, Date.now(), 'shop'), 'shop')).release();
    await work().then(
      () => seen.push('done'),
      (error: unknown) => seen.push(inspect(error, { depth: null, showHidden: true })),
    );
  }
  seen.push(...filesBelow(cacheDir));
  rmSync(cacheDir, { recursive: true, force: true });
  return seen.map((value) => (typeof value === 'string' ? value : inspect(value))).join('\n');
}

/** Names and contents. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const path = join(folder, name);
    return `${name}\n${statSync(path).isFile() ? readFileSync(path, 'latin1') : ''}`;
  });
}

async function expectNothingShown({ urls, data }: Use, revisions: readonly string[]): Promise<void> {
  const watch = watchProcesses(/git|ssh/);
  const seen: string[] = [];
  for (const url of urls()) seen.push(await seenOf(url, data(), revisions));
  const processes = watch.stop();
  expect(processes.some((text) => /git-remote-http|\bssh\b/.test(text))).toBe(true);
  const shown = [...seen, ...processes].join('\n');
  expect(secretForms().filter((form) => shown.includes(form))).toEqual([]);
  expect(readdirSync(temporary).filter((name) => name.startsWith('evenkeel-'))).toEqual([]);
}

describe.each(OVER_HTTP)('$name', (use) => {
  it.each([
    ['that is right', undefined, undefined],
    ['that is refused', 401, undefined],
    ['for a server that fails', 500, undefined],
    ['for a server that redirects', undefined, 'http://elsewhere.example'],
  ] as const)('%s shows nowhere', async (_, refuse, redirect) => {
    for (const remote of [plain, secure]) Object.assign(remote, { refuse, redirect });
    const works = refuse === undefined && redirect === undefined;
    await expectNothingShown(use, works ? ['HEAD', 'nothing', 'f'.repeat(40)] : ['HEAD']);
  });
});

it.each(ELSEWHERE)('$name shows nowhere', async (use) => {
  await expectNothingShown(use, ['HEAD', 'f'.repeat(40)]);
});
