// Who may talk to the local API server: a token for each program and one for the administrator, and the key that signs service accounts.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from './connection.ts';

/** The names that Kubernetes' own bootstrap roles are bound to; kwok plays every kubelet and more, so it is an administrator. */
const USERS = {
  admin: { name: 'evenkeel-admin', groups: ['system:masters'] },
  controllerManager: { name: 'system:kube-controller-manager', groups: [] },
  scheduler: { name: 'system:kube-scheduler', groups: [] },
  kwok: { name: 'evenkeel-kwok', groups: ['system:masters'] },
} as const;

export type User = keyof typeof USERS;

export interface Credentials {
  readonly tokens: Readonly<Record<User, string>>;
  readonly tokenFile: string;
  /** PEM files of the key pair behind service account tokens. */
  readonly signingKeyFile: string;
  readonly verifyKeyFile: string;
}

/** Makes fresh credentials and writes the files that the API server reads, readable by the owner only. */
export async function createCredentials(folder: string): Promise<Credentials> {
  const token = () => randomBytes(24).toString('hex');
  const tokens = { admin: token(), controllerManager: token(), scheduler: token(), kwok: token() };
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
  });
  const files = { tokenFile: join(folder, 'tokens.csv'), signingKeyFile: join(folder, 'sa.key'), verifyKeyFile: join(folder, 'sa.pub') };
  await Promise.all([
    writePrivate(files.tokenFile, tokenTable(tokens)),
    writePrivate(files.signingKeyFile, privateKey),
    writePrivate(files.verifyKeyFile, publicKey),
  ]);
  return { tokens, ...files };
}

/** Static token file (Kubernetes, "Authenticating"): token, user name, uid, "groups". */
export function tokenTable(tokens: Readonly<Record<User, string>>): string {
  const rows: readonly (readonly [string, { readonly name: string; readonly groups: readonly string[] }])[] = [
    [tokens.admin, USERS.admin],
    [tokens.controllerManager, USERS.controllerManager],
    [tokens.scheduler, USERS.scheduler],
    [tokens.kwok, USERS.kwok],
  ];
  return rows.map(([token, { name, groups }]) => `${token},${name},${name},"${groups.join(',')}"\n`).join('');
}

/** Writes a kubeconfig (as JSON, which is YAML) that acts with this connection. */
export async function writeKubeconfig(path: string, connection: Connection): Promise<void> {
  const name = 'evenkeel-local';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [
      { name, cluster: { server: connection.server, 'certificate-authority-data': Buffer.from(connection.ca).toString('base64') } },
    ],
    users: [{ name, user: { token: connection.token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writePrivate(path, `${JSON.stringify(config, undefined, 2)}\n`);
}

async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
}
