// What a repository's host leads to, and where its server redirects: judged before git or ssh runs, and pinned for them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sshKeyPair } from '../../infra/package/proof/ssh-key.ts';
import type { DialRules } from '../../lib/adapters/dialed-address.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { resolver } from '../support/addresses.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { type HeldCredentials, heldCredentials } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type RecordingProxy, startSocksProxy } from '../support/proxies.ts';
import { refusal } from '../support/refusal.ts';
import { type SshRemote, startSshRemote } from '../support/ssh-remote.ts';

const METADATA = '169.254.169.254';
const HERE = ['127.0.0.1'];

const key = sshKeyPair();
let plain: GitRemote;
let other: GitRemote;
let secure: GitRemote;
let ssh: SshRemote;
let socks: RecordingProxy;
let authority: Authority;
let head: string;
let cacheDir: string;
let credentials: HeldCredentials;

beforeAll(async () => {
  authority = createAuthority('authority of the test');
  [plain, other, secure] = await Promise.all([startGitRemote(), startGitRemote(), startGitRemote(authority.issue('git server'))]);
  [head = ''] = await Promise.all([plain, other, secure].map((remote) => remote.commit({ 'a.yaml': 'kind: ConfigMap\n' })));
  ssh = await startSshRemote(plain.root, key);
  socks = await startSocksProxy('way:out', { 'git.example:80': Number(new URL(plain.url).port), 'git.example:22': ssh.port });
});
afterAll(() => Promise.all([plain, other, secure, ssh, socks].map((server) => server.close())));

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  for (const remote of [plain, other, secure]) {
    Object.assign(remote, { demand: undefined, redirect: undefined, formerly: undefined });
    remote.requests.length = 0;
  }
  ssh.requests.length = 0;
  socks.targets.length = 0;
  credentials = heldCredentials();
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const repositories = (dial: DialRules) =>
  createRepositories({ dial, git: 'git', ssh: 'ssh', credentials, cacheDir, clock: Date.now, timeoutSeconds: 30 });
const names = (...known: Parameters<typeof resolver>): DialRules => ({ loopback: true, lookup: resolver(...known) });
/** A remote's URL under another name of its host, or of its repository. */
const at = ({ url }: GitRemote, host: string, name = 'repo') => url.replace('127.0.0.1', host).replace('repo.git', `${name}.git`);
const register = (url: string, data: Readonly<Record<string, string>>) => {
  credentials.secrets = [{ data: { url, ...data } }];
};

/** Resolves HEAD, checks it out and reads its file. */
async function read(repoURL: string, dial: DialRules): Promise<string | undefined> {
  const ports = repositories(dial);
  const source = { repoURL };
  const checkout = await ports.checkout(source, await ports.resolveRevision(source, Date.now(), 'shop'), 'shop');
  checkout.release();
  return checkout.files.read('a.yaml');
}

/** By each way that leads to a server: a listing, a fetch of a commit, and a search for a short one. */
async function refusals(repoURL: string, dial: DialRules): Promise<readonly string[]> {
  const ports = repositories(dial);
  return [
    await refusal(ports.resolveRevision({ repoURL }, Date.now(), 'shop')),
    await refusal(ports.resolveRevision({ repoURL, targetRevision: 'abcdef0' }, Date.now(), 'shop')),
    await refusal(ports.checkout({ repoURL }, head, 'shop')),
  ];
}

