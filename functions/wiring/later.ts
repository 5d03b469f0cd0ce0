// The composition root of `later`: it only forwards, and knows no cluster.

import { kept } from '../../lib/adapters/remembered.ts';
import { createQueue } from '../../lib/adapters/sqs.ts';
import { settings } from './container.ts';

export const laterPorts = kept(async () => {
  const { config, log } = settings();
  return { queue: createQueue(config.queue), log };
});
