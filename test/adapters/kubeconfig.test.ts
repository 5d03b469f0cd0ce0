// Kubeconfigs as people have them: inline and in files, with tokens, certificates and plugins; what is wrong is named, never quoted.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeconfigSecret, loadConnection } from '../../lib/adapters/kubeconfig.ts';
import { createCluster } from '../../lib/adapters/kubernetes.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import { type World, world } from '../world/world.ts';

let here: World;
let folder: string;

beforeAll(async () => {
  here = world();
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
});

afterAll(() => rm(folder, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');

function kubeconfig(user: object, cluster: object = {}, server = 'https://api.example:6443/'): string {
  return JSON.stringify({
    'current-context': 'main',
    contexts: [
      { name: 'other', context: { cluster: 'x', user: 'y' } },
      { name: 'main', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server, ...cluster } }],
    users: [{ name: 'u', user }],
  });
}

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe('loadConnection', () => {
  it('reaches the cluster that the file names', async () => {
    const cluster = createCluster(await loadConnection({ path: here.kubeconfigPath }));
    expect((await cluster.list({ group: '', version: 'v1', kind: 'Namespace' }, { limit: 1 })).items).toHaveLength(1);
    await cluster.close();
  });

  it('reads what is inline', async () => {
    const user = { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') };
    const cluster = { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'api' };
    expect(await loadConnection({ text: kubeconfig(user, cluster) })).toMatchObject({
      server: 'https://api.example:6443',
      caPem: 'CA',
      serverName: 'api',
      certPem: 'CERT',
      keyPem: 'KEY',
      token: undefined,
    });
    const connection = await loadConnection({ text: kubeconfig({ token: 'abc' }, { 'insecure-skip-tls-verify': true }) });
    expect(connection.insecure).toBe(true);
    expect(await connection.token?.()).toBe('abc');
    expect((await loadConnection({ text: kubeconfig({ username: 'me', password: 'pw' }) })).basic).toEqual({
      username: 'me',
      password: 'pw',
    });
  });

  it('reads files that are named from where the kubeconfig is, a token anew each time', async () => {
    await Promise.all([file('ca.crt', 'CA'), file('token', 'first\n')]);
    const path = await file('with-files', kubeconfig({ tokenFile: 'token', token: 'not this one' }, { 'certificate-authority': 'ca.crt' }));
    const connection = await loadConnection({ path });
    expect(connection.caPem).toBe('CA');
    expect(await connection.token?.()).toBe('first');
    await file('token', 'second\n');
    expect(await connection.token?.()).toBe('second');
  });

  it.each<[string, string, RegExp]>([
    ['text that is no YAML', 'token: "canary', /^kubeconfig: is not valid YAML$/],
    ['no current context', '{}', /current-context is not set/],
    ['an unknown context', '{"current-context":"x"}', /contexts has no entry "x"/],
    ['no server', kubeconfig({}, {}, ''), /cluster has no server/],
    ['an impersonated user', kubeconfig({ token: 'canary', as: 'someone' }), /as of the current context is not supported/],
    ['a proxy', kubeconfig({ token: 'canary' }, { 'proxy-url': 'http://proxy' }), /proxy-url of the current context is not supported/],
    ['a certificate without its key', kubeconfig({ 'client-certificate-data': base64('canary') }), /need each other/],
    ['a relative path in a text', kubeconfig({}, { 'certificate-authority': 'ca.crt' }), /certificate-authority is a relative path/],
    [
      'a file that is not there',
      kubeconfig({}, { 'certificate-authority': '/nonesuch' }),
      /certificate-authority: \/nonesuch cannot be read/,
    ],
  ])('refuses %s', async (_, text, message) => {
    const loading = loadConnection({ text });
    await expect(loading).rejects.toThrow(InvalidInput);
    await expect(loading).rejects.toThrow(message);
    expect(inspect(await loading.catch((error: unknown) => error), { depth: 9 })).not.toContain('canary');
  });
});

describe('a credential plugin', () => {
  async function plugin(name: string, script: string): Promise<string> {
    await chmod(await file(name, `#!/bin/sh\n${script}\n`), 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: `./${name}`, args: ['x'], env: [{ name: 'WHO', value: 'me' }] };
    return file(`${name}.kubeconfig`, kubeconfig({ exec }));
  }
  const credential = (status: string) =>
    `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status}}'`;

  it('gives the token, and another one when that is refused', async () => {
    const path = await plugin('tokens', `echo x >> "$0.runs"; ${credential(`{"token":"'"$WHO-$(wc -l < "$0.runs" | tr -d ' ')"'"}`)}`);
    const connection = await loadConnection({ path });
    expect(await connection.token?.()).toBe('me-1');
    expect(await connection.token?.()).toBe('me-1');
    expect(await connection.token?.('me-1')).toBe('me-2');
  });

  it('gives a client certificate', async () => {
    const path = await plugin('certificates', credential('{"clientCertificateData":"CERT","clientKeyData":"KEY"}'));
    expect(await loadConnection({ path })).toMatchObject({ certPem: 'CERT', keyPem: 'KEY', token: undefined });
  });

  it.each([
    ['fails', 'echo canary >&2; exit 1'],
    ['prints no JSON', 'echo canary'],
  ])('that %s is told of without its words', async (name, script) => {
    const loading = loadConnection({ path: await plugin(name.replace(/\W/g, '-'), script) });
    await expect(loading).rejects.toThrow(Unavailable);
    expect(inspect(await loading.catch((error: unknown) => error), { depth: 9 })).not.toContain('canary');
  });
});

describe('kubeconfigSecret', () => {
  it.each([
    ['a token', { token: 'abc' }],
    ['a key', { 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') }],
    ['a password', { username: 'me', password: 'pw' }],
  ])('is the text of a kubeconfig that carries %s', async (name, user) => {
    const text = kubeconfig(user);
    expect(await kubeconfigSecret({ text })).toBe(text);
    expect(await kubeconfigSecret({ path: await file(`secret-${name}`, text) })).toBe(text);
  });

  it.each([
    ['nothing', {}],
    ['the name of a token file', { tokenFile: '/var/run/token' }],
    ['the names of key files', { 'client-certificate': '/cert.pem', 'client-key': '/key.pem' }],
    ['a plugin', { exec: { command: 'aws' } }],
  ])('is none for one that carries %s, which anybody may know', async (_, user) => {
    expect(await kubeconfigSecret({ text: kubeconfig(user) })).toBeUndefined();
  });
});
