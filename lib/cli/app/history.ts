// `evenkeel app history`.
import type { Command } from 'commander';
import { globalsOf } from '../globals.ts';
import type { Shell } from '../shell.ts';
import { historyIds, historyText } from '../view/deployments.ts';
import { outputOf } from './printing.ts';
import { readApplication, refOf } from './store.ts';

interface Flags {
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Examples:
  evenkeel app history bookstore-dev
  evenkeel app history bookstore-dev -o id
`;

export function addHistory(app: Command, shell: Shell): void {
  app
    .command('history')
    .description('show what was deployed when')
    .argument('<name>', '[namespace/]name')
    .option('-o, --output <format>', 'wide or id')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application')
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: Flags, self: Command) => history(shell, name, flags, self));
}

async function history(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, ['wide', 'id']);
  const session = await shell.connect(globalsOf(self));
  const { application } = await readApplication(session, refOf(name, flags.appNamespace, session));
  const deployed = application.status?.history ?? [];
  shell.terminal.write(output === 'id' ? historyIds(deployed) : historyText(deployed, shell.terminal.zone));
}
