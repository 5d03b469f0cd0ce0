// The whole of Evenkeel on one machine: control cluster, Git server, queues and functions, bound as serverless.yml declares.
// `npm start`, the tests and the benchmark start it alike.
import { InvalidInput } from '../../lib/model/errors.ts';
import type { Bundle } from '../package/bundle.ts';
import type { LayerTools } from './cache/layer.ts';
import type { Kubectl } from './cluster/kubectl.ts';
import type { ControlPlane } from './controlplane/controlplane.ts';
import type { Announced } from './git/announce.ts';
import type { Bound } from './lambda/bind.ts';
import type { WorkerState } from './lambda/pool.ts';
import type { Stats } from './lambda/stats.ts';
import type { Outcome } from './lambda/worker.ts';
import { type HostOptions, type Parts, startParts } from './parts.ts';
import type { QueueDepth } from './queue.ts';

export interface Host {
  /** The administrator's kubeconfig. */
  readonly kubeconfigPath: string;
  /** The functions' own kubeconfig. */
  readonly workerKubeconfigPath: string;
  /** `http://127.0.0.1:PORT`; a repository is at `<gitUrl>/<name>.git`. */
  readonly gitUrl: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  /** The queue that reconcile works on. */
  readonly queueUrl: string;
  /** Where the SQS protocol is spoken. */
  readonly endpoint: string;
  readonly namespace: string;
  /** Folder of this run: repositories, bundles, logs. Gone once the host is closed. */
  readonly dir: string;
  /** Folder of the functions' logs, `<function>.log` each. */
  readonly logs: string;
  readonly bound: Pick<Bound, 'routes' | 'queues' | 'schedules'>;
  readonly bundles: readonly Bundle[];
  /** Undefined on a cluster of the user's own. */
  readonly controlPlane: ControlPlane | undefined;
  /** kubectl as the administrator. */
  readonly kubectl: Kubectl;
  workers(): readonly WorkerState[];
  readonly tools: LayerTools;
  /** Signals the workers of the function and the tools that they run. False when there are none. */
  kill(functionName: string, signal: NodeJS.Signals): boolean;
  /** Sends the functions' API requests to another address, and starts new workers that use it; undefined: to the cluster itself again. */
  route(server: string | undefined): Promise<void>;
  /** Off: pushes are not told, as when a webhook is lost. */
  setWebhook(on: boolean): void;
  /** The last hundred pushes and what the webhook answered. */
  pushes(): readonly Announced[];
  /** Resolves when every push so far has been told. */
  told(): Promise<void>;
  /** A tick of a function's schedules now; false when it was left out because every worker of it is at work. */
  tick(functionName: string): boolean;
  invoke(functionName: string, event: unknown): Promise<Outcome>;
  /** Messages in each queue, by its name. */
  depths(): Promise<Readonly<Record<string, QueueDepth>>>;
  stats(): Stats;
  /** Every process of this host besides the one that asks. */
  processes(): readonly { readonly name: string; readonly pid: number }[];
  /** Stops everything, what is at work given a few seconds; may be called more than once. */
  close(): Promise<void>;
}

/** Brings everything up. Throws what its parts throw, with nothing left running. */
export async function startHost(options: HostOptions): Promise<Host> {
  const undo = new AsyncDisposableStack();
  try {
    const parts = await startParts(options, undo);
    const host = hostOf(parts, undo);
    parts.announcer.target = { url: host.webhookUrl, secret: parts.secret };
    return host;
  } catch (thrown) {
    await undo.disposeAsync();
    throw thrown;
  }
}

function hostOf(parts: Parts, undo: AsyncDisposableStack): Host {
  const { dir, logs, secret, cluster, announcer, git, queues, bundles, functions, bound, counter } = parts;
  const { kubeconfigPath, workerKubeconfigPath, kubectl, controlPlane, tools, namespace } = cluster;
  let closing: Promise<void> | undefined;
  return {
    ...{ kubeconfigPath, workerKubeconfigPath, kubectl, controlPlane, tools, dir, logs, bundles, bound, namespace },
    gitUrl: git.url,
    webhookUrl: bound.endpoint + only(bound.routes, 'webhook', 'httpApi').path,
    webhookSecret: secret,
    queueUrl: queues.urlOf(only(bound.queues, 'reconcile', 'sqs').arn) ?? '',
    endpoint: queues.endpoint,
    workers: functions.workers,
    kill: (name, signal) => functions.pool(name).kill(signal),
    route: async (server) => {
      await cluster.route(server);
      await functions.renew();
    },
    setWebhook: (on) => {
      announcer.on = on;
    },
    pushes: announcer.announced,
    told: git.settled,
    tick: bound.tick,
    invoke: (name, event) => functions.pool(name).invoke(event),
    depths: () => depthsOf(parts),
    stats: () => counter.read(),
    processes: () => [
      ...Object.entries(controlPlane?.pids ?? {}).map(([name, pid]) => ({ name, pid })),
      ...functions.workers().map(({ functionName, pid }) => ({ name: functionName, pid })),
    ],
    close: () => {
      closing ??= undo.disposeAsync();
      return closing;
    },
  };
}

async function depthsOf({ queues }: Parts): Promise<Readonly<Record<string, QueueDepth>>> {
  const urls = Object.values(queues.resources).map(({ ref }) => ref);
  const entries = urls.map(async (url) => [url.slice(url.lastIndexOf('/') + 1), await queues.depth(url)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** What serverless.yml must bind to a function for the host to say where it is. */
function only<Binding extends { readonly functionName: string }>(bindings: readonly Binding[], name: string, event: string): Binding {
  const binding = bindings.find(({ functionName }) => functionName === name);
  if (binding === undefined) throw new InvalidInput(`serverless.yml: functions.${name} has no ${event} event`);
  return binding;
}
