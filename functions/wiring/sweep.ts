// The composition root of the sweep.
import { createCheckpoints } from '../../lib/adapters/checkpoints.ts';
import { createControl } from '../../lib/adapters/control.ts';
import { kept } from '../../lib/adapters/remembered.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import { clock, settings } from './container.ts';
import { controlCluster } from './control-cluster.ts';

export const sweepPorts = kept(async () => {
  const { config, log } = settings();
  const { namespace, resyncSeconds, sweepCheckpoint: checkpoint } = config;
  const { cluster } = await controlCluster(config);
  const control = createControl(cluster, namespace);
  return {
    cluster,
    checkpoints: createCheckpoints(cluster, namespace),
    queue: createQueue(config.queue),
    clock,
    log,
    resourceSettings: async () => resourceSettings(await control.settings()),
    settings: { namespace, checkpoint, resyncSeconds },
  };
});
