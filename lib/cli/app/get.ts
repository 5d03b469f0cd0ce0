// `evenkeel app get`.
import type { Command } from 'commander';
import { sourcesOf } from '../../model/application.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addNumber, addSeconds, addSwitch } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import type { Shell } from '../shell.ts';
import { APP_OUTPUTS, type Details, outputOf, printApplication } from './printing.ts';
import { type Found, readApplication, refOf } from './store.ts';
import { refresh } from './watching.ts';

interface Flags {
  readonly output?: string;
  readonly refresh?: boolean;
  readonly hardRefresh?: boolean;
  readonly showOperation?: boolean;
  readonly showParams?: boolean;
  readonly sourcePosition?: number;
  readonly sourceName?: string;
  readonly timeout?: number;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Examples:
  evenkeel app get bookstore-dev
  evenkeel app get bookstore-dev --refresh
  evenkeel app get bookstore-dev --show-operation -o yaml
`;

export function addGet(app: Command, shell: Shell): void {
  const command = app
    .command('get')
    .description('show an Application')
    .argument('<name>', '[namespace/]name')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application')
    .option('--source-name <name>', 'source whose parameters are shown');
  addSwitch(command, '--refresh', 'have it compared anew first');
  addSwitch(command, '--hard-refresh', 'have it rendered and compared anew first');
  addSwitch(command, '--show-operation', 'show the last operation');
  addSwitch(command, '--show-params', 'show the Helm parameters that it overrides');
  addNumber(command, '--source-position <number>', 'source whose parameters are shown, from 1');
  addSeconds(command, '--timeout <seconds>', 'how long a refresh may take (default: 0, without end)');
  command.addHelpText('after', EXAMPLES).action((name: string, flags: Flags, self: Command) => get(shell, name, flags, self));
}

async function get(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, APP_OUTPUTS);
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const kind = flags.hardRefresh ? 'hard' : flags.refresh ? 'normal' : undefined;
  const found = kind
    ? await refresh(shell, session, ref, { kind, timeoutSeconds: flags.timeout ?? 0 })
    : await readApplication(session, ref);
  await printApplication(shell, session, found, output, detailsOf(found, flags));
}

function detailsOf(found: Found, flags: Flags): Details {
  return { operation: flags.showOperation ?? false, parameters: flags.showParams ?? false, sourcePosition: positionOf(found, flags) };
}

function positionOf(found: Found, flags: Flags): number {
  if (flags.sourceName === undefined) return flags.sourcePosition ?? 1;
  if (flags.sourcePosition !== undefined) throw new InvalidInput('Only one of source-position and source-name can be specified.');
  const index = sourcesOf(found.application.spec).findIndex((source) => source.name === flags.sourceName);
  if (index < 0) throw new InvalidInput(`Unknown source name '${flags.sourceName}'`);
  return index + 1;
}
