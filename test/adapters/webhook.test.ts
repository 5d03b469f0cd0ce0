// The webhook from HTTP event to message: the real chain, story, signature check and SQS protocol; only the Applications are given.
import { createHmac } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpHandler } from '../../functions/support/handler.ts';
import { createLog } from '../../lib/adapters/log.ts';
import { createQueue, type SqsQueue } from '../../lib/adapters/sqs.ts';
import { MAX_BODY_BYTES, receivePush } from '../../lib/intake/receive.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';
import { decodeRequest } from '../../lib/model/request.ts';

const SECRET = 'canary-secret';
let server: FauxqsServer;
let queue: SqsQueue;
let lists: number;
let lines: string[];

beforeAll(async () => {
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  server = await startFauxqs({ port: 0, logger: false });
});

afterAll(() => server.stop());

beforeEach(() => {
  const reconcileUrl = server.createQueue('reconcile.fifo', { attributes: { FifoQueue: 'true' } }).queueUrl;
  queue = createQueue({ reconcileUrl, laterUrl: server.createQueue('later').queueUrl, endpoint: server.address });
  [lists, lines] = [0, []];
});

afterEach(() => {
  queue.close();
  server.purgeAll();
});

function application(name: string, repoURL: string): LiveObject {
  const metadata = { name, namespace: 'argocd' };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec: { source: { repoURL, path: name } } };
}

const applications = [application('web', 'git@git.example.com:shop/web.git'), application('api', 'https://git.example.com/shop/api')];
const payload = (more = {}) =>
  JSON.stringify({
    ref: 'refs/heads/main',
    before: '1'.repeat(40),
    after: '2'.repeat(40),
    repository: { html_url: 'https://git.example.com/shop/web', default_branch: 'main' },
    commits: [],
    ...more,
  });

interface Given {
  readonly body?: string | Buffer;
  readonly event?: string;
  readonly signature?: string;
  readonly delivery?: string;
  readonly list?: () => Promise<readonly LiveObject[]>;
}

async function post({ body = payload(), event = 'push', delivery = 'd-1', signature, list = async () => applications }: Given = {}) {
  const control = {
    applications: () => {
      lists += 1;
      return list();
    },
  };
  const log = createLog({ level: 'info', write: (line) => lines.push(line) });
  const handler = httpHandler(
    async () => ({ control, queue, clock: Date.now, log, settings: { github: SECRET, allowUnsigned: false } }),
    receivePush,
  );
  const http = {
    headers: {
      'X-GitHub-Event': event,
      'X-GitHub-Delivery': delivery,
      'X-Hub-Signature-256': signature ?? `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  } as unknown as APIGatewayProxyEventV2; // what the chain reads of it
  const answer = await handler(http, { getRemainingTimeInMillis: () => 10_000 } as Context, { signal: new AbortController().signal });
  return { status: answer?.statusCode, body: JSON.parse(answer?.body ?? '{}') as unknown, text: answer?.body };
}

function messages() {
  return (server.inspectQueue('reconcile.fifo')?.messages.ready ?? []).map(({ body }) => decodeRequest(body));
}

describe('a signed push', () => {
  test('enqueues the Applications of its repository, with one LIST', async () => {
    expect(await post()).toMatchObject({ status: 202, body: { enqueued: ['argocd/web'] } });
    expect(messages()).toMatchObject([
      { application: { namespace: 'argocd', name: 'web' }, reason: 'push', event: 'd-1', correlation: 'd-1' },
    ]);
    expect(lists).toBe(1);
  });

  test('that is delivered again is the same message, another push a second one', async () => {
    await post();
    await post();
    expect(messages()).toHaveLength(1);
    await post({ delivery: 'd-2' });
    expect(messages()).toHaveLength(2);
  });

  test('of one repository of 300 Applications enqueues them all', async () => {
    const many = Array.from({ length: 300 }, (_, index) => application(`web-${index}`, 'https://git.example.com/shop/web.git'));
    expect((await post({ list: async () => many })).status).toBe(202);
    expect(messages()).toHaveLength(300);
  });

  test('that concerns nobody enqueues nothing', async () => {
    const body = payload({ repository: { html_url: 'https://git.example.com/other', default_branch: 'main' } });
    expect(await post({ body })).toMatchObject({ status: 202, body: { enqueued: [] } });
  });

  test('is 503 when the control cluster or the queue does not answer', async () => {
    expect((await post({ list: async () => Promise.reject(new Unavailable('https://10.0.0.1 refused')) })).status).toBe(503);
    server.deleteQueue('reconcile.fifo');
    const answer = await post();
    expect(answer).toMatchObject({ status: 503, body: { message: 'try again later' } });
  });
});

describe('what is no push', () => {
  test.each(['ping', 'issues'])('like the event %s is accepted, and nobody is listed or enqueued', async (event) => {
    expect(await post({ event })).toMatchObject({ status: 202, body: { enqueued: [] } });
    expect([lists, messages()]).toEqual([0, []]);
  });

  test.each([
    ['an unknown provider', { event: '' }, 400, { message: 'unknown webhook event' }],
    ['a body that is no JSON', { body: 'payload=%7B%7D' }, 400, { message: 'webhook body is not JSON: send it as application/json' }],
    [
      'a body over the limit',
      { body: Buffer.alloc(MAX_BODY_BYTES + 1, 32) },
      413,
      { message: `body is larger than ${MAX_BODY_BYTES} bytes` },
    ],
  ])('is refused: %s', async (_, given, status, body) => {
    expect(await post(given)).toMatchObject({ status, body });
    expect([lists, messages()]).toEqual([0, []]);
  });

  test('is refused with one and the same answer, whatever is wrong with its signature', async () => {
    const answers = [
      await post({ signature: 'sha256=00' }),
      await post({ signature: '' }),
      await post({ body: 'no JSON', signature: `sha256=${'0'.repeat(64)}` }),
      await post({ event: 'ping', signature: `sha256=${'0'.repeat(64)}` }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect([lists, messages()]).toEqual([0, []]);
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain('canary');
  });
});
