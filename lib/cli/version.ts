// `evenkeel version`.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { printYaml } from '../model/yaml.ts';
import { outputOf } from './app/printing.ts';
import { addSwitch } from './flags.ts';
import type { Shell } from './shell.ts';

interface Flags {
  readonly output?: string;
  readonly short?: boolean;
}

export function addVersion(program: Command, shell: Shell): void {
  const command = program.command('version').description('show the version').option('-o, --output <format>', 'wide, short, json or yaml');
  addSwitch(command, '--short', 'the number alone');
  addSwitch(command, '--client', 'taken for the sake of scripts: there is no server to ask');
  command.action((flags: Flags) => version(shell, flags));
}

async function version(shell: Shell, flags: Flags): Promise<void> {
  const output = outputOf(flags.short ? 'short' : flags.output, ['wide', 'short', 'json', 'yaml']);
  const Version = `v${await packageVersion()}`;
  const client = { Version, NodeVersion: process.version, Platform: `${process.platform}/${process.arch}` };
  shell.terminal.write(textOf(client, output));
}

function textOf(client: Readonly<Record<string, string>>, output: 'wide' | 'short' | 'json' | 'yaml'): string {
  switch (output) {
    case 'short':
      return `evenkeel: ${client['Version']}\n`;
    case 'json':
      return `${JSON.stringify({ client }, undefined, 2)}\n`;
    case 'yaml':
      return printYaml({ client });
    case 'wide':
      return `evenkeel: ${client['Version']}\n  NodeVersion: ${client['NodeVersion']}\n  Platform: ${client['Platform']}\n`;
  }
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const data: { readonly version?: unknown } = JSON.parse(text);
  return String(data.version);
}
