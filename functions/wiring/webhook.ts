// The composition root of the webhook.
import { createControl } from '../../lib/adapters/control.ts';
import { kept } from '../../lib/adapters/remembered.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { clock, settings } from './container.ts';
import { controlCluster } from './control-cluster.ts';

export const webhookPorts = kept(async () => {
  const { config, log } = settings();
  const { cluster } = await controlCluster(config);
  const control = createControl(cluster, config.namespace);
  return { control, queue: createQueue(config.queue), clock, log, settings: config.webhook };
});
