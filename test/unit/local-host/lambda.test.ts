// How Lambda's edges behave: routes, responses, and which messages of a batch are left in the queue.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchRoute, responseOf } from '../../../infra/local/lambda/gateway.ts';
import { readable } from '../../../infra/local/lambda/logs.ts';
import { failedOf } from '../../../infra/local/lambda/poller.ts';

const route = (method: string, path: string) => ({ kind: 'http' as const, method, path });

describe('a route', () => {
  test.each([
    [route('POST', '/api/webhook'), 'POST', '/api/webhook', {}],
    [route('POST', '/api/webhook'), 'GET', '/api/webhook', undefined],
    [route('*', '/api/{id}'), 'PUT', '/api/7', { id: '7' }],
    [route('GET', '/api/{id}'), 'GET', '/api/7/8', undefined],
    [route('GET', '/{rest+}'), 'GET', '/a/b', { rest: 'a/b' }],
    [route('GET', '/a.b'), 'GET', '/axb', undefined],
  ])('%o asked with %s %s gives %o', (given, method, path, expected) => {
    expect(matchRoute(given, method, path)).toEqual(expected);
  });
});

describe('an answer', () => {
  test.each([
    [
      { ok: true as const, result: { statusCode: 401, headers: { a: 1 }, body: 'x' } },
      { status: 401, headers: { a: '1' }, body: 'x' },
    ],
    [
      { ok: true as const, result: { statusCode: 200, body: 'AP8=', isBase64Encoded: true } },
      { status: 200, body: Buffer.from([0, 255]) },
    ],
    [
      { ok: true as const, result: { plain: 1 } },
      { status: 200, body: '{"plain":1}' },
    ],
    [
      { ok: true as const, result: undefined },
      { status: 200, body: 'null' },
    ],
    [
      { ok: false as const, error: { errorType: 'TypeError', errorMessage: 'canary', stackTrace: [] } },
      { status: 500, body: '{"message":"Internal Server Error"}' },
    ],
    [{ ok: false as const, error: { errorType: 'Sandbox.Timedout', errorMessage: 'canary', stackTrace: [] } }, { status: 503 }],
  ])('to %o is %o', (outcome, expected) => {
    expect(responseOf(outcome)).toMatchObject(expected);
  });
});

describe('of a batch', () => {
  const messages = ['a', 'b', 'c'].map((MessageId) => ({ MessageId }));
  const failed = (result: unknown, reports = true) => [...failedOf({ ok: true, result }, messages, reports)];
  const item = (itemIdentifier: unknown) => ({ itemIdentifier });

  test.each<[unknown, string[], string]>([
    [undefined, [], 'an empty answer is success'],
    [null, [], 'so is null'],
    [{}, [], 'and an object without failures'],
    [{ batchItemFailures: [] }, [], 'and an empty list'],
    [{ batchItemFailures: [item('b')] }, ['b'], 'a reported message stays'],
    [{ batchItemFailures: [item('')] }, ['a', 'b', 'c'], 'an empty identifier fails all'],
    [{ batchItemFailures: [item('unknown')] }, ['a', 'b', 'c'], 'an unknown identifier fails all'],
    [{ batchItemFailures: [item(null)] }, ['a', 'b', 'c'], 'null fails all'],
    [{ batchItemFailures: [{ id: 'a' }] }, ['a', 'b', 'c'], 'another key fails all'],
    [{ batchItemFailures: 'a' }, ['a', 'b', 'c'], 'what is no list fails all'],
    ['text', ['a', 'b', 'c'], 'what is no object fails all'],
  ])('with the answer %o the messages %o stay: %s', (result, expected) => {
    expect(failed(result)).toEqual(expected);
  });

  test('an error leaves all, and without reports any answer leaves none', () => {
    const error = { errorType: 'Error', errorMessage: '', stackTrace: [] };
    expect([...failedOf({ ok: false, error }, messages, false)]).toEqual(['a', 'b', 'c']);
    expect(failed({ batchItemFailures: [item('a')] }, false)).toEqual([]);
  });

  test('whatever is answered, only messages of the batch stay', () => {
    fc.assert(
      fc.property(fc.anything(), (answer) => {
        const ids = new Set(messages.map(({ MessageId }) => MessageId));
        for (const result of [answer, { batchItemFailures: answer }, { batchItemFailures: [answer] }]) {
          expect(failed(result).every((id) => ids.has(id))).toBe(true);
        }
      }),
    );
  });
});

test.each([
  ['plain text', 'plain text'],
  ['{"time":"t","level":"info","step":"swept","count":3,"name":"a"}', 'swept count=3 name=a'],
  ['{"time":"t","level":"error","step":"failed","error":{"a":1}}', 'error: failed error={"a":1}'],
  ['[1]', '[1]'],
])('the line %s reads as %s', (line, expected) => {
  expect(readable(line)).toBe(expected);
});
