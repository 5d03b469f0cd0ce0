// `evenkeel app confirm-deletion`.
import type { Command } from 'commander';
import { DELETION_APPROVED } from '../../model/annotations.ts';
import type { Application } from '../../model/application.ts';
import { isAsking } from '../../sync/deadline.ts';
import { globalsOf } from '../globals.ts';
import { approvalTime } from '../request/approval.ts';
import type { Shell } from '../shell.ts';
import { changeApplication, refOf } from './store.ts';

interface Flags {
  readonly appNamespace?: string;
}

const EXAMPLES = `
Says yes to everything that waits for a confirmation now: objects that a sync prunes, or that go with the Application. What comes later
asks again.

Examples:
  evenkeel app confirm-deletion bookstore-prod
`;

export function addConfirm(app: Command, shell: Shell): void {
  app
    .command('confirm-deletion')
    .description('confirm the pruning or deletion that waits for it')
    .argument('<name>', '[namespace/]name')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application')
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: Flags, self: Command) => confirm(shell, name, flags, self));
}

async function confirm(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const { application } = await changeApplication(session, ref, (found) => {
    const approved = approvalTime(found.application);
    return approved === undefined ? undefined : { metadata: { annotations: { [DELETION_APPROVED]: approved } } };
  });
  shell.terminal.note(confirmed(application));
  if (approvalTime(application) !== undefined) shell.terminal.write(`Application '${ref.name}' updated successfully\n`);
}

/** What somebody has just agreed to. */
function confirmed({ metadata, status }: Application): string {
  const state = status?.operationState;
  if (state && isAsking(state)) return `confirmed what was ${state.message}`;
  return metadata.deletionTimestamp ? 'confirmed the deletion of what it has' : 'nothing of it waits for a confirmation now';
}
