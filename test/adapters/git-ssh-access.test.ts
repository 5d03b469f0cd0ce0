// Repositories over SSH: keys, host keys and proxies, by the real ssh against a real SSH server.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sshKeyPair } from '../../infra/package/proof/ssh-key.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { type HeldCredentials, heldCredentials } from '../support/credentials.ts';
import { type GitRemote, startGitRemote } from '../support/git-remote.ts';
import { type RecordingProxy, startSocksProxy } from '../support/proxies.ts';
import { refusal as refused } from '../support/refusal.ts';
import { type SshRemote, startSshRemote } from '../support/ssh-remote.ts';

const key = sshKeyPair();
let content: GitRemote;
let remote: SshRemote;
let socks: RecordingProxy;
let head: string;
let url: string;
let cacheDir: string;
let credentials: HeldCredentials;

beforeAll(async () => {
  content = await startGitRemote();
  head = await content.commit({ 'a.yaml': 'kind: ConfigMap\n' });
  remote = await startSshRemote(content.root, key);
  url = `ssh://git@127.0.0.1:${remote.port}/repo.git`;
  socks = await startSocksProxy('way:out', { 'git.example:22': remote.port });
});
afterAll(() => Promise.all([remote, content, socks].map((server) => server.close())));

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'evk-cache-'));
  remote.requests.length = 0;
  socks.targets.length = 0;
  credentials = heldCredentials([], { knownHosts: remote.knownHosts });
});
afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

const register = (data: Readonly<Record<string, string>> = {}, repoURL = url) => {
  credentials.secrets = [{ data: { url: repoURL, sshPrivateKey: key.private, ...data } }];
};

/** Resolves a revision, checks it out and reads its file. */
async function read(repoURL = url, targetRevision = 'main', ssh = 'ssh'): Promise<string | undefined> {
  const repositories = createRepositories({
    dial: { loopback: true },
    git: 'git',
    ssh,
    credentials,
    cacheDir,
    clock: Date.now,
    timeoutSeconds: 30,
  });
  const source = { repoURL, targetRevision };
  const checkout = await repositories.checkout(source, await repositories.resolveRevision(source, Date.now(), 'shop'), 'shop');
  checkout.release();
  return checkout.files.read('a.yaml');
}

/** The message, which tells nothing of where this machine keeps the key. */
async function refusal(work: Promise<unknown>, kind?: Parameters<typeof refused>[1]): Promise<string> {
  const message = await refused(work, kind);
  expect(message).not.toContain('evenkeel-git-');
  return message;
}

