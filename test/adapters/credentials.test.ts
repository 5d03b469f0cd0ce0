// Credentials out of a real API server, up to the checkout of a private repository.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sshKeyPair } from '../../infra/package/proof/ssh-key.ts';
import { createCredentials, orAnonymous } from '../../lib/adapters/credentials.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { InvalidInput, NotPermitted } from '../../lib/model/errors.ts';
import type { Credentials } from '../../lib/ports.ts';
import { createAuthority } from '../support/certificates.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type GithubStandIn, startGithubStandIn } from '../support/github-api.ts';
import { type SshRemote, startSshRemote } from '../support/ssh-remote.ts';
import { type World, world } from '../world/world.ts';

const authority = createAuthority('authority of the test');
const sshKey = sshKeyPair();

let here: World;
let cluster: OpenCluster;
let remote: GitRemote;
let secure: GitRemote;
let ssh: SshRemote;
let github: GithubStandIn;
let namespace: string;
let now: number;
let credentials: Credentials;

beforeAll(async () => {
  here = world();
  cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  [remote, secure] = await Promise.all([startGitRemote(), startGitRemote(authority.issue('git server'))]);
  ssh = await startSshRemote(remote.root, sshKey);
  github = await startGithubStandIn(() => now);
  await Promise.all([remote, secure].map((server) => server.commit({ 'a.yaml': 'kind: ConfigMap\n' })));
});
afterAll(async () => {
  await Promise.all([cluster, remote, secure, ssh, github].map((open) => open.close()));
  here.api.close();
});

let cacheDir: string;
beforeEach(async () => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  namespace = await here.freshNamespace('credentials');
  now = Date.parse('2026-01-01T12:00:00Z');
  credentials = createCredentials({ cluster, namespace, clock: () => now });
  Object.assign(remote, { demand: undefined });
  github.tokens.length = 0;
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const register = (name: string, stringData: Readonly<Record<string, string>>, type = 'repository') =>
  here.create('v1', 'secrets', namespace, { metadata: { name, labels: { 'argocd.argoproj.io/secret-type': type } }, stringData });
const configMap = (name: string, data: Readonly<Record<string, string>>) =>
  here.create('v1', 'configmaps', namespace, { metadata: { name }, data });

/** Checks a repository's HEAD out and reads its file. */
async function read(repoURL: string, by: Credentials = credentials, project = 'shop'): Promise<string | undefined> {
  const repositories = createRepositories({
    dial: { loopback: true },
    git: 'git',
    ssh: 'ssh',
    credentials: by,
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 30,
  });
  const checkout = await repositories.checkout({ repoURL }, await repositories.resolveRevision({ repoURL }, Date.now(), project), project);
  checkout.release();
  return checkout.files.read('a.yaml');
}

async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = cluster.requestCount();
  await work();
  return cluster.requestCount() - before;
}

describe('a private repository', () => {
  it('is read by its Secret, and by no other project than its own', async () => {
    remote.demand = 'robot:one';
    await register('shop', { url: remote.url, username: 'robot', password: 'one', project: 'shop' });
    expect(await read(remote.url)).toBe('kind: ConfigMap\n');
    await expect(read(remote.url, credentials, 'other')).rejects.toThrow('access refused');
  });

  it('is read by a template, over TLS by the certificate of its host', async () => {
    secure.demand = 'Bearer one';
    await register('hosts', { url: secure.url.replace('/repo.git', '/'), bearerToken: 'one' }, 'repo-creds');
    await configMap('argocd-tls-certs-cm', { '127.0.0.1': authority.ca });
    expect(await read(secure.url)).toBe('kind: ConfigMap\n');
  });

  it('is read over SSH by the known hosts', async () => {
    const url = `ssh://git@127.0.0.1:${ssh.port}/repo.git`;
    await register('ssh', { url, sshPrivateKey: sshKey.private });
    await configMap('argocd-ssh-known-hosts-cm', { ssh_known_hosts: `# ours\n${ssh.knownHosts}` });
    expect(await read(url)).toBe('kind: ConfigMap\n');
  });

  it('is read by a GitHub App, whose token is renewed when the repository refuses it', async () => {
    const { appId, privateKey, url } = github;
    const data = { url: remote.url, githubAppID: appId, githubAppInstallationID: '70', githubAppPrivateKey: privateKey };
    await register('app', { ...data, githubAppEnterpriseBaseUrl: `${url}/` });
    const access = await credentials.access(remote.url, 'shop');
    expect(access.credential).toEqual({ kind: 'basic', username: 'x-access-token', password: github.tokens[0] });
    // The first token is taken back: only one that is issued from now on is let in.
    Object.defineProperty(remote, 'demand', {
      configurable: true,
      get: () => `x-access-token:${github.tokens[1] ?? 'none yet'}`,
    });
    expect(await read(remote.url)).toBe('kind: ConfigMap\n');
    Object.defineProperty(remote, 'demand', { configurable: true, writable: true, value: undefined });
    expect(github.tokens).toHaveLength(2);
    expect((await credentials.access(remote.url, 'shop')).identity).toBe(access.identity);
  });
});

