// serverless.yml brought to life: small functions of the test's own, bound to HTTP, queues and schedules, run as bundles in processes.
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Bound, bindEvents } from '../../infra/local/lambda/bind.ts';
import { bundleService, type Functions, startFunctions } from '../../infra/local/lambda/functions.ts';
import { identityOf, isRunning } from '../../infra/local/processes/identity.ts';
import { type Queues, startQueues } from '../../infra/local/queue.ts';
import { readServerless } from '../../infra/local/serverless/service.ts';

const SERVICE = `
service: sample
provider:
  name: aws
  runtime: nodejs24.x
  timeout: 5
  environment:
    QUEUE_URL: { Ref: WorkQueue }
    QUEUE_ARN: !GetAtt WorkQueue.Arn
functions:
  echo:
    handler: functions/echo.handler
    events:
      - httpApi: { method: POST, path: /api/echo }
      - httpApi: GET /api/items/{id}
  worker:
    handler: functions/worker.handler
    timeout: 2
    events:
      - sqs: { arn: { Fn::GetAtt: [WorkQueue, Arn] }, batchSize: 10, functionResponseType: ReportBatchItemFailures }
resources:
  Resources:
    WorkQueue:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: work.fifo
        FifoQueue: true
        VisibilityTimeout: 1
        RedrivePolicy: { deadLetterTargetArn: { Fn::GetAtt: [DeadQueue, Arn] }, maxReceiveCount: 3 }
    DeadQueue:
      Type: AWS::SQS::Queue
      Properties: { QueueName: work-dead.fifo, FifoQueue: true }
`;

const ECHO = `
export async function handler(event: { rawPath: string; body?: string }) {
  if (event.rawPath.endsWith('throw')) throw new TypeError('canary');
  if (event.body === 'fail') throw new Error('canary');
  return { statusCode: 202, headers: { 'x-seen': 'yes' }, body: JSON.stringify({ event, env: process.env, tmp: (await import('node:os')).tmpdir() }) };
}`;

