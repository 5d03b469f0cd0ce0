// The webhook's story: verify, read the push, list the Applications once, wake those that it concerns, answer. Nothing is rendered here:
// senders give up after ten seconds.

import { qualifiedName } from '../model/application.ts';
import { InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import type { Clock, Control, Log, Queue } from '../ports.ts';
import { affectedApplications } from './affected.ts';
import { parsePush } from './push.ts';
import { type Headers, verifyPush, type WebhookSecrets } from './verify.ts';

export interface ReceivePorts {
  readonly control: Pick<Control, 'applications'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: WebhookSecrets;
}

export interface Delivery {
  /** Header names in lower case. */
  readonly headers: Headers;
  /** The bytes as they were sent. */
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A larger body is refused before it is looked at: API Gateway hands a function at most this much. */
export const MAX_BODY_BYTES = 6 * 1024 * 1024;

/**
 * 202 with the Applications enqueued (none for a ping), 401 for any fault of the signature, 400 for what is no known webhook or no JSON,
 * 413 for too large a body. Throws Unavailable when the control cluster or the queue does not answer.
 */
export async function receivePush(delivery: Delivery, ports: ReceivePorts): Promise<Answer> {
  try {
    return await acceptPush(delivery, ports);
  } catch (thrown) {
    if (thrown instanceof NotPermitted) {
      ports.log.warn('webhook refused', { reason: messageOf(thrown) });
      return { status: 401, body: { message: 'signature refused' } };
    }
    if (thrown instanceof InvalidInput) return { status: 400, body: { message: messageOf(thrown) } };
    throw thrown;
  }
}

async function acceptPush({ headers, body }: Delivery, { control, queue, clock, log, settings }: ReceivePorts): Promise<Answer> {
  if (body.byteLength > MAX_BODY_BYTES) return { status: 413, body: { message: `body is larger than ${MAX_BODY_BYTES} bytes` } };
  const startedAt = clock();
  const verified = await verifyPush(headers, body, settings);
  const push = parsePush(verified, parseJson(body));
  if (!push) return { status: 202, body: { enqueued: [], message: `nothing to do for the event ${verified.event}` } };
  const requests = affectedApplications(push, await control.applications(), startedAt);
  await queue.send(requests);
  const enqueued = requests.map(({ application }) => qualifiedName(application));
  log.info('push received', {
    repository: push.repositoryURLs[0],
    revision: push.revision,
    commit: push.after,
    delivery: push.delivery,
    enqueued: enqueued.length,
    duration: clock() - startedAt,
  });
  return { status: 202, body: { enqueued } };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new InvalidInput('webhook body is not JSON: send it as application/json', { cause });
  }
}
