// `evenkeel app restore`.
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import type { SyncOperationResource } from '../../model/operation.ts';
import { restoreOperation } from '../../sync/restore.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addSeconds, addSwitch, addTexts } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { watchOf } from '../request/conditions.ts';
import { phaseFault, progressRefusal } from '../request/operation.ts';
import type { Shell } from '../shell.ts';
import { APP_OUTPUTS, outputOf } from './printing.ts';
import { changeApplication, refOf, userName } from './store.ts';
import { resourceFilters } from './wait.ts';
import { waitFor } from './watching.ts';

interface Flags {
  readonly resource: readonly string[];
  readonly dryRun?: boolean;
  readonly timeout?: number;
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Brings back what syncs pruned within the last 24 hours, Secrets included, as it was then. What is there already is left alone. Restored
objects stay until Git names them again or you delete them: they are marked Prune=false and IgnoreExtraneous. Data of volumes that went
with their claims does not come back.

Examples:
  evenkeel app restore bookstore-prod --dry-run          what would come back
  evenkeel app restore bookstore-prod
  evenkeel app restore bookstore-prod --resource apps:Deployment:catalog
`;

export function addRestore(app: Command, shell: Shell): void {
  const command = app
    .command('restore')
    .description('bring back what syncs have pruned')
    .argument('<name>', '[namespace/]name')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--dry-run', 'change nothing, show what would come back');
  addSeconds(command, '--timeout <seconds>', 'give up waiting after this long (default: 0, never)');
  addTexts(command, '--resource <resource>', 'only this one, GROUP:KIND:[NAMESPACE/]NAME; may be given again');
  command.addHelpText('after', EXAMPLES).action((name: string, flags: Flags, self: Command) => restore(shell, name, flags, self));
}

async function restore(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, APP_OUTPUTS);
  const resources = resourceFilters(flags.resource).map(named);
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const username = await userName(session);
  await changeApplication(session, ref, ({ object, application }) => {
    if (application.metadata.deletionTimestamp) throw new InvalidInput('application is deleting');
    const refusal = progressRefusal(application);
    if (refusal) throw new InvalidInput(refusal);
    return {
      metadata: { resourceVersion: object.metadata.resourceVersion },
      operation: {
        ...restoreOperation({ dryRun: flags.dryRun ?? false, resources }),
        ...(username ? { initiatedBy: { username } } : {}),
      },
      ...(application.status ? { status: { operationState: null } } : {}),
    };
  });
  if (shell.terminal.interactive) shell.terminal.note('asked for; a worker takes it up at the next tick, within a minute');
  const wait = { watch: watchOf({ operation: true }), resources: [], timeoutSeconds: flags.timeout ?? 0, output, begun: true };
  const { application } = await waitFor(shell, session, ref, wait);
  const fault = phaseFault(application.status?.operationState);
  if (fault) throw new Exit(EXIT_FAILED, fault);
  // Nobody else reminds of it: what is restored makes no Application OutOfSync.
  const back = (application.status?.operationState?.syncResult?.resources ?? []).filter(({ message }) => !message?.endsWith(' unchanged'));
  if (flags.dryRun || back.length === 0) return;
  shell.terminal.note('what was restored is not in Git: put it back into Git, or delete it by hand; no sync prunes it');
}

/** Nobody here knows what is kept: each object has to be named whole. */
function named({ group, kind, namespace, name, exclude }: ReturnType<typeof resourceFilters>[number]): SyncOperationResource {
  if (exclude || [group, kind, namespace, name].some((part) => part.includes('*')))
    throw new Exit(EXIT_FAILED, '--resource of app restore names one object whole, without ! and *: GROUP:KIND:[NAMESPACE/]NAME');
  return { ...(group === '' ? {} : { group }), kind, name, ...(namespace === '' ? {} : { namespace }) };
}
