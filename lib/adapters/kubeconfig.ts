// A kubeconfig to one connection. Tokens and certificates are read here; only plugins (exec, auth-provider) load the Kubernetes client,
// whose import costs ten times as much as everything else that a cold start does here.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { parseYaml } from '../model/yaml.ts';
import type { ClusterConnection } from './transport.ts';

/** A kubeconfig in a file, or its text; relative paths in it count from the file's folder, so a text may hold none. */
export type KubeconfigSource = { readonly path: string } | { readonly text: string };

type Fields = Readonly<Record<string, unknown>>;

/** A kubeconfig as it is read: how its faults are worded and where its files are. */
interface Reading {
  readonly label: string;
  readonly folder: string | undefined;
}

/**
 * The connection of the current context (Kubernetes, "Organizing Cluster Access Using kubeconfig Files").
 * Throws InvalidInput that names the missing or unusable field, never a value; nothing that changes whose rights are used is ignored.
 */
export async function loadConnection(source: KubeconfigSource): Promise<ClusterConnection> {
  const { cluster, user, reading } = await currentContext(source);
  refuse(cluster, ['proxy-url'], reading);
  refuse(user, ['as', 'as-uid', 'as-groups', 'as-user-extra'], reading);
  const server = textField(cluster, 'server')?.replace(/\/+$/, '');
  if (server === undefined) throw new InvalidInput(`${reading.label}: the current context's cluster has no server`);
  const base: ClusterConnection = {
    server,
    caPem: await pem(cluster, 'certificate-authority', reading),
    insecure: cluster['insecure-skip-tls-verify'] === true ? true : undefined,
    serverName: textField(cluster, 'tls-server-name'),
  };
  return isRecord(user['exec']) || isRecord(user['auth-provider'])
    ? withPlugin(base, user, reading)
    : { ...base, ...(await identity(user, reading)) };
}

/**
 * What only a holder of the kubeconfig knows, for keys to be derived from: its text, when the current context's credential is in it.
 * Undefined when the credential is in another file or comes from a plugin, since the rest of a kubeconfig is no secret.
 * Throws as `loadConnection` does.
 */
export async function kubeconfigSecret(source: KubeconfigSource): Promise<string | undefined> {
  const { text, user } = await currentContext(source);
  return ['token', 'client-key-data', 'password'].some((name) => textField(user, name) !== undefined) ? text : undefined;
}

interface CurrentContext {
  readonly text: string;
  readonly cluster: Fields;
  readonly user: Fields;
  readonly reading: Reading;
}

async function currentContext(source: KubeconfigSource): Promise<CurrentContext> {
  const label = 'path' in source ? `kubeconfig ${source.path}` : 'kubeconfig';
  const reading: Reading = { label, folder: 'path' in source ? dirname(resolve(source.path)) : undefined };
  const text = 'path' in source ? await readText(source.path, label) : source.text;
  const config = parseKubeconfig(text, label);
  const context = entry(config, 'contexts', 'context', textField(config, 'current-context'), reading);
  const cluster = entry(config, 'clusters', 'cluster', textField(context, 'cluster'), reading);
  const user = entry(config, 'users', 'user', textField(context, 'user'), reading);
  return { text, cluster, user, reading };
}

async function identity(user: Fields, reading: Reading): Promise<Partial<ClusterConnection>> {
  const certPem = await pem(user, 'client-certificate', reading);
  const keyPem = await pem(user, 'client-key', reading);
  if ((certPem === undefined) !== (keyPem === undefined))
    throw new InvalidInput(`${reading.label}: client-certificate and client-key need each other`);
  const username = textField(user, 'username');
  return {
    certPem,
    keyPem,
    basic: username === undefined ? undefined : { username, password: textField(user, 'password') ?? '' },
    token: tokenOf(user, reading),
  };
}

/** A file wins over a text, and is read for each request: whoever wrote it renews it there. */
function tokenOf(user: Fields, reading: Reading): ClusterConnection['token'] {
  const file = textField(user, 'tokenFile');
  if (file !== undefined) {
    const path = pathOf(file, 'tokenFile', reading);
    return async () => (await readText(path, `${reading.label}: tokenFile`)).trim();
  }
  const token = textField(user, 'token');
  return token === undefined ? undefined : async () => token;
}

