// `evenkeel app manifests`: what an Application in a file would be compared with, out of folders; no cluster and no network is asked.
import type { Command } from 'commander';
import { givenRepositories } from '../../model/given-repositories.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addTexts, refuseFlags } from '../flags.ts';
import { readInput } from '../input.ts';
import { pickApplication } from '../request/pick.ts';
import { settingsIn } from '../request/settings-file.ts';
import type { Shell } from '../shell.ts';
import { MANIFEST_OUTPUTS, manifestsText } from '../view/manifests.ts';
import { desiredOffline } from './offline.ts';
import { outputOf } from './printing.ts';

interface Flags {
  readonly file?: string;
  readonly repo: readonly string[];
  readonly revision?: string;
  readonly kubeVersion?: string;
  readonly apiVersions: readonly string[];
  readonly tracking: boolean;
  readonly argocdCmPath?: string;
  readonly output?: string;
}

const EXAMPLES = `
Prints what a worker would compare the cluster with, in the order in which it renders: namespaces settled, tracking included, values of
Secrets as they are in the files. It asks no cluster and no network. Ends with 1 and the message that the Application would show as its
condition when it does not render; warnings go to standard error.

A folder stands for its repository at every revision, with its files as they are now: uncommitted ones too, but none that Git ignores.
Charts are in the folder of their repository by name (DIR/NAME/Chart.yaml), or are that folder; charts that they depend on and
kustomizations on other servers come from folders in the same way. Kinds that are neither Kubernetes' own nor defined among the manifests
count as namespaced. EVENKEEL_NAMESPACE (argocd unless set) is the namespace of an Application that names none, EVENKEEL_REMOTE_BASES
says which kustomizations may be on other servers.

Examples:
  evenkeel app manifests --file application.yaml --repo https://git.example.com/shop.git=.
  evenkeel app manifests --file application.yaml --repo https://git.example.com/shop.git=. --revision main -o name
  evenkeel app manifests shop-prod --file applications.yaml --repo https://git.example.com/shop.git=. \\
    --repo https://charts.example.com=../charts --kube-version 1.36.3 --api-versions monitoring.coreos.com/v1
  cat application.yaml | evenkeel app manifests --file - --repo https://git.example.com/shop.git=. --no-tracking
`;

const LIVE_FLAGS = [
  '--source <place>',
  '--revisions <revision>',
  '--source-positions <number>',
  '--source-names <name>',
  '--local <path>',
  '--local-repo-root <path>',
];

export function addManifests(app: Command, shell: Shell): void {
  const command = app
    .command('manifests')
    .description('show what an Application in a file renders to, without a cluster')
    .argument('[name]', '[namespace/]name of the Application, when the file holds several')
    .option('-f, --file <file>', 'file with the Application, - for standard input');
  addTexts(command, '--repo <url=dir>', 'folder that stands for a repository; may be given again');
  command
    .option('--revision <revision>', 'commit, tag or branch of the repository instead of its files as they are now')
    .option('--kube-version <version>', "Kubernetes version that charts see (default: helm's own)")
    .option('--no-tracking', 'without the annotation or label that says whose an object is')
    .option('--argocd-cm-path <file>', 'file with the ConfigMap argocd-cm, for its settings of tools, tracking and excluded kinds')
    .option('-o, --output <format>', 'yaml, json or name');
  addTexts(command, '--api-versions <version>', 'API version that charts see beside those of Kubernetes; may be given again');
  refuseFlags(command, LIVE_FLAGS, 'is not there yet: app manifests renders folders, see --repo');
  command.addHelpText('after', EXAMPLES).action((name: string | undefined, flags: Flags) => manifests(shell, name, flags));
}

async function manifests(shell: Shell, name: string | undefined, flags: Flags): Promise<void> {
  const output = outputOf(flags.output, MANIFEST_OUTPUTS);
  if (flags.file === undefined) throw new Exit(EXIT_FAILED, 'name the file that holds the Application with --file, - for standard input');
  const given = givenRepositories(flags.repo);
  const { revision, kubeVersion = '', apiVersions, argocdCmPath, tracking } = flags;
  const application = pickApplication(await readInput(shell.terminal, flags.file), flags.file, name);
  const settings = await settingsIn(argocdCmPath);
  const capabilities = { kubeVersion, apiVersions };
  const desired = await desiredOffline(shell, application, { given, revision, capabilities, settings, tracking });
  for (const { type, message } of desired.conditions) shell.terminal.note(`${type}: ${message}`);
  shell.terminal.write(manifestsText(desired.manifests, output));
}
