// `evenkeel app history`.
import type { Command } from 'commander';
import { ALL_DEPLOYMENTS } from '../../model/deployments.ts';
import { addSwitch } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import type { Shell } from '../shell.ts';
import { historyIds, historyText } from '../view/deployments.ts';
import { olderDeployments } from './deployments.ts';
import { outputOf } from './printing.ts';
import { readApplication, refOf } from './store.ts';

interface Flags {
  readonly all?: boolean;
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
An Application holds its last deployments (spec.revisionHistoryLimit, 10 unless set). Those before are in the store of rendered output, for
as long as it keeps them; a worker reads them there, which takes until the next tick. app rollback takes their ids too.

Examples:
  evenkeel app history bookstore-dev
  evenkeel app history bookstore-dev --all
  evenkeel app history bookstore-dev -o id
`;

export function addHistory(app: Command, shell: Shell): void {
  const command = app
    .command('history')
    .description('show what was deployed when')
    .argument('<name>', '[namespace/]name')
    .option('-o, --output <format>', 'wide or id')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--all', 'also those that the Application does not hold any more');
  command.addHelpText('after', EXAMPLES).action((name: string, flags: Flags, self: Command) => history(shell, name, flags, self));
}

async function history(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, ['wide', 'id']);
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const older = flags.all ? await olderDeployments(shell, session, ref, ALL_DEPLOYMENTS) : [];
  const { application } = await readApplication(session, ref);
  const held = application.status?.history ?? [];
  const deployed = [...older.filter(({ id }) => id < (held[0]?.id ?? 0)), ...held];
  if (deployed.length === 0) shell.terminal.note('no deployment is on record: each whole sync that succeeds is one');
  shell.terminal.write(output === 'id' ? historyIds(deployed) : historyText(deployed, shell.terminal.zone));
}
