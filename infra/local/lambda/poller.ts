// Lambda's event source mapping for SQS: long polls, invokes with what came, deletes what was handled. What failed stays where it is
// and is seen again when its visibility timeout has passed.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../lib/model/errors.ts';
import { isRecord } from '../../../lib/model/manifest.ts';
import type { QueueMessage, Queues } from '../queue.ts';
import { LOCAL } from '../serverless/service.ts';
import type { Outcome } from './worker.ts';

export interface PollerOptions {
  readonly queues: Queues;
  readonly arn: string;
  readonly url: string;
  readonly batchSize: number;
  readonly reportFailures: boolean;
  /** How many batches may be at work at a time. */
  readonly concurrency: number;
  readonly invoke: (event: unknown) => Promise<Outcome>;
  readonly onBatch?: (batch: { readonly received: number; readonly failed: number }) => void;
  readonly log: (line: string) => void;
}

export interface Poller {
  /** Takes no more messages; resolves when the batches at work have been settled. */
  close(): Promise<void>;
}

const LONG_POLL_SECONDS = 20;
const SQS_BATCH_LIMIT = 10;
const RETRY_MS = 1000;

export function startPoller(options: PollerOptions): Poller {
  const stop = new AbortController();
  const loops = Array.from({ length: options.concurrency }, () => loop(options, stop.signal));
  return {
    close: async () => {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

async function loop(options: PollerOptions, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      const messages = await receive(options, stop);
      if (messages.length > 0) await handle(options, messages);
    } catch (thrown) {
      if (stop.aborted) return;
      options.log(`poll of ${options.arn}: ${messageOf(thrown)}`);
      await sleep(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

async function receive({ queues, url, batchSize }: PollerOptions, stop: AbortSignal): Promise<readonly QueueMessage[]> {
  const answer = await queues.call(
    'ReceiveMessage',
    {
      QueueUrl: url,
      MaxNumberOfMessages: Math.min(batchSize, SQS_BATCH_LIMIT),
      WaitTimeSeconds: LONG_POLL_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    },
    stop,
  );
  return Array.isArray(answer['Messages']) ? answer['Messages'] : [];
}

async function handle(options: PollerOptions, messages: readonly QueueMessage[]): Promise<void> {
  const outcome = await options.invoke({ Records: messages.map((message) => recordOf(message, options.arn)) });
  const failed = failedOf(outcome, messages, options.reportFailures);
  const done = messages.filter((message) => !failed.has(message.MessageId));
  if (done.length > 0) {
    const Entries = done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await options.queues.call('DeleteMessageBatch', { QueueUrl: options.url, Entries });
  }
  options.onBatch?.({ received: messages.length, failed: failed.size });
}

/** One record of the event ("Using Lambda with Amazon SQS", example event). */
function recordOf(message: QueueMessage, arn: string): Readonly<Record<string, unknown>> {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: message.MessageAttributes ?? {},
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: LOCAL.region,
  };
}

/**
 * Ids of the messages to leave in the queue. An error fails all; so does an answer that is no valid list of failures,
 * where failures are reported one by one ("Handling errors for an SQS event source in Lambda", success and failure conditions).
 */
export function failedOf(
  outcome: Outcome,
  messages: readonly { readonly MessageId: string }[],
  reportFailures: boolean,
): ReadonlySet<string> {
  const all = new Set(messages.map(({ MessageId }) => MessageId));
  if (!outcome.ok) return all;
  if (!reportFailures || outcome.result === undefined || outcome.result === null) return new Set();
  if (!isRecord(outcome.result)) return all;
  const failures = outcome.result['batchItemFailures'] ?? [];
  if (!Array.isArray(failures)) return all;
  const ids = failures.map((failure) => (isRecord(failure) ? failure['itemIdentifier'] : undefined));
  return ids.every((id) => typeof id === 'string' && all.has(id)) ? new Set(ids.map(String)) : all;
}
