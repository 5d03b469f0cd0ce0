// The functions' own credential: a kubeconfig that acts as the worker's service account, and so with its rights only.
import { writeFile } from 'node:fs/promises';
import { Unavailable } from '../../../lib/model/errors.ts';
import { isRecord } from '../../../lib/model/manifest.ts';
import { WORKER_ACCOUNT } from './install.ts';
import type { Kubectl } from './kubectl.ts';

/** A year: the local host stays up as long as someone wants it to. A cluster may grant less. */
const DURATION = '8760h';

/** What the functions act with: the cluster as the administrator's kubeconfig describes it, and a token of the worker. */
export interface WorkerCredential {
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly token: string;
}

/** Asks for the token of the worker in that control namespace. Throws Unavailable when the cluster gives none. */
export async function workerCredential(kubectl: Kubectl, namespace: string): Promise<WorkerCredential> {
  const [view, token] = await Promise.all([
    kubectl(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json']),
    kubectl(['create', 'token', WORKER_ACCOUNT, '-n', namespace, '--duration', DURATION]),
  ]);
  const config: unknown = JSON.parse(view);
  const clusters = isRecord(config) && Array.isArray(config['clusters']) ? config['clusters'] : [];
  const cluster: unknown = isRecord(clusters[0]) ? clusters[0]['cluster'] : undefined;
  if (!isRecord(cluster)) throw new Unavailable('the kubeconfig names no cluster in its current context');
  return { cluster, token: token.trim() };
}

/** Writes it as a kubeconfig, readable by its owner only; `server` goes in place of the cluster's own address. */
export async function writeWorkerKubeconfig(path: string, { cluster, token }: WorkerCredential, server?: string): Promise<void> {
  const name = 'evenkeel-worker';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { ...cluster, ...(server !== undefined && { server }) } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(path, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}