describe('a host that leads to a refused address', () => {
  it.each([
    ['http', () => at(plain, 'git.example')],
    ['https', () => at(secure, 'git.example')],
    ['ssh', () => `ssh://git@git.example:${ssh.port}/repo.git`],
    ['ssh in scp form', () => 'git@git.example:repo.git'],
  ])('is refused by %s, with the host, the address and a way out', async (_, url) => {
    for (const message of await refusals(url(), names({ 'git.example': [METADATA] })))
      expect(message).toBe(
        `repository ${url()}: git.example leads to ${METADATA}, a link-local or metadata address, which is refused: name a server that has another address`,
      );
  });

  it('is refused if only one of its addresses is', async () => {
    const dial = names({ 'git.example': [...HERE, 'fd00:ec2::254'] });
    expect(await refusal(read(at(plain, 'git.example'), dial))).toContain('git.example leads to fd00:ec2::254');
    expect(plain.requests).toEqual([]);
  });

  it('is this machine itself where that has secrets to tell, by name, as address and through a redirect', async () => {
    for (const url of [at(plain, 'localhost'), `ssh://git@localhost:${ssh.port}/repo.git`])
      for (const message of await refusals(url, { loopback: false }))
        expect(message).toMatch(/: localhost leads to (127\.0\.0\.1|::1), a loopback address, which is refused: name/);
    for (const url of [plain.url, 'http://[::ffff:127.0.0.1]/repo.git', `ssh://git@127.0.0.1:${ssh.port}/repo.git`])
      expect(await refusal(read(url, { loopback: false }))).toContain(' is a loopback address, which is refused: name');
    expect([...plain.requests, ...ssh.requests]).toEqual([]);
  });

  it('is refused behind a proxy too, which is not asked', async () => {
    const proxy = `socks5h://way:out@${socks.address}`;
    for (const url of ['http://git.example/repo.git', 'git@git.example:repo.git']) {
      register(url, { proxy, sshPrivateKey: key.private });
      expect(await refusal(read(url, names({ 'git.example': [METADATA] })))).toContain(`git.example leads to ${METADATA}`);
    }
    register(plain.url, { proxy });
    expect(await refusal(read(plain.url, { loopback: false }))).toContain('127.0.0.1 is a loopback address');
    expect(socks.targets).toEqual([]);
  });
});

describe('a host whose addresses were judged', () => {
  it.each(['git.example', 'git.example.'])('is reached at them, whatever else would resolve %s', async (host) => {
    let answers = 0;
    const rebinding = () => {
      answers += 1;
      return answers > 2 ? [METADATA] : HERE;
    };
    expect(await read(at(plain, host), names({ [host]: rebinding }))).toBe('kind: ConfigMap\n');
    // One answer for each run of git, which never asks for itself.
    expect(answers).toBe(2);
  });

  it('is asked for its certificate by name', async () => {
    credentials.trust = { certificates: { localhost: authority.ca, 'git.example': authority.ca } };
    expect(await read(at(secure, 'localhost'), names({ localhost: HERE }))).toBe('kind: ConfigMap\n');
    expect(await refusal(read(at(secure, 'git.example'), names({ 'git.example': HERE })))).toContain('its certificate is not trusted');
  });

  it('may have several, one of which answers', async () => {
    expect(await read(at(plain, 'git.example'), names({ 'git.example': ['::1', ...HERE] }))).toBe('kind: ConfigMap\n');
  });

  it('has to be resolved, unless a proxy does that', async () => {
    const message = await refusal(read(at(plain, 'git.example'), names({})), Unavailable);
    expect(message).toMatch(/^repository http:\S+ does not answer: git\.example is not resolved: .*ENOTFOUND/);
    register('http://git.example/repo.git', { proxy: `socks5h://way:out@${socks.address}` });
    const onLambda = { ...names({}), loopback: false };
    expect(await read('http://git.example/repo.git', onLambda)).toBe('kind: ConfigMap\n');
    expect(new Set(socks.targets)).toEqual(new Set(['git.example:80']));
  });
});

