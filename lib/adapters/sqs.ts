// The queue over SQS: requests to `reconcile.fifo`, or through `later` with a delay, since FIFO queues know no delay of one message.
// The only file that knows @aws-sdk/client-sqs.
import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SendMessageBatchResult,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { messageOf, Unavailable } from '../model/errors.ts';
import { deduplicationId, encodeRequest, groupId, type ReconcileRequest } from '../model/request.ts';
import type { Queue } from '../ports.ts';

export interface QueueConfig {
  readonly reconcileUrl: string;
  readonly laterUrl: string;
  /** An SQS endpoint of one's own; the queue URLs then only name the queues. */
  readonly endpoint?: string | undefined;
}

/** A received message to be seen again after so many seconds. */
export interface Postponement {
  readonly receiptHandle: string;
  readonly afterSeconds: number;
}

export interface SqsQueue extends Queue {
  /** Has received messages of `reconcile.fifo` come back when they should, instead of after the queue's whole visibility timeout. */
  postpone(messages: readonly Postponement[]): Promise<void>;
  close(): void;
}

/** SQS takes so many in one request; ten of the longest requests that there can be stay far below its 256 KiB. */
const MAX_BATCH_MESSAGES = 10;
const MAX_DELAY_SECONDS = 900;
/** Requests to SQS at a time: a push to a repository of a thousand Applications is a hundred batches. */
const PARALLEL_BATCHES = 8;

/** Every method throws Unavailable when SQS does not answer, or did not take something after a second try. */
export function createQueue(config: QueueConfig): SqsQueue {
  const client = new SQSClient({
    maxAttempts: 3,
    ...(config.endpoint && { endpoint: config.endpoint, useQueueUrlAsEndpoint: false }),
  });
  return {
    send: (requests, options) => sendAll(client, config, requests, options?.afterSeconds ?? 0),
    postpone: (messages) => postpone(client, config.reconcileUrl, messages),
    close: () => client.destroy(),
  };
}

async function sendAll(client: SQSClient, config: QueueConfig, requests: readonly ReconcileRequest[], afterSeconds: number): Promise<void> {
  const delayed = afterSeconds > 0;
  const url = delayed ? config.laterUrl : config.reconcileUrl;
  const entries = requests.map((request, index) => (delayed ? delayedEntry(request, index, afterSeconds) : orderedEntry(request, index)));
  const waiting = batches(entries);
  const sender = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) await sendBatch(client, url, batch);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_BATCHES, waiting.length) }, sender));
}

function orderedEntry(request: ReconcileRequest, index: number): SendMessageBatchRequestEntry {
  return {
    Id: String(index),
    MessageBody: encodeRequest(request),
    MessageGroupId: groupId(request),
    MessageDeduplicationId: deduplicationId(request),
  };
}

/** Longer waits than SQS allows end early, which only makes somebody look sooner. */
function delayedEntry(request: ReconcileRequest, index: number, afterSeconds: number): SendMessageBatchRequestEntry {
  return { Id: String(index), MessageBody: encodeRequest(request), DelaySeconds: Math.min(Math.ceil(afterSeconds), MAX_DELAY_SECONDS) };
}

function batches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / MAX_BATCH_MESSAGES) }, (_, index) =>
    items.slice(index * MAX_BATCH_MESSAGES, (index + 1) * MAX_BATCH_MESSAGES),
  );
}

async function sendBatch(client: SQSClient, url: string, batch: readonly SendMessageBatchRequestEntry[]): Promise<void> {
  const first = await sendOnce(client, url, batch);
  if (first.length === 0) return;
  const refused = new Set(first.map(({ Id }) => Id));
  const retried = batch.filter(({ Id }) => refused.has(Id));
  const second = await sendOnce(client, url, retried);
  if (second.length > 0) {
    const reason = second[0]?.Message ?? second[0]?.Code ?? 'no reason given';
    throw new Unavailable(`queue ${nameOf(url)} did not take ${second.length} of ${batch.length} messages: ${reason}`);
  }
}

async function sendOnce(client: SQSClient, url: string, batch: readonly SendMessageBatchRequestEntry[]) {
  const command = new SendMessageBatchCommand({ QueueUrl: url, Entries: [...batch] });
  const answer = await answered(url, client.send(command));
  return (answer satisfies SendMessageBatchResult).Failed ?? [];
}

async function postpone(client: SQSClient, url: string, messages: readonly Postponement[]): Promise<void> {
  for (const batch of batches(messages)) {
    const Entries = batch.map(({ receiptHandle, afterSeconds }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: afterSeconds,
    }));
    await answered(url, client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries })));
  }
}

async function answered<T>(url: string, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    throw new Unavailable(`queue ${nameOf(url)} does not answer: ${messageOf(cause)}`, { cause });
  }
}

function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
