// `evenkeel admin compare`: manifests in one file held against live objects in another, by the rules of the worker.
import type { Command } from 'commander';
import { outputOf } from '../app/printing.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addSwitch } from '../flags.ts';
import { readInput } from '../input.ts';
import { pickApplication } from '../request/pick.ts';
import { settingsIn } from '../request/settings-file.ts';
import type { Shell } from '../shell.ts';
import { COMPARED_OUTPUTS, comparedText } from '../view/compared.ts';
import { comparedOffline } from './offline.ts';

interface Flags {
  readonly desired?: string;
  readonly live?: string;
  readonly application?: string;
  readonly argocdCmPath?: string;
  readonly output?: string;
  readonly exitCode?: boolean;
}

const EXAMPLES = `
Both files hold YAML documents or lists: what Git wants, tracking included (evenkeel app manifests), and what the cluster has
(kubectl get -o yaml --show-managed-fields: who set a field tells what a sync would take away). No cluster is asked, so the comparison in
memory decides, as with ServerSideDiff=false; values of Secrets are masked. The Application gives its ignoreDifferences, its destination's
namespace and its name; without it, objects that Git does not have count where all marks in the live file are of one Application.

Examples:
  evenkeel admin compare --desired desired.yaml --live live.yaml
  evenkeel admin compare --desired desired.yaml --live live.yaml --application application.yaml --argocd-cm-path argocd-cm.yaml -o json
  evenkeel app manifests -f app.yaml --repo https://git.example.com/shop.git=. | evenkeel admin compare --desired - --live live.yaml
`;

export function addCompare(admin: Command, shell: Shell): void {
  const command = admin
    .command('compare')
    .description('show which live objects are not as Git wants them, and why')
    .option('--desired <file>', 'file with what Git wants, - for standard input')
    .option('--live <file>', 'file with what the cluster has, - for standard input')
    .option('--application <file>', 'file with the Application')
    .option('--argocd-cm-path <file>', 'file with the ConfigMap argocd-cm')
    .option('-o, --output <format>', 'wide, json, yaml or name (those that differ)');
  addSwitch(command, '--exit-code', 'end with 1 when there are differences (default: false)');
  command.addHelpText('after', EXAMPLES).action((flags: Flags) => compare(shell, flags));
}

async function compare(shell: Shell, flags: Flags): Promise<void> {
  const output = outputOf(flags.output, COMPARED_OUTPUTS);
  if (flags.desired === undefined || flags.live === undefined) {
    throw new Exit(EXIT_FAILED, 'name what Git wants with --desired and what the cluster has with --live, - for standard input');
  }
  if (flags.desired === '-' && flags.live === '-') throw new Exit(EXIT_FAILED, 'only one of --desired and --live can be standard input');
  const { application: file } = flags;
  const request = {
    desired: await readInput(shell.terminal, flags.desired),
    live: await readInput(shell.terminal, flags.live),
    application: file === undefined ? undefined : pickApplication(await readInput(shell.terminal, file), file, undefined),
    settings: await settingsIn(flags.argocdCmPath),
    files: { desired: flags.desired, live: flags.live },
    namespace: shell.offline.namespace,
  };
  const compared = await comparedOffline(request, await shell.scripts());
  for (const { type, message } of compared.conditions) shell.terminal.note(`${type}: ${message}`);
  shell.terminal.write(comparedText(compared.rows, output, shell.terminal));
  if (flags.exitCode && compared.rows.some(({ status }) => status === 'OutOfSync')) throw new Exit(EXIT_FAILED, '');
}
