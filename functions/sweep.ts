// The schedule: whatever changed since the last tick, and whatever is due, is enqueued.
import { sweep } from '../lib/reconcile/sweep.ts';
import { scheduleHandler } from './support/handler.ts';
import { sweepPorts } from './wiring/sweep.ts';

export const handler = scheduleHandler(sweepPorts, async (ports) => {
  await sweep(ports);
});
