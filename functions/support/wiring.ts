// The composition root of the functions: settings and adapters become the ports of each story, once a container.
// One exported constant a function, so that a bundle holds only what its own function needs.
import { createCheckpoints } from '../../lib/adapters/checkpoints.ts';
import { createClusters } from '../../lib/adapters/clusters.ts';
import { type Config, describeConfig, loadConfig } from '../../lib/adapters/config.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import { loadConnection } from '../../lib/adapters/kubeconfig.ts';
import { createCluster } from '../../lib/adapters/kubernetes.ts';
import { createLog } from '../../lib/adapters/log.ts';
import { createRenderCache } from '../../lib/adapters/renders.ts';
import { readSecret } from '../../lib/adapters/secret.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { createTools } from '../../lib/adapters/tools.ts';
import type { Clock } from '../../lib/ports.ts';

const clock: Clock = Date.now;

/** Builds once and keeps it; what failed is tried again with the next event. */
function kept<Ports>(build: () => Promise<Ports>): () => Promise<Ports> {
  let built: Promise<Ports> | undefined;
  return () => {
    built ??= build().catch((error: unknown) => {
      built = undefined;
      throw error;
    });
    return built;
  };
}

export const webhookPorts = /* @__PURE__ */ kept(async () => {
  const { config, log } = settings();
  const { cluster } = await controlCluster(config);
  const control = createControl(cluster, config.namespace);
  return { control, queue: createQueue(config.queue), clock, log, settings: config.webhook };
});

export const laterPorts = /* @__PURE__ */ kept(async () => {
  const { config, log } = settings();
  return { queue: createQueue(config.queue), log };
});

export const reconcilePorts = /* @__PURE__ */ kept(async () => {
  const { config, log } = settings();
  const { namespace, programs, cacheDir, toolTimeoutSeconds: timeoutSeconds, defaultServiceAccount, aws } = config;
  const { connection, cluster } = await controlCluster(config);
  const queue = createQueue(config.queue);
  return {
    control: createControl(cluster, namespace),
    clusters: createClusters({ control: cluster, connection, namespace, clock, aws }),
    repositories: createRepositories({ git: programs.git, cacheDir, clock, timeoutSeconds, log }),
    tools: createTools({ ...programs, timeoutSeconds }),
    cache: createRenderCache({ cacheDir }),
    queue,
    postpone: queue.postpone,
    clock,
    log,
    settings: { defaultServiceAccount },
  };
});

export const sweepPorts = /* @__PURE__ */ kept(async () => {
  const { config, log } = settings();
  const { namespace, resyncSeconds, sweepCheckpoint: checkpoint } = config;
  const { cluster } = await controlCluster(config);
  return {
    cluster,
    checkpoints: createCheckpoints(cluster, namespace),
    queue: createQueue(config.queue),
    clock,
    log,
    settings: { namespace, checkpoint, resyncSeconds },
  };
});

function settings() {
  const config = loadConfig(process.env);
  const log = createLog({ level: config.logLevel });
  log.info('started', { settings: describeConfig(config) });
  return { config, log };
}

async function controlCluster({ kubeconfig }: Config) {
  const source = 'path' in kubeconfig ? kubeconfig : { text: await readSecret(kubeconfig.secretArn) };
  const connection = await loadConnection(source);
  return { connection, cluster: createCluster(connection) };
}
