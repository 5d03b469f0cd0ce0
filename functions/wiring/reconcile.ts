// The composition root of reconcile.
import { createClusters } from '../../lib/adapters/clusters.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { createRepositories } from '../../lib/adapters/git.ts';
import { createRenderCache } from '../../lib/adapters/renders.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { createTools } from '../../lib/adapters/tools.ts';
import { clock, kept, settings } from './container.ts';
import { controlCluster } from './control-cluster.ts';

export const reconcilePorts = kept(async () => {
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