// Each message says what becomes of it; what was seen is written down outside the process.
const WORKER = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
interface Event { Records: { messageId: string; body: string; attributes: { ApproximateReceiveCount: string } }[] }
export async function handler(event: Event, context: { getRemainingTimeInMillis(): number; awsRequestId: string; functionName: string }) {
  const batchItemFailures = [];
  for (const { messageId, body, attributes } of event.Records) {
    const { log, then } = JSON.parse(body);
    appendFileSync(log, JSON.stringify({ then, count: attributes.ApproximateReceiveCount, left: context.getRemainingTimeInMillis(), pid: process.pid }) + '\\n');
    if (then === 'fail') batchItemFailures.push({ itemIdentifier: messageId });
    if (then === 'throw') throw new Error('thrown');
    if (then === 'sleep' && attributes.ApproximateReceiveCount === '1') {
      const child = spawn('sleep', ['300']);
      writeFileSync(log + '.child', String(child.pid));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    }
  }
  return { batchItemFailures };
}`;

let dir: string;
let queues: Queues;
let functions: Functions;
let bound: Bound;
let lines: string[];
let invoked: string[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'evenkeel-host-'));
  await mkdir(join(dir, 'functions'));
  await writeFile(join(dir, 'functions/echo.ts'), ECHO);
  await writeFile(join(dir, 'functions/worker.ts'), WORKER);
  [lines, invoked] = [[], []];
});

afterEach(async () => {
  await Promise.all([bound?.close(), functions?.close(0)]);
  await queues?.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(yaml = SERVICE, factor = 1): Promise<void> {
  await writeFile(join(dir, 'serverless.yml'), yaml);
  const service = readServerless(join(dir, 'serverless.yml'));
  queues = await startQueues(service.queues);
  functions = await startFunctions({
    service,
    bundles: await bundleService(service, dir, join(dir, 'bundles')),
    tmpRoot: join(dir, 'run/tmp'),
    resources: queues.resources,
    environment: { LOCAL_VALUE: 'of the host', PATH: process.env['PATH'] },
    concurrency: 2,
    onLine: (_, line) => lines.push(line),
    onInvoked: (name, { outcome }) => invoked.push(`${name} ${outcome.ok ? 'ok' : outcome.error.errorType}`),
  });
  const ignore = () => undefined;
  bound = await bindEvents({
    service,
    functions,
    queues,
    port: 0,
    factor,
    onBatch: ignore,
    onTick: ignore,
    log: (line) => lines.push(line),
  });
}

function urlOf(logicalId: string): string {
  const url = queues.resources[logicalId]?.ref;
  if (url === undefined) throw new Error(`no queue ${logicalId}`);
  return url;
}

async function send(then: string, group: string, logicalId = 'WorkQueue'): Promise<void> {
  const body = JSON.stringify({ log: join(dir, `${group}.log`), then });
  const fifo = logicalId === 'WorkQueue' ? { MessageGroupId: group, MessageDeduplicationId: `${group}-${then}` } : {};
  await queues.call('SendMessage', { QueueUrl: urlOf(logicalId), MessageBody: body, ...fifo });
}

/** What the echo function was given. */
interface Echoed {
  readonly event: Readonly<Record<string, unknown>> & { readonly requestContext: { readonly http: unknown } };
  readonly env: Readonly<Record<string, string>>;
  readonly tmp: string;
}

async function echoed(path: string, init?: RequestInit): Promise<Echoed> {
  const answer = await fetch(`${bound.endpoint}${path}`, init);
  return JSON.parse(await answer.text());
}

interface Seen {
  readonly then: string;
  readonly count: string;
  readonly left: number;
  readonly pid: number;
}

function seen(group: string): readonly Seen[] {
  const file = join(dir, `${group}.log`);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
}

const soon = { timeout: 15_000, interval: 20 };

describe('an HTTP event', () => {
  test('reaches the function in payload format 2.0, and its answer comes back', async () => {
    await start();
    const answer = await fetch(`${bound.endpoint}/api/echo?a=1&a=2`, {
      method: 'POST',
      body: '{"x":"ü"}',
      headers: { 'Content-Type': 'application/json', 'X-Two': 'b' },
    });
    expect([answer.status, answer.headers.get('x-seen')]).toEqual([202, 'yes']);
    const { event }: Echoed = JSON.parse(await answer.text());
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /api/echo',
      rawPath: '/api/echo',
      rawQueryString: 'a=1&a=2',
      body: '{"x":"ü"}',
    });
    expect(event).toMatchObject({ isBase64Encoded: false, queryStringParameters: { a: '1,2' }, headers: { 'x-two': 'b' } });
    expect(event.requestContext.http).toMatchObject({ method: 'POST', path: '/api/echo', sourceIp: '127.0.0.1' });
  });

  test('carries a body that is no text in base64', async () => {
    await start();
    const bytes = Buffer.from([0, 255, 254, 10]);
    const { event } = await echoed('/api/echo', { method: 'POST', body: bytes, headers: { 'content-type': 'application/octet-stream' } });
    expect(event).toMatchObject({ isBase64Encoded: true, body: bytes.toString('base64') });
  });

  test('finds its route by method and path, with the path parameters', async () => {
    await start();
    expect((await echoed('/api/items/7')).event['pathParameters']).toEqual({ id: '7' });
    expect((await fetch(`${bound.endpoint}/api/echo`)).status).toBe(404);
    expect((await fetch(`${bound.endpoint}/elsewhere`, { method: 'POST' })).status).toBe(404);
  });

  test('that is larger than Lambda takes is refused without asking the function', async () => {
    await start();
    const sendBytes = (size: number) =>
      fetch(`${bound.endpoint}/api/echo`, { method: 'POST', body: 'x'.repeat(size), headers: { 'content-type': 'text/plain' } }).then(
        ({ status }) => status,
      );
    expect(await sendBytes(5_000_000)).toBe(202);
    expect(await sendBytes(6_300_000)).toBe(413);
    expect(await sendBytes(10_500_000)).toBe(413);
    expect(invoked).toEqual(['echo ok']);
  });

  test('whose function throws is answered with 500 and none of the error', async () => {
    await start();
    const answer = await fetch(`${bound.endpoint}/api/items/throw`);
    expect([answer.status, await answer.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect((await fetch(`${bound.endpoint}/api/items/1`)).status).toBe(202);
  });
});

test('a function sees what serverless.yml gives it, what the host adds, and nothing of the shell that started the host', async () => {
  vi.stubEnv('EVENKEEL_CANARY', 'of the shell');
  await start();
  vi.unstubAllEnvs();
  const { env, tmp } = await echoed('/api/items/1');
  expect(env).toMatchObject({
    QUEUE_URL: `${queues.endpoint}/000000000000/work.fifo`,
    LOCAL_VALUE: 'of the host',
    AWS_LAMBDA_FUNCTION_NAME: 'echo',
  });
  expect(env['QUEUE_ARN']).toBe('arn:aws:sqs:us-east-1:000000000000:work.fifo');
  expect(Object.keys(env)).not.toContain('EVENKEEL_CANARY');
  expect(Object.keys(env)).not.toContain('HOME');
  expect(tmp).toContain(join(dir, 'run/tmp/echo-'));
});

describe('a queue event', () => {
  test('deletes what was handled and brings back what was not after the visibility timeout', async () => {
    await start();
    await Promise.all([send('ok', 'a'), send('fail', 'b')]);
    await vi.waitFor(() => expect(seen('b').map(({ count }) => count)).toEqual(['1', '2', '3']), soon);
    expect(seen('a').map(({ count }) => count)).toEqual(['1']);
    await vi.waitFor(async () => expect(await queues.depth(urlOf('DeadQueue'))).toMatchObject({ visible: 1 }), soon);
    expect(await queues.depth(urlOf('WorkQueue'))).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(seen('a')[0]?.left).toBeGreaterThan(1000);
  });

  test('whose function throws comes back whole', async () => {
    await start();
    await send('throw', 'a');
    await vi.waitFor(() => expect(seen('a').map(({ count }) => count)).toEqual(['1', '2', '3']), soon);
  });

  test('whose worker is killed comes back to another one, and what the worker had started is gone', async () => {
    await start(SERVICE.replace('timeout: 2', 'timeout: 60'));
    await send('sleep', 'a');
    await vi.waitFor(() => expect(existsSync(join(dir, 'a.log.child'))).toBe(true), soon);
    const child = identityOf(Number(readFileSync(join(dir, 'a.log.child'), 'utf8')));
    expect(functions.pool('worker').kill('SIGKILL')).toBe(true);
    await vi.waitFor(() => expect(seen('a').map(({ count }) => count)).toEqual(['1', '2']), soon);
    const [first, second] = seen('a');
    expect(second?.pid).not.toBe(first?.pid);
    expect(invoked).toContain('worker Runtime.ExitError');
    expect(isRunning(child)).toBe(false);
  });

  test('that takes longer than the function may is ended by force and comes back', async () => {
    await start(SERVICE.replace('VisibilityTimeout: 1', 'VisibilityTimeout: 3'));
    await send('sleep', 'a');
    await vi.waitFor(() => expect(seen('a').map(({ count }) => count)).toEqual(['1', '2']), soon);
    expect(invoked).toContain('worker Sandbox.Timedout');
  });

  test('is handled by as many workers at a time as there may be, each with one batch', async () => {
    await start(SERVICE.replace('batchSize: 10', 'batchSize: 1').replace('VisibilityTimeout: 1', 'VisibilityTimeout: 60'));
    await Promise.all([send('sleep', 'a'), send('sleep', 'b'), send('ok', 'c')]);
    await vi.waitFor(() => expect([...seen('a'), ...seen('b'), ...seen('c')]).toHaveLength(2), soon);
    await sleep(200);
    const all = [...seen('a'), ...seen('b'), ...seen('c')];
    expect(new Set(all.map(({ pid }) => pid)).size).toBe(2);
    expect(functions.workers().filter(({ functionName }) => functionName === 'worker')).toHaveLength(2);
  });
});

test('a queue and a schedule that are added to a copy of the file are bound', async () => {
  const added = `
  tiny:
    handler: functions/tiny.handler
    environment: { TINY_LOG: ${join(tmpdir(), `evenkeel-tiny-${process.pid}.log`)} }
    events:
      - sqs: { arn: !GetAtt TinyQueue.Arn }
      - schedule: rate(1 minute)
