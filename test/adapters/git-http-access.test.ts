// Private repositories over http and https: credentials, certificates, proxies and redirects, against real servers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRepositories } from '../../lib/adapters/git.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import type { Repositories } from '../../lib/ports.ts';
import { type Authority, createAuthority, type Issued } from '../support/certificates.ts';
import { type HeldCredentials, heldCredentials } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type RecordingProxy, startHttpProxy, startSocksProxy } from '../support/proxies.ts';
import { refusal } from '../support/refusal.ts';

let plain: GitRemote;
let other: GitRemote;
let secure: GitRemote;
let mutual: GitRemote;
let authority: Authority;
let client: Issued;
let proxy: RecordingProxy;
let socks: RecordingProxy;
let head: string;
let cacheDir: string;
let credentials: HeldCredentials;
let repositories: Repositories;

beforeAll(async () => {
  authority = createAuthority('authority of the test');
  client = authority.issue('robot');
  const server = authority.issue('git server');
  [plain, other, secure, mutual] = await Promise.all([
    startGitRemote(),
    startGitRemote(),
    startGitRemote(server),
    startGitRemote({ ...server, ca: authority.ca, requestCert: true, rejectUnauthorized: true }),
  ]);
  [proxy, socks] = await Promise.all([startHttpProxy('way:out'), startSocksProxy('way:out')]);
  [head = ''] = await Promise.all([plain, other, secure, mutual].map((remote) => remote.commit({ 'a.yaml': 'kind: ConfigMap\n' })));
});
afterAll(() => Promise.all([plain, other, secure, mutual, proxy, socks].map((server) => server.close())));

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  for (const remote of [plain, other, secure, mutual]) {
    Object.assign(remote, { demand: undefined, refuse: undefined, redirect: undefined });
    remote.requests.length = 0;
  }
  proxy.targets.length = 0;
  socks.targets.length = 0;
  credentials = heldCredentials();
  repositories = createRepositories({
    dial: { loopback: true },
    git: 'git',
    ssh: 'ssh',
    credentials,
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 30,
  });
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const register = (url: string, data: Readonly<Record<string, string>>) => {
  credentials.secrets = [{ data: { url, ...data } }];
};
const hosts = (remote: GitRemote) => new URL(remote.url).host;

/** Resolves HEAD, checks it out and reads its file. */
async function read({ url }: GitRemote, project = 'shop'): Promise<string | undefined> {
  const source = { repoURL: url };
  const commit = await repositories.resolveRevision(source, Date.now(), project);
  const checkout = await repositories.checkout(source, commit, project);
  checkout.release();
  return checkout.files.read('a.yaml');
}

describe('credentials', () => {
  it('are sent when the server asks for them', async () => {
    plain.demand = 'robot:pass word\\"\'@:/%';
    register(plain.url, { username: 'robot', password: 'pass word\\"\'@:/%' });
    expect(await read(plain)).toBe('kind: ConfigMap\n');
    expect(plain.requests.filter((request) => request.includes('info/refs'))).toHaveLength(4);
  });

  it('are sent at once where the Secret says so', async () => {
    plain.demand = 'robot:one';
    register(plain.url, { username: 'robot', password: 'one', forceHttpBasicAuth: 'true' });
    expect(await read(plain)).toBe('kind: ConfigMap\n');
    expect(plain.requests.filter((request) => request.includes('info/refs'))).toHaveLength(2);
  });

  it('may be a bearer token', async () => {
    plain.demand = 'Bearer one#two;"three\\';
    register(plain.url, { bearerToken: 'one#two;"three\\' });
    expect(await read(plain)).toBe('kind: ConfigMap\n');
  });

  it('may be a token in place of a user name in the URL', async () => {
    plain.demand = 'token:';
    const url = plain.url.replace('//', '//token@');
    expect(await repositories.resolveRevision({ repoURL: url }, 0, 'shop')).toBe(head);
  });

  it('that are wrong are refused without being told', async () => {
    plain.demand = 'robot:one';
    register(plain.url, { username: 'robot', password: 'canary' });
    expect(await refusal(read(plain))).toMatch(/^repository http:\/\/\S+\/repo\.git: access refused: (?!.*canary)/);
    register(plain.url, { bearerToken: 'canary' });
    expect(await refusal(read(plain))).toMatch(/: access refused: (?!.*canary)/);
  });

  it('that are missing are asked for by name', async () => {
    plain.demand = 'robot:one';
    expect(await refusal(read(plain))).toContain(
      'access refused, and no credential is registered for it in this project: add a Secret with its url, username and password and the label argocd.argoproj.io/secret-type: repository',
    );
  });

  it('that were put right a moment ago count at once', async () => {
    plain.demand = 'robot:two';
    register(plain.url, { username: 'robot', password: 'two', forceHttpBasicAuth: 'true' });
    const now = credentials.access;
    const stale = await now(plain.url, 'shop');
    credentials.access = (url, project, rejected) =>
      rejected ? now(url, project) : Promise.resolve({ ...stale, credential: { kind: 'basic', username: 'robot', password: 'one' } });
    expect(await repositories.resolveRevision({ repoURL: plain.url }, 0, 'shop')).toBe(head);
  });
});

