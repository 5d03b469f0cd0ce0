// The stories in this process over the real ports: a control namespace of its own on the run's control plane, a Git server over HTTP, the
// real tools. Nothing comes by itself here: each look at an Application is the test's to take.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileCipher } from '../../lib/adapters/cipher.ts';
import { createClusters } from '../../lib/adapters/clusters.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { createCredentials } from '../../lib/adapters/credentials.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { createPrunedFolder } from '../../lib/adapters/pruned-folder.ts';
import { createPrunedObjects } from '../../lib/adapters/pruned-objects.ts';
import { createRenderPorts } from '../../lib/adapters/render-ports.ts';
import { createScripts } from '../../lib/adapters/scripts/scripts.ts';
import { renderSettings } from '../../lib/desired/settings.ts';
import { type Application, parseApplication } from '../../lib/model/application.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';
import type { Reason } from '../../lib/model/request.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import type { Cluster, Clusters, Control, Log } from '../../lib/ports.ts';
import type { Outcome } from '../../lib/reconcile/again.ts';
import type { ReconcilePorts } from '../../lib/reconcile/ports.ts';
import { reconcile } from '../../lib/reconcile/reconcile.ts';
import { collectionPath, eventually, freshName, type World, world } from '../world/world.ts';
import { type GitRemote, startGitRemote } from './git-remote.ts';
import { folderStore } from './render-store.ts';

const GROUP = 'argoproj.io/v1alpha1';
const RUN_MS = 60_000;
const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined, with: () => QUIET };

/** An Application, its folder in the repository, and its destination namespace. */
export interface Deployment {
  readonly name: string;
  readonly folder: string;
  readonly namespace: string;
  /** Commits files of its folder, by name; an object is written as YAML, undefined removes. */
  commit(files: Readonly<Record<string, string | object | undefined>>): Promise<string>;
  read(): Promise<Application>;
  /** As the API server has it. */
  object(): Promise<LiveObject>;
  change(patch: object): Promise<unknown>;
  /** One run of the story. `ports` stand in for the real ones of the same name; `received`: how often the message has come. */
  look(reason?: Reason, ports?: Partial<ReconcilePorts>, received?: number): Promise<Outcome>;
  /** Asks for an operation and looks. */
  sync(sync?: object): Promise<Outcome>;
  /** A live object of the destination namespace; undefined when it is not there. */
  // biome-ignore lint/suspicious/noExplicitAny: what the API server answers is the test's to take apart
  live(plural: string, name: string, groupVersion?: string): Promise<any>;
  /** Merge-patches an object of the destination namespace, as somebody else would. */
  drift(plural: string, name: string, patch: object): Promise<unknown>;
}

export interface Stories extends World {
  /** Control namespace. */
  readonly control: string;
  readonly remote: GitRemote;
  readonly ports: ReconcilePorts & { readonly control: Control; readonly clusters: Clusters };
  /** The control cluster by an administrator's identity. */
  readonly cluster: OpenCluster;
  /** HTTP requests that the ports sent until now. */
  requestCount(): number;
  project(name: string, spec: object): Promise<unknown>;
  deployment(files: Readonly<Record<string, string | object>>, spec?: object): Promise<Deployment>;
  close(): Promise<void>;
}

/** `through`: the address of a proxy before the API server that the ports use; there they do not wait long for an answer. */
export async function startStories({ through }: { readonly through?: string } = {}): Promise<Stories> {
  const here = world();
  const token = async () => here.token;
  const connection = through ? { server: through, token, fetchTimeoutMs: 1500 } : { server: here.server, caPem: here.ca, token };
  const cluster = createCluster(connection);
  const control = await here.freshNamespace('stories');
  await createDeployer(here, control);
  const cacheDir = mkdtempSync(join(tmpdir(), 'evenkeel-stories-'));
  const remote = await startGitRemote();
  const clock = Date.now;
  const clusters = createClusters({ control: cluster, connection, namespace: control, clock });
  const credentials = createCredentials({ cluster, namespace: control, clock });
  const ports = {
    control: createControl(cluster, control),
    clusters,
    ...createRenderPorts({
      programs: { git: 'git', ssh: 'ssh', ...here },
      credentials,
      cacheDir,
      cacheMiB: 1024,
      cacheShared: true,
      clock,
      timeoutSeconds: 30,
      dial: { loopback: true },
    }),
    renderSettings: async () => renderSettings({}, 'fixed'),
    scripts: createScripts(),
    resourceSettings: async () => DEFAULT_RESOURCE_SETTINGS,
    store: folderStore(cacheDir),
    pruned: createPrunedObjects({
      storage: async () => ({
        shelf: createPrunedFolder(join(cacheDir, 'pruned')),
        cipher: createFileCipher(join(cacheDir, 'pruned.key')),
      }),
      clock,
      log: QUIET,
    }),
    clock,
    log: QUIET,
    settings: { defaultServiceAccount: { namespace: control, name: 'deployer' }, syncTimeoutSeconds: 10_800 },
  };
  const project = (name: string, spec: object) =>
    here.create(GROUP, 'appprojects', control, { apiVersion: GROUP, kind: 'AppProject', metadata: { name }, spec: { ...OPEN, ...spec } });
  await eventually(() => project('default', {}));
  return {
    ...here,
    control,
    remote,
    ports,
    cluster,
    requestCount: () => cluster.requestCount() + clusters.requestCount(),
    project,
    deployment: async (files, spec = {}) => {
      const [name, namespace] = [freshName('app'), await here.freshNamespace('dest')];
      const one = deploymentOf({ here, control, remote, ports }, name, namespace);
      await one.commit(files);
      await here.create(GROUP, 'applications', control, manifestOf(name, namespace, remote.url, spec));
      return one;
    },
    close: async () => {
      await Promise.all([clusters.close(), cluster.close(), remote.close()]);
      here.api.close();
      rmSync(cacheDir, { recursive: true, force: true });
    },
  };
}

