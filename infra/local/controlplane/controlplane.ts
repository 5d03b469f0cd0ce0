// The story of the local control plane: etcd, then the API server, then what works against it; and the same backwards at the end.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Conflict, messageOf, Unavailable } from '../../../lib/model/errors.ts';
import { cacheFolder, type Progress } from '../cache/cache.ts';
import { controlPlanePrograms, type Programs } from '../cache/control-plane.ts';
import { clearLeftovers, DATA_FOLDER_PREFIX, noteRunning } from '../processes/leftovers.ts';
import {
  apiserverArguments,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  type Layout,
  schedulerArguments,
} from './arguments.ts';
import type { ApiClient, Connection } from './connection.ts';
import { type Credentials, createCredentials, writeKubeconfig } from './credentials.ts';
import { setLoad, startMetrics } from './metrics.ts';
import { Run } from './run.ts';

/** A port that was free may be taken by the time that a program binds it. */
const ATTEMPTS = 3;
const STAGES = join(import.meta.dirname, 'stages.yaml');

export interface ControlPlaneOptions {
  readonly progress: Progress;
  /** The cache folder; the user's own unless given. */
  readonly root?: string;
  /** Ends a build or a start that is under way. */
  readonly signal?: AbortSignal;
}

export interface ControlPlane extends Connection {
  /** The administrator's kubeconfig, readable by its owner only. */
  readonly kubeconfigPath: string;
  readonly programs: Programs;
  /** Process ids by program. */
  readonly pids: Readonly<Record<string, number>>;
  /** Resolves with the reason if a program ends that should not. */
  readonly failed: Promise<Error>;
  /** CPU that the pods of a namespace whose names begin with `prefix` are said to use, for autoscalers. */
  readonly setCpu: (namespace: string, prefix: string, millicores: number) => Promise<void>;
  /** Stops every program and removes the data; may be called more than once. */
  readonly close: () => Promise<void>;
}

/**
 * Brings up a control plane of its own on loopback and free ports, building its programs first if need be, and clears what killed ones left.
 * Resolves when the node is ready. Unavailable, with the end of its output, when a program does not come up; nothing runs then.
 */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const root = options.root ?? cacheFolder();
  await clearLeftovers(root);
  const programs = await controlPlanePrograms({ ...options, root });
  for (let attempt = 1; ; attempt += 1) {
    const dataDir = join(tmpdir(), `${DATA_FOLDER_PREFIX}${randomUUID()}`);
    const run = new Run(dataDir, await noteRunning(root, dataDir), options.signal);
    try {
      await mkdir(dataDir, { mode: 0o700 });
      return await bringUp(run, programs);
    } catch (error) {
      await run.close();
      if (attempt === ATTEMPTS || !messageOf(error).includes('address already in use')) throw error;
    }
  }
}

async function bringUp(run: Run, programs: Programs): Promise<ControlPlane> {
  const { layout, credentials } = await prepare(run.dataDir);
  await run.start('etcd', programs.etcd, etcdArguments(layout));
  await run.start('kube-apiserver', programs.apiserver, apiserverArguments(layout));
  const certificate = await run.until('its certificate', () => readCertificate(layout.certDir));
  const connection = { server: `https://127.0.0.1:${layout.apiserverPort}`, ca: certificate.cert, token: credentials.tokens.admin };
  const api = run.connect(connection);
  await run.until('/readyz', () => api.send('/readyz'));
  await run.until('namespace kube-system', () => api.send('/api/v1/namespaces/kube-system'));
  await startWorkers(run, programs, layout, connection, credentials);
  run.metrics = await startMetrics(api, certificate);
  await furnish(api);
  await run.until('its node', () => nodeReady(api));
  const kubeconfigPath = join(run.dataDir, 'admin.kubeconfig');
  await writeKubeconfig(kubeconfigPath, connection);
  return {
    ...connection,
    kubeconfigPath,
    programs,
    pids: run.pids(),
    failed: run.failed,
    setCpu: (namespace, prefix, millicores) => setLoad(api, namespace, prefix, millicores),
    close: () => run.close(),
  };
}

async function prepare(dataDir: string): Promise<{ readonly layout: Layout; readonly credentials: Credentials }> {
  const certDir = join(dataDir, 'certificates');
  await mkdir(certDir, { mode: 0o700 });
  const [etcdPort, etcdPeerPort, apiserverPort] = await freePorts();
  const credentials = await createCredentials(dataDir);
  return { layout: { dataDir, certDir, etcdPort, etcdPeerPort, apiserverPort, ...credentials }, credentials };
}

/** Three ports, held together until all are known, so that they differ. */
async function freePorts(): Promise<readonly [number, number, number]> {
  const holders = [createServer(), createServer(), createServer()] as const;
  const port = (server: (typeof holders)[number]) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  const ports = [await port(holders[0]), await port(holders[1]), await port(holders[2])] as const;
  await Promise.all(holders.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function readCertificate(certDir: string): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = await Promise.all(['apiserver.crt', 'apiserver.key'].map((name) => readFile(join(certDir, name), 'utf8')));
  if (!cert?.includes('END CERTIFICATE') || !key?.includes('PRIVATE KEY-----')) throw new Unavailable('the certificate is not written yet');
  return { cert, key };
}

/** The programs that exit, or misbehave, when they find no API server. */
async function startWorkers(run: Run, programs: Programs, layout: Layout, connection: Connection, { tokens }: Credentials): Promise<void> {
  const kubeconfig = async (user: 'controllerManager' | 'scheduler' | 'kwok') => {
    const path = join(run.dataDir, `${user}.kubeconfig`);
    await writeKubeconfig(path, { ...connection, token: tokens[user] });
    return path;
  };
  const manager = controllerManagerArguments(layout, await kubeconfig('controllerManager'));
  await run.start('kube-controller-manager', programs.controllerManager, manager);
  await run.start('kube-scheduler', programs.scheduler, schedulerArguments(await kubeconfig('scheduler')));
  await run.start('kwok', programs.kwok, kwokArguments(await kubeconfig('kwok'), STAGES));
}

/** One node with room for everything, and a default storage class whose volumes kwok makes. */
async function furnish(api: ApiClient): Promise<void> {
  const node = { metadata: { name: 'local', labels: { 'kubernetes.io/hostname': 'local', 'kubernetes.io/os': 'linux' } } };
  await api.send('/api/v1/nodes', { method: 'POST', body: node });
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  const storage = { metadata: { name: 'standard', annotations }, provisioner: 'local.evenkeel.dev/storage', reclaimPolicy: 'Delete' };
  await api.send('/apis/storage.k8s.io/v1/storageclasses', { method: 'POST', body: storage });
}

/** Ready is not enough: pods are kept away until the controllers take the node's first taint off. */
async function nodeReady(api: ApiClient): Promise<void> {
  const node = JSON.stringify(await api.send('/api/v1/nodes/local'));
  if (!node.includes('KubeletReady') || node.includes('node.kubernetes.io/not-ready')) throw new Conflict('node local is not ready yet');
}
