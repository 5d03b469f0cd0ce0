// The composition root of the sweep.
import { createCheckpoints } from '../../lib/adapters/checkpoints.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { clock, kept, settings } from './container.ts';
import { controlCluster } from './control-cluster.ts';

export const sweepPorts = kept(async () => {
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
