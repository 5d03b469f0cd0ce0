// functions/later as it is deployed: settings from the environment, messages from one queue into the other.
import type { Context, SQSRecord } from 'aws-lambda';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { handler } from '../../functions/later.ts';
import { encodeRequest } from '../../lib/model/request.ts';

let server: FauxqsServer;
const before = { ...process.env };

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false });
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    EVENKEEL_KUBECONFIG: '/not/read/by/this/function',
    EVENKEEL_RECONCILE_QUEUE_URL: server.createQueue('reconcile.fifo', { attributes: { FifoQueue: 'true' } }).queueUrl,
    EVENKEEL_LATER_QUEUE_URL: server.createQueue('later').queueUrl,
    EVENKEEL_SQS_ENDPOINT: server.address,
    EVENKEEL_LOG_LEVEL: 'error',
  });
});

afterAll(async () => {
  process.env = before;
  await server.stop();
});

const body = (step: number) =>
  encodeRequest({
    application: { namespace: 'argocd', name: 'web' },
    reason: 'continue',
    at: 1,
    event: `2026-11-02T10:00:00Z/${step}`,
    correlation: 'delivery-1',
  });
const record = (id: string, text: string) =>
  ({ messageId: id, receiptHandle: id, body: text, attributes: { ApproximateReceiveCount: '1' } }) as SQSRecord; // what the chain reads of it
const forward = (...Records: SQSRecord[]) =>
  handler({ Records }, { getRemainingTimeInMillis: () => 20_000 } as Context, { signal: new AbortController().signal });
const forwarded = () => (server.inspectQueue('reconcile.fifo')?.messages.ready ?? []).map((message) => message.body);

test('forwards each request unchanged to the group of its Application, once however often it is delivered', async () => {
  expect(await forward(record('1', body(1)), record('2', body(2)))).toEqual({ batchItemFailures: [] });
  await forward(record('1', body(1)));
  expect(forwarded().sort()).toEqual([body(1), body(2)]);
});

test('keeps what it could not forward', async () => {
  server.deleteQueue('reconcile.fifo');
  expect(await forward(record('3', body(3)), record('4', 'no request'))).toEqual({ batchItemFailures: [{ itemIdentifier: '3' }] });
});
