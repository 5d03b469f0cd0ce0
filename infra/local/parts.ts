// The parts of a local host, started one after the other, each leaving its undoing behind.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../package/bundle.ts';
import { cacheFolder } from './cache/cache.ts';
import { rendererProgram } from './cache/renderer.ts';
import { type ClusterOptions, type ControlCluster, openCluster } from './cluster/cluster.ts';
import { defaultDeployer } from './cluster/install.ts';
import { type Announcer, createAnnouncer } from './git/announce.ts';
import { type GitServer, startGitServer } from './git/server.ts';
import { type Bound, bindEvents } from './lambda/bind.ts';
import type { LocalValues } from './lambda/environment.ts';
import { bundleService, type Functions, startFunctions } from './lambda/functions.ts';
import { openLogs } from './lambda/logs.ts';
import type { Invoked } from './lambda/pool.ts';
import { Counter } from './lambda/stats.ts';
import { clearLeftovers, DATA_FOLDER_PREFIX, noteRunning } from './processes/leftovers.ts';
import { type Queues, startQueues } from './queue.ts';
import { readServerless, type Service } from './serverless/service.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const CLOSE_GRACE_MS = 5_000;
/** Schedules tick this much faster than written, unless said otherwise: what takes a minute on AWS takes five seconds here. */
export const FACTOR = 12;

export interface HostOptions extends ClusterOptions {
  /** Lines about pushes, and warnings and errors of functions. */
  readonly notice?: (line: string) => void;
  /** Tells of every invocation, and shows every line that a function prints. */
  readonly verbose?: boolean;
  /** Port of the webhook; a free one unless given. */
  readonly port?: number | undefined;
  readonly factor?: number;
  /** In place of each queue's own visibility timeout. */
  readonly visibilitySeconds?: number;
  /** Most workers of a function at a time; as many as the machine has cores unless given. */
  readonly concurrency?: number;
  /** Over what serverless.yml and the host give to functions; `undefined` takes a variable away. */
  readonly environment?: LocalValues;
  /** The functions' bundles, where they have been made already. */
  readonly bundles?: readonly Bundle[];
  /** Another serverless.yml; its handlers are found from the project's folder all the same. */
  readonly serverless?: string;
}

export interface Parts {
  /** Folder of this run. */
  readonly dir: string;
  readonly logs: string;
  readonly secret: string;
  readonly cluster: ControlCluster;
  readonly announcer: Announcer;
  readonly git: GitServer;
  readonly queues: Queues;
  readonly bundles: readonly Bundle[];
  readonly functions: Functions;
  readonly bound: Bound;
  readonly counter: Counter;
}

/** Starts everything and leaves on `undo` how to stop what has been started, last first. */
export async function startParts(options: HostOptions, undo: AsyncDisposableStack): Promise<Parts> {
  const service = readServerless(options.serverless ?? join(ROOT, 'serverless.yml'));
  const say = options.notice ?? (() => undefined);
  const dir = await runFolder(undo);
  const queues = await startQueues(service.queues, { visibilitySeconds: options.visibilitySeconds });
  undo.defer(() => queues.close());
  const announcer = createAnnouncer(say);
  const git = await startGitServer({ dir: join(dir, 'repositories'), onPush: announcer.onPush, log: say });
  undo.defer(() => git.close());
  const bundling = options.bundles === undefined ? bundleService(service, ROOT, join(dir, 'bundles')) : Promise.resolve(options.bundles);
  bundling.catch(() => undefined);
  const renderer = await rendererProgram({ progress: options.progress, ...(options.signal && { signal: options.signal }) });
  const cluster = await openCluster(options, dir, undo);
  const secret = options.environment?.['EVENKEEL_WEBHOOK_GITHUB_SECRET'] ?? randomBytes(24).toString('hex');
  const environment = { ...localValues(cluster, queues, secret), EVENKEEL_RENDERER: renderer, ...options.environment };
  const running = await startFunctionsOf({ service, bundles: await bundling, queues, environment, dir }, options, undo);
  return { dir, secret, cluster, announcer, git, queues, ...running };
}

