// `evenkeel app wait`.
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { addSeconds, addSwitch, addTexts, refuseFlags } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { watchOf } from '../request/conditions.ts';
import { parseResourceFilter, type ResourceFilter } from '../request/filter.ts';
import type { Shell } from '../shell.ts';
import { APP_OUTPUTS, outputOf } from './printing.ts';
import { chooseApplications } from './store.ts';
import { waitFor, waitForDeletion } from './watching.ts';

interface Flags {
  readonly sync?: boolean;
  readonly health?: boolean;
  readonly suspended?: boolean;
  readonly degraded?: boolean;
  readonly operation?: boolean;
  readonly delete?: boolean;
  readonly resource: readonly string[];
  readonly timeout?: number;
  readonly selector?: string;
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
With no condition named, waits for sync, health and operation together.

Examples:
  evenkeel app wait bookstore-dev
  evenkeel app wait bookstore-dev --health --timeout 120
  evenkeel app wait bookstore-dev --resource apps:Deployment:catalog
  evenkeel app wait -l team=shop --sync
`;

export function addWait(app: Command, shell: Shell): void {
  const command = app
    .command('wait')
    .description('wait until an Application is synced, healthy, or gone')
    .argument('[names...]', '[namespace/]name')
    .option('-l, --selector <selector>', 'those with these labels')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('-N, --app-namespace <namespace>', 'namespace of the Applications');
  addSwitch(command, '--sync', 'until it is Synced');
  addSwitch(command, '--health', 'until it is Healthy');
  addSwitch(command, '--suspended', 'until it is Suspended');
  addSwitch(command, '--degraded', 'until it is Degraded');
  addSwitch(command, '--operation', 'until no operation is pending');
  addSwitch(command, '--delete', 'until it is gone');
  addTexts(command, '--resource <filter>', 'test this resource instead of the whole, [!]GROUP:KIND:[NAMESPACE/]NAME; may be given again');
  addSeconds(command, '--timeout <seconds>', 'give up after this long (default: 0, never)');
  refuseFlags(command, ['--hydrated'], 'is not there yet: evenkeel hydrates no sources');
  command.addHelpText('after', EXAMPLES).action((names: readonly string[], flags: Flags, self: Command) => wait(shell, names, flags, self));
}

async function wait(shell: Shell, names: readonly string[], flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, APP_OUTPUTS);
  const resources = resourceFilters(flags.resource);
  const session = await shell.connect(globalsOf(self));
  const { sync = false, health = false, suspended = false, degraded = false, operation = false } = flags;
  const watch = watchOf({ sync, health, suspended, degraded, operation });
  const timeoutSeconds = flags.timeout ?? 0;
  for (const ref of await chooseApplications(session, { names, selector: flags.selector, appNamespace: flags.appNamespace })) {
    if (flags.delete) {
      await waitForDeletion(shell, session, ref, timeoutSeconds);
      shell.terminal.write(`application '${ref.name}' deleted\n`);
    } else {
      await waitFor(shell, session, ref, { watch, resources, timeoutSeconds, output });
    }
  }
}

/** Throws InvalidInput for one that cannot be read. */
export function resourceFilters(texts: readonly string[]): readonly ResourceFilter[] {
  return texts.map((text) => {
    const filter = parseResourceFilter(text);
    if ('error' in filter) throw new InvalidInput(filter.error);
    return filter;
  });
}
