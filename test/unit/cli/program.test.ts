import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { Exit } from '../../../lib/cli/exit.ts';
import { withPlainSwitches } from '../../../lib/cli/flags.ts';
import { buildProgram } from '../../../lib/cli/program.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { recordingShell } from './shell.ts';

const NO_CLUSTER = 'no cluster here';

/** Runs a command line that reaches no cluster, and returns what it printed and with what it ended. */
async function run(...args: string[]): Promise<{ readonly out: string; readonly thrown: unknown }> {
  const recording = recordingShell(0);
  const program = buildProgram(recording.shell);
  const silent = { writeOut: recording.shell.terminal.write, writeErr: () => undefined };
  const commands = [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)];
  for (const command of commands) command.configureOutput(silent);
  try {
    await program.parseAsync(withPlainSwitches(args, program), { from: 'user' });
    return { out: recording.written(), thrown: undefined };
  } catch (thrown) {
    return { out: recording.written(), thrown };
  }
}

describe('wrong usage', () => {
  it.each([
    [['app']],
    [['app', 'get']],
    [['app', 'get', 'a', 'b']],
    [['app', 'get', 'a', '--no-such-flag']],
    [['app', 'fly']],
    [['app', 'wait', 'a', '--timeout', 'soon']],
  ])('ends %j with exit code 1', async (args) => {
    const { thrown } = await run(...args);
    expect(thrown).toBeInstanceOf(CommanderError);
    expect(thrown).toMatchObject({ exitCode: 1 });
  });

  it.each([[['--help']], [['app', '--help']], [['app', 'sync', '-h']]])('shows help for %j and ends well', async (args) => {
    const { out, thrown } = await run(...args);
    expect(thrown).toMatchObject({ exitCode: 0 });
    expect(out).toContain('Usage: evenkeel');
  });

  it('shows examples with each command', async () => {
    const program = buildProgram(recordingShell(0).shell);
    const app = program.commands.find((command) => command.name() === 'app');
    for (const command of app?.commands ?? []) {
      const { out } = await run('app', command.name(), '--help');
      expect(out).toContain(`evenkeel app ${command.name()} `);
    }
  });
});

describe('flags of Argo CD that are not there', () => {
  it.each([
    [['app', 'sync', 'a', '--local', '.'], '--local is not there yet: evenkeel syncs what is in Git'],
    [['app', 'wait', 'a', '--hydrated'], '--hydrated is not there yet: evenkeel hydrates no sources'],
    [['app', 'create', 'a', '--plugin-env', 'A=b'], '--plugin-env is not there yet: put the field into a file and use --file'],
    [
      ['app', 'list', '--server', 'argocd.example'],
      '--server belongs to a server that evenkeel does not have: it asks the Kubernetes API, see --kubeconfig',
    ],
  ])('are refused by name: %j', async (args, message) => {
    const { thrown } = await run(...args);
    expect(thrown).toBeInstanceOf(Exit);
    expect(thrown).toMatchObject({ code: 1, message });
  });
});

describe('what is refused before a cluster is asked', () => {
  it.each([
    [['app', 'list', '-o', 'xml'], 'unknown output format: xml'],
    [['app', 'get', 'a', '-o', 'name'], 'unknown output format: name'],
    [['app', 'get', 'a', '-o', 'tree'], 'output format tree of Argo CD is not there yet; use wide, json, yaml'],
    [['app', 'history', 'a', '-o', 'json'], 'unknown output format: json'],
    [['app', 'sync', 'a', '--resource', 'x'], 'resource should have GROUP:KIND:NAME, but instead got: x'],
    [['app', 'delete', 'a', '-p', 'sideways'], 'invalid propagation policy: sideways'],
    [['app', 'delete', 'a', '--cascade=false', '-p', 'background'], 'cannot set propagation policy when cascading is disabled'],
    [['app', 'create', '-f', '/no/such/file'], "cannot read /no/such/file: ENOENT: no such file or directory, open '/no/such/file'"],
    [['app', 'create', '-f', 'https://x/y'], '--file https://x/y: reading from a URL is not there yet; fetch it and pipe it into --file -'],
  ])('%j', async (args, message) => {
    const { thrown } = await run(...args);
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect(thrown).toMatchObject({ message });
  });

  it.each([
    [['app', 'sync', 'a', '--strategy', 'hope'], "Unknown sync strategy: 'hope': there are hook and apply"],
    [['app', 'create'], 'name the Application, or a file that holds it with --file'],
    [
      ['app', 'sync', 'a', '--revisions', 'v1', '--source-positions', '0'],
      'source-position cannot be less than or equal to 0, Counting starts at 1',
    ],
  ])('with exit code 1: %j', async (args, message) => {
    const { thrown } = await run(...args);
    expect(thrown).toMatchObject({ code: 1, message });
  });
});

describe('switches', () => {
  it.each([
    ['--prune', true],
    ['--prune=true', true],
    ['--prune=T', true],
    ['--prune=false', false],
    ['--prune=0', false],
  ])('take %s', (text, value) => {
    const program = buildProgram(recordingShell(0).shell);
    const sync = program.commands.find((command) => command.name() === 'app')?.commands.find((command) => command.name() === 'sync');
    sync?.action(() => undefined);
    program.parse(withPlainSwitches(['app', 'sync', 'a', text], program), { from: 'user' });
    expect(sync?.opts()).toMatchObject({ prune: value });
  });

  it('are undefined when they are not given', () => {
    const program = buildProgram(recordingShell(0).shell);
    const app = program.commands.find((command) => command.name() === 'app');
    expect(app?.commands.find((command) => command.name() === 'delete')?.opts()['cascade']).toBeUndefined();
  });

  it('leave values of other flags, and what follows --, as they are', () => {
    const program = buildProgram(recordingShell(0).shell);
    const args = ['app', 'sync', '--info=x', '--revision=true', '--', '--prune=false'];
    expect(withPlainSwitches(args, program)).toEqual(args);
  });

  it('can be followed by a name', async () => {
    const { thrown } = await run('app', 'delete', '--yes', 'a');
    expect(thrown).toMatchObject({ message: NO_CLUSTER });
  });
});

describe('the version', () => {
  it('is printed without asking a cluster', async () => {
    expect((await run('version', '--short')).out).toMatch(/^evenkeel: v\d+\.\d+\.\d+\n$/);
    expect(JSON.parse((await run('version', '-o', 'json')).out)).toMatchObject({ client: { Version: expect.any(String) } });
  });
});
