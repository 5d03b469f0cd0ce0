// The `reconcile.fifo` queue: one Application a little closer to Git; what is left comes back through `later`.
import { reconcile } from '../lib/reconcile/reconcile.ts';
import { deadlineFor } from './support/batch.ts';
import { queueHandler } from './support/handler.ts';
import { reconcilePorts } from './wiring/reconcile.ts';

export const handler = queueHandler(reconcilePorts, async (request, ports, remainingMs) => {
  const { again } = await reconcile(request, ports, deadlineFor(remainingMs, ports.clock()));
  if (!again) return;
  const { afterSeconds, event } = again;
  await ports.queue.send([{ ...request, reason: 'continue', event, at: ports.clock() }], { afterSeconds });
});
