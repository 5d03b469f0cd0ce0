// POST /api/webhook: a provider's event -> the Applications that it concerns are enqueued.
import { receivePush } from '../lib/intake/receive.ts';
import { httpHandler } from './support/handler.ts';
import { webhookPorts } from './wiring/webhook.ts';

export const handler = httpHandler(webhookPorts, receivePush);