/** What the plugin hands out is asked of it for each request; the client keeps it until it expires, and afresh after a refusal. */
async function withPlugin(base: ClusterConnection, user: Fields, reading: Reading): Promise<ClusterConnection> {
  let plugin = await startPlugin(base.server, user, reading);
  const first = await plugin();
  const token = async (rejected?: string): Promise<string | undefined> => {
    if (rejected !== undefined) plugin = await startPlugin(base.server, user, reading);
    return (await plugin()).token;
  };
  return { ...base, certPem: first.certPem, keyPem: first.keyPem, token: first.token === undefined ? undefined : token };
}

interface Credential {
  readonly token: string | undefined;
  readonly certPem: string | undefined;
  readonly keyPem: string | undefined;
}

async function startPlugin(server: string, user: Fields, reading: Reading): Promise<() => Promise<Credential>> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'cluster', server, skipTLSVerify: false },
    { name: 'user', exec: withCommandPath(user['exec'], reading), authProvider: user['auth-provider'] },
  );
  return async () => {
    const options: { headers?: Record<string, string>; cert?: unknown; key?: unknown } = {};
    try {
      await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]); // the fields that it fills in
    } catch {
      // Its own words may be the plugin's output, which is the credential.
      throw new Unavailable(`${reading.label}: its credential plugin gave no credential; run it by hand to see why`);
    }
    const token = /^Bearer (.+)$/.exec(options.headers?.['Authorization'] ?? '')?.[1];
    return { token, certPem: pemText(options.cert), keyPem: pemText(options.key) };
  };
}

/** As kubectl does: a command with a slash is a path, and counts from the kubeconfig's folder. */
function withCommandPath(exec: unknown, reading: Reading): unknown {
  if (!isRecord(exec) || typeof exec['command'] !== 'string' || !exec['command'].includes('/')) return exec;
  return { ...exec, command: pathOf(exec['command'], 'exec.command', reading) };
}

function pemText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parseKubeconfig(text: string, label: string): Fields {
  let data: unknown;
  try {
    data = parseYaml(text);
  } catch {
    throw new InvalidInput(`${label}: is not valid YAML`); // a parser's words may quote a token
  }
  if (!isRecord(data)) throw new InvalidInput(`${label}: holds no object`);
  return data;
}

function entry(config: Fields, list: string, field: string, name: string | undefined, reading: Reading): Fields {
  const items = Array.isArray(config[list]) ? config[list].filter(isRecord) : [];
  const found = items.find((item) => item['name'] === name);
  const what = list === 'contexts' ? 'current-context' : `the current context's ${field}`;
  if (name === undefined) throw new InvalidInput(`${reading.label}: ${what} is not set`);
  if (found === undefined) throw new InvalidInput(`${reading.label}: ${list} has no entry ${JSON.stringify(name)}`);
  return isRecord(found[field]) ? found[field] : {};
}

function refuse(fields: Fields, names: readonly string[], reading: Reading): void {
  const present = names.filter((name) => fields[name] !== undefined && fields[name] !== null && fields[name] !== '');
  if (present.length > 0) throw new InvalidInput(`${reading.label}: ${present.join(', ')} of the current context is not supported`);
}

/** `<name>-data` as base64 of PEM, or the file that `<name>` is; the data wins. */
async function pem(fields: Fields, name: string, reading: Reading): Promise<string | undefined> {
  const data = textField(fields, `${name}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const file = textField(fields, name);
  return file === undefined ? undefined : readText(pathOf(file, name, reading), `${reading.label}: ${name}`);
}

function pathOf(file: string, field: string, reading: Reading): string {
  if (reading.folder !== undefined) return resolve(reading.folder, file);
  if (file.startsWith('/')) return file;
  throw new InvalidInput(`${reading.label}: ${field} is a relative path, which needs the kubeconfig to be a file; put its content inline`);
}

async function readText(path: string, label: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InvalidInput(`${label}: ${path} cannot be read`, { cause });
  }
}

function textField(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