const OPEN = {
  sourceRepos: ['*'],
  destinations: [{ server: '*', namespace: '*' }],
  clusterResourceWhitelist: [{ group: '*', kind: '*' }],
};

/** The account that syncs act as; it may do everything, since rights are not what these stories are about. */
async function createDeployer(here: World, namespace: string): Promise<void> {
  await here.create('v1', 'serviceaccounts', namespace, { metadata: { name: 'deployer' } });
  await here.create('rbac.authorization.k8s.io/v1', 'clusterrolebindings', undefined, {
    metadata: { name: `deployer-${namespace}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace }],
  });
}

function manifestOf(name: string, namespace: string, repoURL: string, spec: object): object {
  const source = { repoURL, path: name, targetRevision: 'main' };
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  return { apiVersion: GROUP, kind: 'Application', metadata: { name }, spec: { project: 'default', source, destination, ...spec } };
}

interface Shared extends Pick<Stories, 'control' | 'remote' | 'ports'> {
  readonly here: World;
}

function deploymentOf({ here, control, remote, ports }: Shared, name: string, namespace: string): Deployment {
  const path = `${collectionPath(GROUP, 'applications', control)}/${name}`;
  const change = (patch: object) => here.api.send(path, { method: 'PATCH', body: patch });
  const pathOf = (groupVersion: string, plural: string, object: string) => `${collectionPath(groupVersion, plural, namespace)}/${object}`;
  const object = async () => (await here.api.send(path)) as LiveObject; // the API server answers with the object
  const look = (reason: Reason = 'sweep', others: Partial<ReconcilePorts> = {}, received = 1) => {
    const event = freshName('look');
    const now = (others.clock ?? ports.clock)();
    const request = { application: { namespace: control, name }, reason, at: now, event, correlation: event, received };
    return reconcile(request, { ...ports, ...others }, now + RUN_MS);
  };
  return {
    name,
    namespace,
    folder: name,
    commit: (files) => remote.commit(Object.fromEntries(Object.entries(files).map(([file, text]) => [`${name}/${file}`, textOf(text)]))),
    read: async () => parseApplication(await object()),
    object,
    change,
    look,
    sync: async (sync = {}) => {
      await change({ operation: { sync } });
      return look('operation');
    },
    live: async (plural, wanted, groupVersion = 'v1') => {
      const list = await here.api.send(collectionPath(groupVersion, plural, namespace));
      const { items } = list as { readonly items: readonly LiveObject[] }; // a list of the API server
      return items.find(({ metadata }) => metadata.name === wanted);
    },
    drift: (plural, wanted, patch) => here.api.send(pathOf('v1', plural, wanted), { method: 'PATCH', body: patch }),
  };
}

function textOf(content: string | object | undefined): string | undefined {
  return typeof content === 'object' ? JSON.stringify(content, undefined, 2) : content;
}

/** A Job that runs in a phase of the sync, and whose pod takes so long. */
export function hookJob(name: string, hook: string, takes: string, annotations: Readonly<Record<string, string>> = {}): object {
  const pod = {
    metadata: { annotations: { 'local.evenkeel.dev/takes': takes } },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/hook:v1' }] },
  };
  const metadata = { name, annotations: { 'argocd.argoproj.io/hook': hook, ...annotations } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { backoffLimit: 0, template: pod } };
}

/** What the rows of the last operation say. */
export async function rowMessages(shop: Deployment): Promise<readonly string[]> {
  const { status } = await shop.read();
  return (status?.operationState?.syncResult?.resources ?? []).map(({ message = '' }) => message);
}

/** The clusters, of which each does some things as `change` says. */
export function clustersWhere(clusters: Clusters, change: (cluster: Cluster) => Partial<Cluster>): Clusters {
  return {
    ...clusters,
    actingFor: async (...asked) => {
      const cluster = await clusters.actingFor(...asked);
      const changed = change(cluster);
      return new Proxy(cluster, {
        get: (of, name) => {
          const value: unknown = Reflect.get(changed, name) ?? Reflect.get(of, name);
          return typeof value === 'function' ? value.bind(of) : value;
        },
      });
    },
  };
}

/** Whether what comes back `every` so many seconds, on a beat of its own, comes at a moment for that. */
export function isOnBeat(outcome: Outcome, every: number): boolean {
  const seconds = outcome.again?.afterSeconds ?? 0;
  return seconds >= every / 2 && seconds <= every * 1.5 + 1;
}

/** Looks again until the operation is over, in this phase: what goes and comes takes its time. Returns its message. */
export function endsIn(shop: Deployment, phase: string): Promise<string> {
  return eventually(async () => {
    const { status } = await shop.read();
    const { phase: now, message = '' } = status?.operationState ?? {};
    if (now === 'Running') await shop.look();
    if (now !== phase) throw new Error(`${now}: ${message}`);
    return message;
  }, 60_000);
}

/** Method and path, with its query, of each request that `work` sends through undici, oldest first. */
export async function requestsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const note = (message: unknown) => {
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } }; // undici's channel
    seen.push(`${request.method} ${request.path}`);
  };
  subscribe('undici:request:create', note);
  try {
    await work();
  } finally {
    unsubscribe('undici:request:create', note);
  }
  return seen;
}
