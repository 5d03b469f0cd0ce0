// The three chains as functions export them: what is called is the wrapped handler, so a chain that does not run fails here.
import type { APIGatewayProxyEventV2, Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { describe, expect, test, vi } from 'vitest';
import { httpHandler, queueHandler, scheduleHandler } from '../../functions/support/handler.ts';
import { createLog } from '../../lib/adapters/log.ts';
import type { Postponement } from '../../lib/adapters/sqs.ts';
import { Conflict, InvalidInput, NotPermitted, Unavailable } from '../../lib/model/errors.ts';
import { encodeRequest } from '../../lib/model/request.ts';

const context = { getRemainingTimeInMillis: () => 30_000, functionName: 'test' } as Context; // what the chains read of it
const call = { signal: new AbortController().signal };

describe('the http chain', () => {
  const httpEvent = (more: Partial<APIGatewayProxyEventV2>) =>
    ({ version: '2.0', rawPath: '/api/webhook', headers: {}, isBase64Encoded: false, ...more }) as APIGatewayProxyEventV2; // as above

  const echo = httpHandler(
    async () => ({}),
    async ({ headers, body }) => ({ status: 202, body: { kind: headers['x-github-event'], hex: body.toString('hex') } }),
  );

  test('gives the story lower-case headers and the raw bytes', async () => {
    const answer = await echo(httpEvent({ headers: { 'X-GitHub-Event': 'push' }, body: 'ä' }), context, call);
    expect(answer).toMatchObject({ statusCode: 202, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(String(answer?.body))).toEqual({ kind: 'push', hex: 'c3a4' });
  });

  test('decodes a body that is flagged as base64', async () => {
    const body = Buffer.from([0xff, 0x00]).toString('base64');
    const answer = await echo(httpEvent({ body, isBase64Encoded: true }), context, call);
    expect(JSON.parse(String(answer?.body))).toEqual({ hex: 'ff00' });
  });

  test.each([
    ['the control cluster does not answer', new Unavailable('https://10.0.0.1 does not answer'), 503, { message: 'try again later' }],
    ['there is a bug', new TypeError('canary is undefined'), 500, { message: 'internal error' }],
  ])('answers without details when %s', async (_, error, statusCode, body) => {
    const failing = httpHandler(
      async () => Promise.reject(error),
      async () => ({ status: 202, body: {} }),
    );
    const answer = await failing(httpEvent({ body: '{}' }), context, call);
    expect(answer?.statusCode).toBe(statusCode);
    expect(JSON.parse(String(answer?.body))).toEqual(body);
  });
});

describe('the queue chain', () => {
  const record = (id: string, group: string, body = encodeRequest(requestFor(id))) =>
    ({
      messageId: id,
      receiptHandle: `receipt-${id}`,
      body,
      attributes: { MessageGroupId: group, ApproximateReceiveCount: '2' },
    }) as SQSRecord;
  const requestFor = (name: string) => ({
    application: { namespace: 'argocd', name },
    reason: 'push' as const,
    at: 1,
    event: name,
    correlation: name,
  });

  async function run(records: readonly SQSRecord[], failures: Readonly<Record<string, Error>> = {}, postponing = true) {
    const done: string[] = [];
    const postponed: Postponement[] = [];
    const lines: string[] = [];
    const log = createLog({ level: 'info', write: (line) => lines.push(line) });
    const postpone = async (messages: readonly Postponement[]) => {
      if (!postponing) throw new Unavailable('queue does not answer');
      postponed.push(...messages);
    };
    const handler = queueHandler(
      async () => ({ log, postpone }),
      async ({ application: { name } }) => {
        const failure = failures[name];
        if (failure) throw failure;
        done.push(name);
      },
    );
    const answer = await handler({ Records: [...records] } satisfies SQSEvent, context, call);
    return { answer, done, postponed, lines };
  }
  const failing = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });

  test('acknowledges what was done', async () => {
    const { answer, done } = await run([record('1', 'a'), record('2', 'b')]);
    expect(answer).toEqual(failing());
    expect(done.sort()).toEqual(['1', '2']);
  });

  test('fails the rest of a group behind a failure, and nothing of other groups', async () => {
    const records = [record('1', 'a'), record('2', 'b'), record('3', 'a'), record('4', 'a'), record('5', 'b')];
    const { answer, done, postponed } = await run(records, { '3': new Unavailable('throttled', { retryAfterSeconds: 7 }) });
    expect(answer).toEqual(failing('3', '4'));
    expect(done.sort()).toEqual(['1', '2', '5']);
    expect(postponed).toEqual([
      { receiptHandle: 'receipt-3', afterSeconds: 7 },
      { receiptHandle: 'receipt-4', afterSeconds: 7 },
    ]);
  });

  test.each([
    ['a conflict', new Conflict('changed meanwhile'), true],
    ['what does not answer', new Unavailable('timed out'), true],
    ['a bug', new TypeError('undefined is no function'), true],
    ['invalid input', new InvalidInput('Application is not valid'), false],
    ['a refusal', new NotPermitted('project says no'), false],
  ])('brings back %s: %s', async (_, error, back) => {
    const { answer, lines } = await run([record('1', 'a')], { '1': error });
    expect(answer).toEqual(back ? failing('1') : failing());
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ level: 'error', application: 'argocd/1', error: { message: error.message } });
  });

  test('logs and acknowledges a malformed message, and goes on with the group behind it', async () => {
    const { answer, done, lines } = await run([record('poison', 'a', '{"v":99}'), record('2', 'a')]);
    expect(answer).toEqual(failing());
    expect(done).toEqual(['2']);
    expect(lines[0]).toContain('message is not a reconcile request');
  });

  test('ten Applications with interleaved faults fail just where they fail', async () => {
    const records = Array.from({ length: 10 }, (_, id) => record(String(id), `group-${id}`));
    const odd = Object.fromEntries([1, 3, 5, 7, 9].map((id) => [String(id), new Unavailable('down')]));
    const { answer, done } = await run(records, odd);
    expect(answer).toEqual(failing('1', '3', '5', '7', '9'));
    expect(done.sort()).toEqual(['0', '2', '4', '6', '8']);
  });

  test('gives up one that hangs before the function ends, and keeps what the others did', async () => {
    const log = createLog({ level: 'error', write: () => undefined });
    const hanging = queueHandler(
      async () => ({ log }),
      async ({ application: { name } }) => (name === '1' ? new Promise(() => undefined) : undefined),
    );
    const records = [record('1', 'a'), record('2', 'a'), record('3', 'b')];
    const soon = { getRemainingTimeInMillis: () => 5_100 } as Context; // what the chain reads of it
    expect(await hanging({ Records: records }, soon, call)).toEqual(failing('1', '2'));
  });

  test('still reports failures when they cannot be given a time to come back', async () => {
    const { answer, lines } = await run([record('1', 'a')], { '1': new Conflict('changed') }, false);
    expect(answer).toEqual(failing('1'));
    expect(lines.join('')).toContain('failed messages keep their visibility timeout');
  });

  test('brings back the whole batch, acknowledging nothing, when its settings are wrong', async () => {
    const handler = queueHandler(
      async (): Promise<{ log: ReturnType<typeof createLog> }> => Promise.reject(new InvalidInput('configuration is not valid')),
      async () => undefined,
    );
    expect(await handler({ Records: [record('1', 'a'), record('2', 'b')] }, context, call)).toEqual(failing('1', '2'));
  });
});

describe('the schedule chain', () => {
  const log = createLog({ level: 'error' });

  test('runs the story once a tick', async () => {
    const story = vi.fn(async () => undefined);
    await scheduleHandler(async () => ({ log }), story)({}, context, call);
    expect(story).toHaveBeenCalledOnce();
  });

  test('fails when the story does', async () => {
    const handler = scheduleHandler(
      async () => ({ log }),
      async () => Promise.reject(new Unavailable('control cluster does not answer')),
    );
    await expect(handler({}, context, call)).rejects.toThrow('control cluster does not answer');
  });
});
