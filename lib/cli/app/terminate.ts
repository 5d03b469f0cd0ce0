// `evenkeel app terminate-op`.
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { runningState } from '../../model/operation.ts';
import { globalsOf } from '../globals.ts';
import type { Shell } from '../shell.ts';
import { changeApplication, refOf } from './store.ts';

interface Flags {
  readonly appNamespace?: string;
}

const EXAMPLES = `
Hooks that run are deleted; what was applied stays.

Examples:
  evenkeel app terminate-op bookstore-prod
`;

export function addTerminate(app: Command, shell: Shell): void {
  app
    .command('terminate-op')
    .description('stop the sync that runs')
    .argument('<name>', '[namespace/]name')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application')
    .addHelpText('after', EXAMPLES)
    .action((name: string, flags: Flags, self: Command) => terminate(shell, name, flags, self));
}

async function terminate(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  await changeApplication(session, ref, ({ object, application }) => {
    if (!application.operation || !runningState(application)) {
      throw new InvalidInput('Unable to terminate operation. No operation is in progress');
    }
    const { resourceVersion } = object.metadata;
    return { metadata: { resourceVersion }, status: { operationState: { phase: 'Terminating', message: 'operation is terminating' } } };
  });
  shell.terminal.write(`Application '${ref.name}' operation terminating\n`);
}
