// `evenkeel app list`.
import type { Command } from 'commander';
import { addTexts } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import type { Shell } from '../shell.ts';
import { isListed } from '../view/summary.ts';
import { LIST_OUTPUTS, outputOf, printList } from './printing.ts';
import { listApplications } from './store.ts';

interface Flags {
  readonly output?: string;
  readonly selector?: string;
  readonly project: readonly string[];
  readonly repo?: string;
  readonly cluster?: string;
  readonly path?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Examples:
  evenkeel app list
  evenkeel app list -l team=shop -o name
  evenkeel app list --project bookstore -o json
`;

export function addList(app: Command, shell: Shell): void {
  const command = app
    .command('list')
    .description('list Applications')
    .option('-o, --output <format>', 'wide, name, json or yaml')
    .option('-l, --selector <selector>', 'only those with these labels')
    .option('-r, --repo <url>', 'only those with this repository')
    .option('-c, --cluster <cluster>', 'only those with this destination, by server or name')
    .option('-P, --path <path>', 'only those with this path')
    .option('-N, --app-namespace <namespace>', 'namespace of the Applications');
  addTexts(command, '-p, --project <project>', 'only those of this project; may be given again')
    .addHelpText('after', EXAMPLES)
    .action((flags: Flags, self: Command) => list(shell, flags, self));
}

async function list(shell: Shell, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, LIST_OUTPUTS);
  const session = await shell.connect(globalsOf(self));
  const found = await listApplications(session, { selector: flags.selector, projects: flags.project, appNamespace: flags.appNamespace });
  const { repo, cluster, path } = flags;
  const listed = found.filter(({ application }) => isListed(application, { projects: [], repo, cluster, path }));
  printList(shell, listed, output);
}