describe('a repository over SSH', () => {
  it('is read with the key of its Secret', async () => {
    register();
    expect(await read()).toBe('kind: ConfigMap\n');
    expect(await read(url, head.slice(0, 8))).toBe('kind: ConfigMap\n');
    expect(new Set(remote.requests)).toEqual(new Set(["git-upload-pack '/repo.git'"]));
  });

  it('is read with a key that has lost its last line break, or has those of Windows', async () => {
    register({ sshPrivateKey: key.private.trimEnd() });
    expect(await read()).toBe('kind: ConfigMap\n');
    register({ sshPrivateKey: key.private.replaceAll('\n', '\r\n') });
    expect(await read()).toBe('kind: ConfigMap\n');
  });

  it('that refuses the key says so', async () => {
    register({ sshPrivateKey: sshKeyPair().private });
    expect(await refusal(read())).toMatch(/: access refused: git@127\.0\.0\.1: Permission denied \(publickey\)\.?$/);
  });

  it('without a key names what to register', async () => {
    expect(await refusal(read())).toContain(
      'access refused, and no credential is registered for it in this project: add a Secret with its url, sshPrivateKey and the label',
    );
  });

  it('with a key that ssh cannot use says why', async () => {
    register({ sshPrivateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\nbm90aGluZw==\n-----END OPENSSH PRIVATE KEY-----\n' });
    expect(await refusal(read())).toContain('ssh cannot read its sshPrivateKey: it must be a whole private key');
    register({ sshPrivateKey: sshKeyPair('secret').private });
    expect(await refusal(read())).toMatch(/^Secret \S+: sshPrivateKey is locked by a passphrase: make one without$/);
  });

  it('that is not there is not found', async () => {
    const missing = url.replace('repo.git', 'missing.git');
    register({}, missing);
    expect(await refusal(read(missing))).toContain(`repository ${missing}: not found: `);
  });

  it('is out of reach without an ssh, and without a server', async () => {
    register();
    expect(await refusal(read(url, 'main', '/nowhere/ssh'), Unavailable)).toBe(
      '/nowhere/ssh is not there: install it, or name its path in EVENKEEL_SSH',
    );
    const nobody = 'ssh://git@127.0.0.1:1/repo.git';
    register({}, nobody);
    expect(await refusal(read(nobody), Unavailable)).toContain('Connection refused');
  });
});

describe('a host key', () => {
  it('that is not known is refused, with what to add where', async () => {
    register();
    credentials.trust = {};
    const name = `[127.0.0.1]:${remote.port}`;
    expect(await refusal(read())).toContain(
      `the SSH host key of ${name} is not known: add a line that \`ssh-keyscan -p ${remote.port} 127.0.0.1\` prints to ssh_known_hosts of ConfigMap argocd-ssh-known-hosts-cm`,
    );
    expect(remote.requests).toEqual([]);
  });

  it('that has changed is refused, with what to replace', async () => {
    register();
    credentials.trust = { knownHosts: `[127.0.0.1]:${remote.port} ${sshKeyPair().public}\n` };
    expect(await refusal(read())).toContain(
      `the SSH host key of [127.0.0.1]:${remote.port} is another than ConfigMap argocd-ssh-known-hosts-cm says`,
    );
    expect(remote.requests).toEqual([]);
  });

  it.each(['insecure', 'insecureIgnoreHostKey'])('is not checked where the Secret says %s', async (flag) => {
    register({ [flag]: 'true' });
    credentials.trust = { knownHosts: `[127.0.0.1]:${remote.port} ${sshKeyPair().public}\n` };
    expect(await read()).toBe('kind: ConfigMap\n');
  });
});

describe('a SOCKS5 proxy', () => {
  const proxy = (password: string) => `socks5://way:${password}@${socks.address}`;

  it('leads to a repository, whose host key is checked as ever', async () => {
    register({ proxy: proxy('out') });
    expect(await read()).toBe('kind: ConfigMap\n');
    expect(new Set(socks.targets)).toEqual(new Set([`127.0.0.1:${remote.port}`]));
    credentials.trust = {};
    expect(await refusal(read())).toContain(`the SSH host key of [127.0.0.1]:${remote.port} is not known`);
  });

  it('leads to a host that only it can resolve, in scp form', async () => {
    const scp = 'git@git.example:repo.git';
    register({ proxy: proxy('out') }, scp);
    credentials.trust = { knownHosts: remote.knownHosts.replace(/^\S+/, 'git.example') };
    expect(await read(scp)).toBe('kind: ConfigMap\n');
    expect(new Set(remote.requests)).toEqual(new Set(["git-upload-pack 'repo.git'"]));
  });

  it('that refuses is named without its password', async () => {
    register({ proxy: proxy('canary') });
    const message = await refusal(read(), Unavailable);
    expect(message).toContain(`proxy ${socks.address} does not lead to 127.0.0.1:${remote.port}: it refuses the user name or password`);
    expect(message).not.toContain('canary');
  });

  it('is the only kind that SSH goes through', async () => {
    register({ proxy: 'http://way:canary@127.0.0.1:3128' });
    const message = await refusal(read());
    expect(message).toContain('proxy: SSH goes through a SOCKS proxy only: write socks5://host:port, or list 127.0.0.1 in noProxy');
    expect(message).not.toContain('canary');
  });
});
