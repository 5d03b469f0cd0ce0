// `evenkeel app rollback`.
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addSeconds, addSwitch } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { watchOf } from '../request/conditions.ts';
import { phaseFault } from '../request/operation.ts';
import { deploymentAsked, olderId, rollbackOperation, rollbackRefusal, waysBack } from '../request/rollback.ts';
import type { Shell } from '../shell.ts';
import { olderDeployments } from './deployments.ts';
import { APP_OUTPUTS, outputOf } from './printing.ts';
import { changeApplication, readApplication, refOf, userName } from './store.ts';
import { waitFor } from './watching.ts';

interface Flags {
  readonly prune?: boolean;
  readonly timeout?: number;
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Applies again what an earlier deployment applied, without its hooks. Git is not changed: the Application is OutOfSync afterwards, and what
would make the two agree is told. Ids are those of app history; one that the Application does not hold any more is looked for in
the store.

Examples:
  evenkeel app rollback bookstore-prod           to the deployment before the last
  evenkeel app rollback bookstore-prod 3 --prune
`;

export function addRollback(app: Command, shell: Shell): void {
  const command = app
    .command('rollback')
    .description('deploy again what was deployed before')
    .argument('<name>', '[namespace/]name')
    .argument('[id]', 'id of the deployment (default: the last but one)')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--prune', 'delete what that deployment did not have');
  addSeconds(command, '--timeout <seconds>', 'give up waiting after this long (default: 0, never)');
  command
    .addHelpText('after', EXAMPLES)
    .action((name: string, id: string | undefined, flags: Flags, self: Command) => rollback(shell, name, id, flags, self));
}

async function rollback(shell: Shell, name: string, id: string | undefined, flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, APP_OUTPUTS);
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const username = await userName(session);
  const { application: before } = await readApplication(session, ref);
  const wanted = rollbackRefusal(before) === undefined ? olderId(before, id) : undefined;
  const older = wanted === undefined ? [] : await olderDeployments(shell, session, ref, wanted, flags.timeout);
  await changeApplication(session, ref, ({ object, application }) => {
    const refusal = rollbackRefusal(application);
    if (refusal) throw new InvalidInput(refusal);
    const deployment = deploymentAsked(application, id, older);
    if ('refusal' in deployment) throw new InvalidInput(deployment.refusal);
    return {
      metadata: { resourceVersion: object.metadata.resourceVersion },
      operation: rollbackOperation(application, deployment, flags.prune ?? false, username),
      status: { operationState: null },
    };
  });
  if (shell.terminal.interactive) shell.terminal.note('asked for; a worker takes it up at the next tick, within a minute');
  const wait = { watch: watchOf({ operation: true }), resources: [], timeoutSeconds: flags.timeout ?? 0, output, begun: true };
  const { application } = await waitFor(shell, session, ref, wait);
  const fault = phaseFault(application.status?.operationState);
  if (fault) throw new Exit(EXIT_FAILED, fault);
  for (const line of waysBack(application)) shell.terminal.note(line);
}
