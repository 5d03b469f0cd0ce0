// The arguments of `npm start`.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { HELP, parseOptions } from '../../../infra/local/options.ts';

test.each([
  [[], { mode: 'story-then-stay', json: false, verbose: false, port: undefined, kubeconfig: undefined }],
  [['--story'], { mode: 'story' }],
  [['--idle', '--json'], { mode: 'idle', json: true }],
  [['--port', '8080'], { mode: 'story-then-stay', port: 8080 }],
  [['--kubeconfig', 'a', '--yes'], { mode: 'idle', kubeconfig: 'a', yes: true }],
  [['-h'], { help: true }],
])('%o is understood', (args, expected) => {
  expect(parseOptions(args)).toMatchObject(expected);
});

describe('arguments that make no sense are refused with the way out:', () => {
  test.each([
    [['--stroy'], /'--stroy'.*see --help/s],
    [['up'], /'up'.*see --help/s],
    [['--port', '0'], '--port 0: a port is a number from 1 to 65535'],
    [['--port', '65536'], '--port 65536'],
    [['--port', 'x'], '--port x'],
    [['--story', '--idle'], 'leave out --idle'],
    [['--story', '--kubeconfig', 'a'], 'leave out --idle and --kubeconfig'],
    [['--yes'], 'only --kubeconfig asks'],
    [['--kubeconfig', ''], 'takes the path of a kubeconfig'],
  ])('%o', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

test('the help names every flag, and every npm script that it shows exists', () => {
  for (const flag of ['story', 'idle', 'json', 'kubeconfig', 'port', 'yes', 'verbose', 'help']) expect(HELP).toContain(`--${flag}`);
  const scripts: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).scripts;
  const shown = [...HELP.matchAll(/npm (?:run )?(\w+)/g)].map(([, name]) => name);
  expect(shown.length).toBeGreaterThan(3);
  for (const name of shown) expect(scripts).toHaveProperty(String(name));
});
