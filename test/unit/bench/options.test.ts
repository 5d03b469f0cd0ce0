import { expect, test } from 'vitest';
import { PARTS, parseOptions } from '../../../infra/bench/options.ts';

test('without arguments everything is measured in full, as a table', () => {
  expect(parseOptions([])).toEqual({ help: false, quick: false, json: false, parts: new Set(PARTS) });
});

test('parts are chosen one by one', () => {
  expect(parseOptions(['--only', 'push', '--only=import', '--quick', '-o', 'json'])).toEqual({
    help: false,
    quick: true,
    json: true,
    parts: new Set(['push', 'import']),
  });
});

test.each([
  {
    args: ['--only', 'everything'],
    fault: '--only everything: the parts are rollout, push, steady, waves, limits, render, compare, import',
  },
  { args: ['-o', 'yaml'], fault: '--output yaml: it is table or json' },
  { args: ['--fast'], fault: '--fast' },
  { args: ['push'], fault: 'push' },
])('$args is refused with the way out', ({ args, fault }) => {
  expect(() => parseOptions(args)).toThrow(fault);
  expect(() => parseOptions(args)).toThrow('see --help');
});