describe('the Secrets', () => {
  it('of a bad one hurt nobody else', async () => {
    await register('bad', { url: 'https://git.example/bad', insecure: 'canary', password: 'canary' });
    await register('nameless', { password: 'canary' });
    await register('good', { url: 'https://git.example/good', password: 'one' });
    await expect(credentials.access('https://git.example/bad', 'shop')).rejects.toThrow(
      new InvalidInput(`Secret ${namespace}/bad: insecure is neither true nor false`),
    );
    expect((await credentials.access('https://git.example/good', 'shop')).credential.kind).toBe('basic');
  });

  it('are asked for once in thirty seconds, trust stores only by who needs them', async () => {
    const many = (url: string) => () => Promise.all(Array.from({ length: 50 }, () => credentials.access(url, 'shop')));
    expect(await counted(many('http://git.example/x'))).toBe(1);
    expect(await counted(many('https://git.example/x'))).toBe(1);
    expect(await counted(many('git@git.example:x'))).toBe(1);
    now += 29_000;
    expect(await counted(many('git@git.example:x'))).toBe(0);
    now += 1_000;
    expect(await counted(many('http://git.example/x'))).toBe(1);
  });

  it('are asked for again when a repository has refused, once a second', async () => {
    const rejected = await credentials.access('http://git.example/x', 'shop');
    await register('late', { url: 'http://git.example/x', password: 'one' });
    const again = () => Promise.all(Array.from({ length: 50 }, () => credentials.access('http://git.example/x', 'shop', rejected)));
    expect(await counted(again)).toBe(0);
    now += 1_000;
    expect(await counted(again)).toBe(1);
    expect((await credentials.access('http://git.example/x', 'shop')).credential.kind).toBe('basic');
  });

  it('name a Helm repository', async () => {
    await register('charts', { url: 'https://charts.example/stable', type: 'helm', name: 'stable', username: 'robot', password: 'one' });
    expect(await credentials.named('stable', 'shop')).toMatchObject({ url: 'https://charts.example/stable', type: 'helm' });
    expect(await credentials.named('none', 'shop')).toBeUndefined();
  });
});

describe('known hosts', () => {
  it('are those of public services while the ConfigMap is not there, and only its own once it is', async () => {
    expect((await credentials.access('git@github.com:a/b', 'shop')).knownHosts).toMatch(/^github\.com,\S+ ssh-ed25519 /m);
    await configMap('argocd-ssh-known-hosts-cm', {});
    now += 30_000;
    expect((await credentials.access('git@github.com:a/b', 'shop')).knownHosts).toBe('');
  });
});

describe('who may not read Secrets', () => {
  it('is refused, or reaches public repositories where that is enough', async () => {
    await here.create('v1', 'serviceaccounts', namespace, { metadata: { name: 'nobody' } });
    const answer = await here.api.send(`/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`, {
      method: 'POST',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    const { token } = (answer as { readonly status: { readonly token: string } }).status; // a TokenRequest that was answered
    const restricted = createCluster({ server: here.server, caPem: here.ca, token: async () => token });
    const theirs = createCredentials({ cluster: restricted, namespace, clock: () => now });
    await expect(theirs.access(remote.url, 'shop')).rejects.toBeInstanceOf(NotPermitted);
    expect(await read(remote.url, orAnonymous(theirs))).toBe('kind: ConfigMap\n');
    await restricted.close();
  });
});
