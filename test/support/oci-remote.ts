// An OCI registry on the loopback address: distribution's own program over a folder, open, with a password file, or with tokens.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createPort } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { registryProgram } from '../../infra/local/cache/registry.ts';
import type { Authority } from './certificates.ts';
import { basic } from './helm-remote.ts';

export interface OciRemote {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Uploads a manifest with one layer for each of `layers`, and gives the manifest's digest. */
  push(name: string, tag: string, content: OciContent): Promise<string>;
  close(): Promise<void>;
}

export interface OciContent {
  readonly config?: string;
  readonly layers: readonly { readonly mediaType: string; readonly data: Buffer }[];
}

export interface OciRemoteOptions {
  /** `basic`: against a password file. `token`: by a token service on another port. Both know the user of `OCI_USER` alone. */
  readonly auth?: 'basic' | 'token';
  readonly authority?: Authority;
}

/** The one user that a registry with authentication knows. */
export const OCI_USER = { username: 'ann', password: 'open-sesame' };
const HTPASSWD = 'ann:$2a$04$17w4EWLYVNQtKfCfqNEmJ.d0xS4djoWzeExYU1joH9CgKzy1.fLsO\n';

export const LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';

interface TokenService {
  readonly config: string;
  close(): void;
}

export async function startOciRemote({ auth, authority }: OciRemoteOptions = {}): Promise<OciRemote> {
  const program = await registryProgram({ progress: (line) => console.log(line) });
  const dir = mkdtempSync(join(tmpdir(), 'evk-registry-'));
  const place = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const host = `127.0.0.1:${await freePort()}`;
  const tokens = auth === 'token' ? await startTokenService(place) : undefined;
  const passwords = auth === 'basic' ? `auth:\n  htpasswd:\n    realm: tests\n    path: ${place('htpasswd', HTPASSWD)}\n` : '';
  const issued = authority?.issue('server');
  const tls = issued && `  tls:\n    certificate: ${place('crt', issued.cert)}\n    key: ${place('key', issued.key)}\n`;
  const storage = `storage:\n  filesystem:\n    rootdirectory: ${join(dir, 'data')}\n`;
  const config = `version: 0.1\nlog:\n  level: error\n${storage}http:\n  addr: ${host}\n${tls ?? ''}${passwords}${tokens?.config ?? ''}`;
  const child = spawn(program, ['serve', place('config.yaml', config)], { env: { OTEL_TRACES_EXPORTER: 'none' }, stdio: 'ignore' });
  await listening(host, child);
  return {
    host,
    push: (name, tag, content) => push(`http://${host}/v2/${name}`, tag, content),
    close: async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await ended;
      tokens?.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function push(base: string, tag: string, { config = 'application/vnd.oci.empty.v1+json', layers }: OciContent): Promise<string> {
  const blobs = [{ mediaType: config, data: Buffer.from('{}') }, ...layers];
  const [configBlob, ...layerBlobs] = await Promise.all(blobs.map((blob) => upload(base, blob.mediaType, blob.data)));
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config: configBlob, layers: layerBlobs });
  const response = await fetch(`${base}/manifests/${tag}`, { method: 'PUT', headers: { 'content-type': mediaType }, body });
  if (response.status !== 201) throw new Error(`manifest ${tag}: ${response.status} ${await response.text()}`);
  return digestOf(Buffer.from(body));
}

async function upload(base: string, mediaType: string, data: Buffer) {
  const digest = digestOf(data);
  const started = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
  const location = new URL(started.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digest);
  const body = new Uint8Array(data);
  const response = await fetch(location, { method: 'PUT', body, headers: { 'content-type': 'application/octet-stream' } });
  if (response.status !== 201) throw new Error(`blob ${digest}: ${response.status} ${await response.text()}`);
  return { mediaType, digest, size: data.length };
}

function digestOf(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Gives a token for what is asked to whoever knows the password (distribution.github.io/distribution/spec/auth/jwt). */
async function startTokenService(place: (name: string, text: string) => string): Promise<TokenService> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'tests', use: 'sig', alg: 'ES256' }] };
  const server = createServer((request, response) => {
    if (request.headers.authorization !== basic(`${OCI_USER.username}:${OCI_USER.password}`)) return void response.writeHead(401).end();
    const asked = new URL(request.url ?? '', 'http://tokens').searchParams;
    const access = asked.getAll('scope').map((scope) => {
      const [type, name, actions = ''] = scope.split(':');
      return { type, name, actions: actions.split(',') };
    });
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'tests', aud: 'registry', sub: 'ann', exp: now + 300, nbf: now - 5, iat: now, jti: randomUUID(), access };
    const text = [{ alg: 'ES256', typ: 'JWT', kid: 'tests' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    response.end(JSON.stringify({ token: `${text}.${signature}` }));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const settings = {
    realm: `http://127.0.0.1:${port}/token`,
    service: 'registry',
    issuer: 'tests',
    jwks: place('jwks', JSON.stringify(jwks)),
  };
  const lines = Object.entries(settings).map(([key, value]) => `    ${key}: ${value}\n`);
  return { config: `auth:\n  token:\n${lines.join('')}`, close: () => server.close() };
}

async function freePort(): Promise<number> {
  const server = createPort().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Any answer will do, a refusal too; over TLS it is one to plain http. */
async function listening(host: string, child: ChildProcess): Promise<void> {
  for (let left = 200; left > 0 && child.exitCode === null; left -= 1) {
    if (
      await fetch(`http://${host}/v2/`).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error(`the registry at ${host} did not start`);
}