resources:
  Resources:
    TinyQueue: { Type: AWS::SQS::Queue, Properties: { QueueName: tiny } }`;
  await writeFile(
    join(dir, 'functions/tiny.ts'),
    `import { appendFileSync } from 'node:fs';
     export const handler = (event: any) => appendFileSync(process.env.TINY_LOG ?? '', (event.Records ? 'queue' : event['detail-type']) + '\\n');`,
  );
  await start(SERVICE.replace('\nresources:\n  Resources:', added), 240);
  await send('ok', 'any', 'TinyQueue');
  const log = join(tmpdir(), `evenkeel-tiny-${process.pid}.log`);
  await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toMatch(/queue\n(.*\n)*Scheduled Event|Scheduled Event\n(.*\n)*queue/), soon);
  await rm(log);
  expect(bound.schedules).toMatchObject([{ functionName: 'tiny', expression: 'rate(1 minute)' }]);
  expect(bound.schedules[0]?.everyMs).toBeCloseTo(250, -1);
  expect(bound.queues.map(({ functionName }) => functionName).sort()).toEqual(['tiny', 'worker']);
});

test('after a renewal every function has new workers, and what was at work has answered', async () => {
  await start(SERVICE.replace('VisibilityTimeout: 1', 'VisibilityTimeout: 60'));
  const before = functions.workers().map(({ pid }) => pid);
  const asked = echoed('/api/items/1');
  await functions.renew();
  expect((await asked).event['rawPath']).toBe('/api/items/1');
  await echoed('/api/items/2');
  const after = functions.workers().map(({ pid }) => pid);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  expect(invoked).toEqual(['echo ok', 'echo ok']);
});

test('nothing that was started runs once all is closed', async () => {
  await start();
  const pids = functions.workers().map(({ pid }) => pid);
  await Promise.all([bound.close(), functions.close(0)]);
  expect(pids).toHaveLength(2);
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});

describe('a file that cannot be bound', () => {
  test.each([
    ['functions/none.handler', 'there is no module'],
    ['functions/echo.missing', 'exports no function missing'],
  ])('says what is wrong with handler %s', async (handler, message) => {
    await expect(start(SERVICE.replace('functions/echo.handler', handler))).rejects.toThrow(message);
  });

  test('names a variable that has no value here', async () => {
    const yaml = SERVICE.replace('QUEUE_URL: { Ref: WorkQueue }', `TOKEN: '\${param:token}'`);
    await expect(start(yaml)).rejects.toThrow(/functions.echo: TOKEN is .*param:token.*, which has no value here/);
  });

  test('names a queue that is none of its own', async () => {
    const yaml = SERVICE.replace('arn: { Fn::GetAtt: [WorkQueue, Arn] }', 'arn: arn:aws:sqs:eu-west-1:1:other');
    await expect(start(yaml)).rejects.toThrow('functions.worker: sqs: arn:aws:sqs:eu-west-1:1:other is none of the queues');
  });
});