describe('a redirect', () => {
  it('is followed without credentials', async () => {
    plain.redirect = other.url.replace('/repo.git', '');
    expect(await read(plain)).toBe('kind: ConfigMap\n');
  });

  it.each([
    ['a password', { username: 'robot', password: 'one' }],
    ['a password sent at once', { username: 'robot', password: 'one', forceHttpBasicAuth: 'true' }],
    ['a token', { bearerToken: 'one' }],
  ])('is not followed with %s, and the message says where it leads', async (_, data) => {
    plain.redirect = other.url.replace('/repo.git', '').replace('//', '//canary@');
    register(plain.url, data);
    expect(await refusal(read(plain))).toContain(
      `it redirects to ${other.url}, which is not followed with credentials: write that as repoURL`,
    );
    expect(other.requests).toEqual([]);
  });
});

describe('a server of a private authority', () => {
  const trust = (ca: string) => {
    credentials.trust = { certificates: { '127.0.0.1': ca } };
  };

  it('is reached with the certificate that is registered for its host', async () => {
    trust(authority.ca);
    expect(await read(secure)).toBe('kind: ConfigMap\n');
  });

  it('is refused without, and with another, naming where it belongs', async () => {
    const text =
      'its certificate is not trusted: put the PEM certificate of the authority that issued it under key 127.0.0.1 of ConfigMap argocd-tls-certs-cm';
    expect(await refusal(read(secure))).toContain(text);
    trust(createAuthority('another').ca);
    const message = await refusal(read(secure));
    expect(message).toContain(text);
    expect(message).not.toContain(tmpdir());
    trust('no certificate');
    expect(await refusal(read(secure))).toContain('key 127.0.0.1 of ConfigMap argocd-tls-certs-cm holds no PEM certificate');
  });

  it('is not checked where the Secret says insecure', async () => {
    register(secure.url, { insecure: 'true' });
    expect(await read(secure)).toBe('kind: ConfigMap\n');
  });

  it('is shown the client certificate that it wants', async () => {
    trust(authority.ca);
    register(mutual.url, { tlsClientCertData: client.cert, tlsClientCertKey: client.key });
    expect(await read(mutual)).toBe('kind: ConfigMap\n');
  });

  it('that wants a client certificate says so', async () => {
    trust(authority.ca);
    // Whether git hears of it, or of a closed connection, depends on who is faster.
    await vi.waitFor(async () => {
      expect(await refusal(read(mutual))).toContain('it may want a client certificate (tlsClientCertData, tlsClientCertKey)');
    }, 20_000);
    register(mutual.url, { tlsClientCertData: client.cert, tlsClientCertKey: authority.issue('other').key });
    expect(await refusal(read(mutual))).toContain('tlsClientCertData or tlsClientCertKey cannot be read');
  });
});

describe('a proxy', () => {
  it.each([
    ['http', () => plain],
    ['https', () => secure],
  ])('leads to a repository over %s', async (_, remote) => {
    credentials.trust = { certificates: { '127.0.0.1': authority.ca } };
    register(remote().url, { proxy: `http://way:out@${proxy.address}` });
    expect(await read(remote())).toBe('kind: ConfigMap\n');
    expect(new Set(proxy.targets)).toEqual(new Set([hosts(remote())]));
  });

  it('may speak SOCKS5', async () => {
    credentials.trust = { certificates: { '127.0.0.1': authority.ca } };
    register(secure.url, { proxy: `socks5h://way:out@${socks.address}` });
    expect(await read(secure)).toBe('kind: ConfigMap\n');
    expect(new Set(socks.targets)).toEqual(new Set([hosts(secure)]));
  });

  it('is left aside for hosts of noProxy', async () => {
    register(plain.url, { proxy: `http://way:out@${proxy.address}`, noProxy: '127.0.0.0/8' });
    expect(await read(plain)).toBe('kind: ConfigMap\n');
    expect(proxy.targets).toEqual([]);
  });

  it('that refuses is named without its password', async () => {
    for (const remote of [plain, secure]) {
      register(remote.url, { proxy: `http://way:canary@${proxy.address}` });
      const message = await refusal(read(remote));
      expect(message).toContain('its proxy refuses the user name or password');
      expect(message).not.toContain('canary');
    }
    register(plain.url, { proxy: 'http://way:canary@127.0.0.1:1' });
    expect(await refusal(read(plain), Unavailable)).not.toContain('canary');
  });
});

describe('what was fetched for one', () => {
  const source = () => ({ repoURL: plain.url });
  const checkout = async (project: string) => (await repositories.checkout(source(), head, project)).release();

  it('is not served to another project, nor to anybody once the Secret is gone', async () => {
    plain.demand = 'robot:one';
    register(plain.url, { username: 'robot', password: 'one', project: 'shop' });
    await checkout('shop');
    expect(await refusal(checkout('other'))).toContain('access refused');
    await checkout('shop');
    credentials.secrets = [];
    expect(await refusal(checkout('shop'))).toContain('access refused');
    expect(await refusal(repositories.resolveRevision(source(), 0, 'shop'))).toContain('access refused');
  });

  it('is served to every project that reaches it by the same Secret', async () => {
    plain.demand = 'robot:one';
    register(plain.url, { username: 'robot', password: 'one' });
    await checkout('shop');
    plain.requests.length = 0;
    await checkout('other');
    expect(plain.requests).toEqual([]);
  });
});