/** The folder of a run, noted so that the next start removes it if this one is killed. */
async function runFolder(undo: AsyncDisposableStack): Promise<string> {
  const root = cacheFolder();
  await clearLeftovers(root);
  const dir = join(tmpdir(), `${DATA_FOLDER_PREFIX}${randomUUID()}`);
  const note = await noteRunning(root, dir);
  await mkdir(dir, { mode: 0o700 });
  undo.defer(async () => {
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    await note.remove();
  });
  return dir;
}

interface Deployed {
  readonly service: Service;
  readonly bundles: readonly Bundle[];
  readonly queues: Queues;
  readonly environment: LocalValues;
  readonly dir: string;
}

type Running = Pick<Parts, 'bundles' | 'functions' | 'bound' | 'counter' | 'logs'>;

async function startFunctionsOf(deployed: Deployed, options: HostOptions, undo: AsyncDisposableStack): Promise<Running> {
  const { service, bundles, queues, environment, dir } = deployed;
  const { notice: say = () => undefined, verbose = false, port = 0, factor = FACTOR } = options;
  const logs = openLogs(join(dir, 'logs'), say, verbose);
  undo.defer(() => logs.close());
  const counter = new Counter();
  const functions = await startFunctions({
    service,
    bundles,
    environment,
    resources: queues.resources,
    tmpRoot: join(dir, 'tmp'),
    concurrency: options.concurrency ?? availableParallelism(),
    onLine: logs.add,
    onInvoked: (name, invoked) => {
      counter.invoked(name, invoked);
      if (verbose || !invoked.outcome.ok) say(`${name}: ${reportOf(invoked)}`);
    },
  });
  undo.defer(() => functions.close(0));
  const heard = { onBatch: counter.batch.bind(counter), onTick: counter.tick.bind(counter), log: say };
  const bound = await bindEvents({ service, functions, queues, port, factor, ...heard });
  // Together: what is at work is settled by the pollers, or ended when its grace is over.
  undo.defer(async () => void (await Promise.all([bound.close(), functions.close(CLOSE_GRACE_MS)])));
  return { bundles, functions, bound, counter, logs: logs.dir };
}

/** What functions find here in place of AWS's things. */
function localValues(
  { workerKubeconfigPath, tools, controlPlane, namespace }: ControlCluster,
  queues: Queues,
  secret: string,
): LocalValues {
  return {
    PATH: process.env['PATH'],
    EVENKEEL_NAMESPACE: namespace,
    EVENKEEL_KUBECONFIG: workerKubeconfigPath,
    EVENKEEL_KUBECONFIG_SECRET_ARN: undefined,
    EVENKEEL_DEFAULT_SERVICE_ACCOUNT: defaultDeployer(namespace),
    EVENKEEL_WEBHOOK_GITHUB_SECRET: secret,
    EVENKEEL_SQS_ENDPOINT: queues.endpoint,
    EVENKEEL_RENDER_BUCKET: undefined,
    EVENKEEL_PRUNED_KEY: undefined,
    EVENKEEL_LOOPBACK: 'allowed',
    EVENKEEL_KUBECTL: tools.kubectl,
    EVENKEEL_HELM: tools.helm,
    EVENKEEL_KUSTOMIZE: controlPlane?.programs.kustomize,
    EVENKEEL_GIT: undefined,
  };
}

function reportOf({ outcome, milliseconds, importMs }: Invoked): string {
  const cold = importMs === undefined ? '' : `, cold start ${Math.round(importMs)} ms`;
  const took = `${Math.round(milliseconds)} ms${cold}`;
  return outcome.ok ? `answered in ${took}` : `failed after ${took}: ${outcome.error.errorType}: ${outcome.error.errorMessage}`;
}
