import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffSeconds, beforeTheEnd, deadlineFor, settleByGroup } from '../../../functions/support/batch.ts';
import { Conflict, Unavailable } from '../../../lib/model/errors.ts';

interface Message {
  readonly messageId: string;
  readonly attributes: { readonly MessageGroupId?: string; readonly ApproximateReceiveCount: string };
  readonly fails: boolean;
}

const message = (id: number, group: string | undefined, fails: boolean): Message => ({
  messageId: String(id),
  attributes: { ApproximateReceiveCount: '1', ...(group !== undefined && { MessageGroupId: group }) },
  fails,
});
const batch = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', undefined), fc.boolean()), { maxLength: 10 })
  .map((records) => records.map(([group, fails], id) => message(id, group, fails)));

async function run(records: readonly Message[]) {
  const done: string[] = [];
  const running = new Map<string | undefined, number>();
  const settled = await settleByGroup(records, async ({ messageId, attributes: { MessageGroupId }, fails }) => {
    expect(running.get(MessageGroupId) ?? 0, 'a group runs one message at a time').toBe(0);
    if (MessageGroupId !== undefined) running.set(MessageGroupId, 1);
    await new Promise((resolve) => setImmediate(resolve));
    running.set(MessageGroupId, 0);
    if (fails) throw new Error(`message ${messageId}`);
    done.push(messageId);
  });
  return { done, settled };
}

describe('settleByGroup', () => {
  test('a message fails just if it, or one before it in its group, fails; each other one is done once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async (records) => {
        const { done, settled } = await run(records);
        const expected = records.map(
          (record, index) =>
            !record.fails &&
            !records.slice(0, index).some(({ attributes, fails }) => {
              const group = attributes.MessageGroupId;
              return fails && group !== undefined && group === record.attributes.MessageGroupId;
            }),
        );
        expect(settled.map(({ status }) => status === 'fulfilled')).toEqual(expected);
        expect([...done].sort()).toEqual(records.filter((_, index) => expected[index]).map(({ messageId }) => messageId));
        for (const group of ['a', 'b', 'c']) {
          const ids = done.filter((id) => records[Number(id)]?.attributes.MessageGroupId === group);
          expect(ids).toEqual([...ids].sort());
        }
      }),
    );
  });

  test('gives the rest of a group the reason of the failure before it', async () => {
    const { settled } = await run([message(0, 'a', true), message(1, 'a', true), message(2, 'b', false)]);
    expect(settled[1]).toEqual(settled[0]);
    expect(settled[0]).toMatchObject({ status: 'rejected', reason: { message: 'message 0' } });
  });

  test('one slow group does not hold up another', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const settling = settleByGroup([message(0, 'slow', false), message(1, 'quick', false)], async ({ messageId }) => {
      if (messageId === '0') await gate.promise;
      order.push(messageId);
      gate.resolve();
    });
    await settling;
    expect(order).toEqual(['1', '0']);
  });
});

describe('backoffSeconds', () => {
  test.each([
    [new Conflict('changed'), 1, 0],
    [new Conflict('changed'), 2, 2],
    [new Conflict('changed'), 4, 8],
    [new Conflict('changed'), 7, 30],
    [new Conflict('changed'), 4000, 30],
    [new Unavailable('down'), 1, 2],
    [new Unavailable('down'), 3, 8],
    [new Unavailable('down'), 40, 300],
    [new Unavailable('throttled', { retryAfterSeconds: 7 }), 4, 7],
    [new Unavailable('throttled', { retryAfterSeconds: 9000 }), 1, 300],
    [new TypeError('a bug'), 2, 4],
  ])('%s, received %i times, comes back after %i s', (reason, received, expected) => {
    expect(backoffSeconds(reason, received)).toBe(expected);
  });
});

describe('beforeTheEnd', () => {
  const never = () => new Promise<never>(() => undefined);

  test('gives back what work gives, or throws what it throws', async () => {
    expect(await beforeTheEnd(30_000, async () => 7)).toBe(7);
    await expect(beforeTheEnd(30_000, async () => Promise.reject(new Conflict('changed')))).rejects.toThrow(Conflict);
  });

  test('gives up what hangs, five seconds before the end', async () => {
    const started = performance.now();
    await expect(beforeTheEnd(5_050, never)).rejects.toThrow(Unavailable);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  test('does not begin within the last five seconds', async () => {
    let begun = false;
    const work = async () => {
      begun = true;
    };
    await expect(beforeTheEnd(5_000, work)).rejects.toThrow('about to end');
    expect(begun).toBe(false);
  });
});

describe('deadlineFor', () => {
  test('leaves ten seconds of the function and takes a minute at most', () => {
    expect(deadlineFor(30_000, 1000)).toBe(21_000);
    expect(deadlineFor(900_000, 1000)).toBe(61_000);
  });

  test('does not begin when hardly any time is left', () => {
    expect(() => deadlineFor(14_000, 1000)).toThrow(Unavailable);
  });
});
