// The queue adapter against the SQS protocol, spoken by a real server in this process.
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createQueue, type SqsQueue } from '../../lib/adapters/sqs.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { decodeRequest, type ReconcileRequest } from '../../lib/model/request.ts';

let server: FauxqsServer;
let queue: SqsQueue;
let urls: { reconcileUrl: string; laterUrl: string };

beforeAll(async () => {
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  server = await startFauxqs({ port: 0, logger: false });
});

afterAll(() => server.stop());

beforeEach(() => {
  const reconcile = server.createQueue('reconcile.fifo', { attributes: { FifoQueue: 'true', VisibilityTimeout: '60' } });
  urls = { reconcileUrl: reconcile.queueUrl, laterUrl: server.createQueue('later').queueUrl };
  queue = createQueue({ ...urls, endpoint: server.address });
});

afterEach(() => {
  queue.close();
  server.purgeAll();
});

const request = (name: string, more: Partial<ReconcileRequest> = {}): ReconcileRequest => ({
  application: { namespace: 'argocd', name },
  reason: 'push',
  at: 1,
  event: 'delivery-1',
  correlation: 'delivery-1',
  ...more,
});

interface Received {
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes: Readonly<Record<string, string>>;
}

async function call(action: string, input: Readonly<Record<string, unknown>>) {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` };
  const response = await fetch(server.address, { method: 'POST', headers, body: JSON.stringify(input) });
  return response.json() as Promise<{ Messages?: readonly Received[] }>; // the protocol's own answer
}

async function receive(url: string, waitSeconds = 0): Promise<readonly Received[]> {
  const input = { QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds, MessageSystemAttributeNames: ['All'] };
  return (await call('ReceiveMessage', input)).Messages ?? [];
}

async function drain(url: string): Promise<readonly Received[]> {
  const all: Received[] = [];
  for (let some = await receive(url); some.length > 0; some = await receive(url)) {
    all.push(...some);
    for (const { ReceiptHandle } of some) await call('DeleteMessage', { QueueUrl: url, ReceiptHandle });
  }
  return all;
}

describe('send', () => {
  test('puts a request into the group of its Application', async () => {
    await queue.send([request('web')]);
    const [message] = await receive(urls.reconcileUrl);
    expect(decodeRequest(message?.Body ?? '')).toEqual(request('web'));
    expect(message?.Attributes['MessageGroupId']).toBe('argocd/web');
  });

  test('sends more requests than one batch holds, each once', async () => {
    const names = Array.from({ length: 33 }, (_, index) => `app-${index}`);
    await queue.send(names.map((name) => request(name)));
    const received = (await drain(urls.reconcileUrl)).map(({ Body }) => decodeRequest(Body).application.name);
    expect(received.sort()).toEqual(names.sort());
  });

  test('delivers one event once, however often it is sent', async () => {
    await queue.send([request('web')]);
    await queue.send([request('web'), request('web', { event: 'delivery-2' })]);
    const events = (await drain(urls.reconcileUrl)).map(({ Body }) => decodeRequest(Body).event);
    expect(events).toEqual(['delivery-1', 'delivery-2']);
  });

  test('delivers five steps of one operation within a minute', async () => {
    for (let step = 1; step <= 5; step += 1) {
      await queue.send([request('web', { reason: 'continue', event: `2026-11-02T10:00:00Z/${step}` })]);
    }
    expect(await drain(urls.reconcileUrl)).toHaveLength(5);
  });

  test('delays what is to come later, in the other queue', async () => {
    await queue.send([request('web')], { afterSeconds: 0.4 });
    expect(await receive(urls.reconcileUrl)).toEqual([]);
    expect(await receive(urls.laterUrl)).toEqual([]);
    const [message] = await receive(urls.laterUrl, 3);
    expect(decodeRequest(message?.Body ?? '')).toEqual(request('web'));
  });

  test('takes a longer delay than SQS allows for the longest that it allows', async () => {
    await queue.send([request('web')], { afterSeconds: 5000 });
    expect(server.inspectQueue('later')?.messages.delayed).toHaveLength(1);
  });

  test('sends nothing when there is nothing to send', async () => {
    await queue.send([]);
    expect(await receive(urls.reconcileUrl)).toEqual([]);
  });

  test('is Unavailable and names the queue when it is gone', async () => {
    server.deleteQueue('reconcile.fifo');
    await expect(queue.send([request('web')])).rejects.toThrow(Unavailable);
    await expect(queue.send([request('web')])).rejects.toThrow(/queue reconcile\.fifo does not answer/);
  });

  test('is Unavailable and counts what was not taken on a second try either', async () => {
    const { queueUrl } = server.createQueue('narrow.fifo', { attributes: { FifoQueue: 'true', MaximumMessageSize: '1024' } });
    const narrow = createQueue({ ...urls, reconcileUrl: queueUrl, endpoint: server.address });
    const tooLarge = (name: string) => request(name, { event: 'ä'.repeat(512) });
    const sent = narrow.send([request('web'), tooLarge('api'), tooLarge('db')]);
    await expect(sent).rejects.toThrow(/^queue narrow\.fifo did not take 2 of 3 messages: .*shorter than 1024 bytes/);
    expect(await drain(queueUrl)).toHaveLength(1);
    narrow.close();
  });
});

describe('postpone', () => {
  test('has a message come back long before its visibility timeout', async () => {
    await queue.send([request('web')]);
    const taken = await receive(urls.reconcileUrl);
    expect(await receive(urls.reconcileUrl)).toEqual([]);
    await queue.postpone(taken.map(({ ReceiptHandle }) => ({ receiptHandle: ReceiptHandle, afterSeconds: 0 })));
    const [again] = await receive(urls.reconcileUrl);
    expect(again?.Attributes['ApproximateReceiveCount']).toBe('2');
  });
});
