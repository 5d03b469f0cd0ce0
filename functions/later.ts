// The `later` queue: what has waited long enough goes to `reconcile.fifo`.
import { queueHandler } from './support/handler.ts';
import { laterPorts } from './wiring/later.ts';

export const handler = queueHandler(laterPorts, (request, { queue }) => queue.send([request]));
