// `evenkeel app explain`: why an Application is not Synced, not Healthy or not syncing.
import type { Command } from 'commander';
import { messageOf } from '../../model/errors.ts';
import { explain } from '../../policy/explain.ts';
import type { AssignedWindow } from '../../policy/sync-windows.ts';
import { addSwitch } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import type { Session, Shell } from '../shell.ts';
import { EXPLAINED_OUTPUTS, explainedText } from '../view/explained.ts';
import { differencesOf, type ExplainedDifference } from './differences.ts';
import { outputOf } from './printing.ts';
import { type Found, readApplication, refOf } from './store.ts';
import { assignedWindows } from './windows.ts';

interface Flags {
  readonly output?: string;
  readonly fields?: boolean;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Reads what workers have recorded in the Application's status, and the sync windows of its project. Where objects differ, the sources are
rendered here and the cluster is read with your own rights, as app diff does, to name the fields, who set them and which rules ignore
them; --fields=false leaves that out.

Examples:
  evenkeel app explain bookstore-prod
  evenkeel app explain bookstore-prod --fields=false
  evenkeel app explain bookstore-prod -o json
`;

export function addExplain(app: Command, shell: Shell): void {
  const command = app
    .command('explain')
    .description('tell why an Application is not Synced, not Healthy or not syncing')
    .argument('<name>', '[namespace/]name')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--fields', 'name the fields that differ (default: true)');
  command.addHelpText('after', EXAMPLES).action((name: string, flags: Flags, self: Command) => run(shell, name, flags, self));
}

async function run(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, EXPLAINED_OUTPUTS);
  const session = await shell.connect(globalsOf(self));
  const found = await readApplication(session, refOf(name, flags.appNamespace, session));
  const differs = found.application.status?.sync?.status === 'OutOfSync' && flags.fields !== false;
  const told = differs ? await fieldsOf(shell, session, found) : [];
  const windows = await windowsFor(shell, session, found);
  const explanations = explain(found.application, { now: shell.clock(), windows, canDiff: told !== undefined });
  const differences = told ?? [];
  shell.terminal.write(explainedText(found.application, explanations, differences, output, shell.terminal.paint));
}

/** A project that cannot be read leaves the rest to be explained. */
async function windowsFor(shell: Shell, session: Session, { application }: Found): Promise<readonly AssignedWindow[] | undefined> {
  try {
    return await assignedWindows(session, application);
  } catch (thrown) {
    shell.terminal.note(`the sync windows cannot be told: ${messageOf(thrown)}`);
    return undefined;
  }
}

/** What cannot be rendered or read here is still explained by what was recorded: undefined then. */
async function fieldsOf(shell: Shell, session: Session, { application }: Found): Promise<readonly ExplainedDifference[] | undefined> {
  try {
    return await differencesOf(shell, session, application, { revisions: [], positions: [], names: [] });
  } catch (thrown) {
    shell.terminal.note(`the fields cannot be told: ${messageOf(thrown)}`);
    return undefined;
  }
}
