// The whole command line: global options and command groups.
import { Command } from 'commander';
import { addAdmin } from './admin/commands.ts';
import { addApp } from './app/commands.ts';
import { addGlobals } from './globals.ts';
import type { Shell } from './shell.ts';
import { addVersion } from './version.ts';

const EXAMPLES = `
Exit codes: 0 done; 1 wrong usage, a sync that did not succeed, or differences found; 20 any other error.

Examples:
  evenkeel app list
  evenkeel app sync bookstore-prod
  evenkeel app wait bookstore-prod --health --timeout 120
`;

/** A program that throws instead of exiting: CommanderError for usage and help, Exit and the model's errors for the rest. */
export function buildProgram(shell: Shell): Command {
  const program = new Command('evenkeel').exitOverride();
  program.description('GitOps for Kubernetes with nothing left running: the command line.').addHelpText('after', EXAMPLES);
  addGlobals(program);
  addApp(program, shell);
  addAdmin(program, shell);
  addVersion(program, shell);
  return program;
}