describe('a host of SSH whose addresses were judged', () => {
  const dial = (addresses = HERE) => names({ 'git.example': addresses });
  const url = () => `ssh://git@git.example:${ssh.port}/repo.git`;
  const hostKey = () => ssh.knownHosts.replace(/^\S+ /, '');
  const know = (...lines: readonly string[]) => {
    register(url(), { sshPrivateKey: key.private });
    credentials.trust = { knownHosts: lines.map((line) => `${line.trim()}\n`).join('') };
  };
  const named = () => `[git.example]:${ssh.port}`;

  it('is reached at them, and known by its name and port', async () => {
    know(`${named()} ${hostKey()}`);
    expect(await read(url(), dial())).toBe('kind: ConfigMap\n');
  });

  it('is known by its plain name where its name with the port is not', async () => {
    know(`git.example ${hostKey()}`);
    expect(await read(url(), dial())).toBe('kind: ConfigMap\n');
  });

  it('is refused by another key for its name and port, whatever is known of its plain name or of its address', async () => {
    know(`${named()} ${sshKeyPair().public}`, `git.example ${hostKey()}`, ssh.knownHosts);
    expect(await refusal(read(url(), dial()))).toContain(`the SSH host key of ${named()} is another than`);
    know(ssh.knownHosts);
    expect(await refusal(read(url(), dial()))).toContain(`the SSH host key of ${named()} is not known: add a line`);
    expect(ssh.requests).toEqual([]);
  });

  it('is tried at the next where one does not answer', async () => {
    know(`${named()} ${hostKey()}`);
    expect(await read(url(), dial(['127.0.0.2', ...HERE]))).toBe('kind: ConfigMap\n');
    expect(await refusal(read(url(), dial(['127.0.0.2', '127.0.0.3'])), Unavailable)).toContain('Connection refused');
  });
});

describe('a redirect', () => {
  const dial = names({ 'creds.example': [METADATA], 'other.example': HERE });

  it.each([
    [`http://${METADATA}`, `names a link-local or metadata address, which is refused`],
    ['http://creds.example', `creds.example leads to ${METADATA}, a link-local or metadata address, which is refused: name`],
    ['http://[fd00:ec2::254]', `names a link-local or metadata address, which is refused`],
  ])('to %s is refused', async (to, why) => {
    plain.redirect = to;
    for (const message of await refusals(plain.url, dial)) {
      expect(message).toContain(`repository ${plain.url} redirects: repository`);
      expect(message).toContain(why);
    }
  });

  it('to another server is followed by whoever has nothing to prove', async () => {
    plain.redirect = at(other, 'other.example').replace('/repo.git', '');
    expect(await read(plain.url, dial)).toBe('kind: ConfigMap\n');
    const there = await other.git('rev-parse', 'HEAD');
    const short = { repoURL: plain.url, targetRevision: there.slice(0, 8) };
    expect(await repositories(dial).resolveRevision(short, 0, 'shop')).toBe(there);
  });

  it('to another server takes no credential along', async () => {
    plain.redirect = at(other, 'other.example').replace('/repo.git', '');
    register(plain.url, { username: 'robot', password: 'canary' });
    expect(await refusal(read(plain.url, dial))).toContain('which is not followed with credentials: write that as repoURL');
    expect(other.requests).toEqual([]);
  });

  it.each([
    ['asked for', {}],
    ['sent at once', { forceHttpBasicAuth: 'true' }],
  ])('within its server is followed with a password that is %s', async (_, data) => {
    Object.assign(plain, { formerly: 'old', demand: 'robot:one' });
    const old = at(plain, '127.0.0.1', 'old');
    register(old, { username: 'robot', password: 'one', ...data });
    expect(await read(old, dial)).toBe('kind: ConfigMap\n');
  });

  it('that leads round is left', async () => {
    plain.redirect = new URL(plain.url).origin;
    expect(await refusal(read(plain.url, dial))).toMatch(/ redirects too often$/);
  });

  it('to a page is told, and not followed', async () => {
    plain.redirect = `${new URL(other.url).origin}/login?from=`;
    expect(await refusal(read(plain.url, dial))).toContain(
      `it redirects to ${new URL(other.url).origin}/login, which is no repository: correct repoURL`,
    );
    expect(other.requests).toEqual([]);
  });
});
