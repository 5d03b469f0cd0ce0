import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogLevel } from '../../../lib/adapters/config.ts';
import { createLog } from '../../../lib/adapters/log.ts';

function record(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, write: (line) => lines.push(line) });
  return { log, lines, last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') };
}

describe('createLog', () => {
  test('writes one line of JSON for a step', () => {
    const { log, lines, last } = record();
    log.with({ application: 'argocd/web' }).info('synced', { commit: 'abc', duration: 12 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^\{.*\}\n$/);
    expect(last()).toMatchObject({ level: 'info', step: 'synced', application: 'argocd/web', commit: 'abc', duration: 12 });
    expect(Date.parse(String(last()['time']))).not.toBeNaN();
  });

  test('leaves out what is less important than its level', () => {
    const { log, lines } = record('warn');
    log.info('quiet');
    log.warn('heard');
    log.error('heard too');
    expect(lines).toHaveLength(2);
  });

  test.each([
    ['a value whose key says secret', { webhookSecret: 'canary' }],
    ['a nested one', { connection: { user: { bearerToken: 'canary' } } }],
    ['one in a list', { headers: [{ Authorization: 'canary' }] }],
    ['a user in a URL', { url: 'https://bot:canary@git.example.com/shop' }],
    ['a bearer token in an error', { error: new Error('refused: Bearer canary.abc') }],
    ['a user in a cause', { error: new Error('fetch failed', { cause: new Error('https://canary@host/x') }) }],
  ])('keeps %s to itself', (_, fields) => {
    const { log, lines } = record();
    log.error('failed', fields);
    expect(lines[0]).not.toContain('canary');
    expect(lines[0]).toContain('***');
  });

  test('tells an error by name, message and cause', () => {
    const { log, last } = record();
    log.error('failed', { error: new TypeError('no such field', { cause: 'a typo' }) });
    expect(last()['error']).toMatchObject({ name: 'TypeError', message: 'no such field', cause: 'a typo' });
  });

  test('writes a line for whatever it is given', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const throws = Object.defineProperty({}, 'field', { enumerable: true, get: () => expect.fail('unreadable') });
    const { log, lines } = record();
    for (const value of [circle, 12n, Symbol('x'), () => 1, new Date(Number.NaN), throws, 'x'.repeat(1e5), undefined])
      log.info('odd', { value });
    expect(lines.map((line) => JSON.parse(line).step)).toEqual(Array(8).fill('odd'));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(10_000);
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.anything()), (fields) => log.info('any', fields)));
  });

  test('goes on when it cannot write', () => {
    const log = createLog({ level: 'info', write: () => expect.fail('disk full') });
    expect(() => log.error('failed')).not.toThrow();
  });
});
