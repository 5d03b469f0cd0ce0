// `evenkeel app diff`: renders here, reads the cluster with the user's own rights, and changes nothing.
import type { Command } from 'commander';
import { InvalidInput } from '../../model/errors.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addNumber, addSwitch, addTexts, refuseFlags } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { positionRefusal, type RevisionFlags, requestRefusal, revisionRequest, sourceRefusal } from '../request/revisions.ts';
import type { Shell } from '../shell.ts';
import { differencesOf, printDifferences } from './differences.ts';
import { readApplication, refOf } from './store.ts';
import { refresh } from './watching.ts';

interface Flags extends RevisionFlags {
  readonly refresh?: boolean;
  readonly hardRefresh?: boolean;
  readonly exitCode?: boolean;
  readonly diffExitCode?: number;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Renders the sources on this machine, with git and kustomize or helm. Values of Secrets are masked.
KUBECTL_EXTERNAL_DIFF names a program that shows the differences instead.

Examples:
  evenkeel app diff bookstore-prod
  evenkeel app diff bookstore-prod --revision main
  evenkeel app diff bookstore-prod --exit-code=false
`;

export function addDiff(app: Command, shell: Shell): void {
  const command = app
    .command('diff')
    .description('show what a sync would change')
    .argument('<name>', '[namespace/]name')
    .option('--revision <revision>', 'branch, tag or commit to compare with')
    .option('-N, --app-namespace <namespace>', 'namespace of the Application');
  addSwitch(command, '--refresh', 'have it compared anew by a worker first');
  addSwitch(command, '--hard-refresh', 'have it rendered and compared anew by a worker first');
  addSwitch(command, '--exit-code', 'end with an exit code when there are differences (default: true)');
  addNumber(command, '--diff-exit-code <number>', 'that exit code (default: 1)');
  addTexts(command, '--revisions <revision>', 'revision of one source; may be given again');
  addTexts(command, '--source-positions <number>', 'which source that revision is for, from 1');
  addTexts(command, '--source-names <name>', 'which source that revision is for, by name');
  addSwitch(command, '--server-side-diff', 'taken for the sake of scripts: the API server is always asked');
  refuseFlags(
    command,
    ['--local <path>', '--local-repo-root <path>', '--local-include <globs>'],
    'is not there yet: evenkeel compares with Git',
  );
  const settings = ['--server-side-generate', '--server-side-diff-concurrency <number>', '--server-side-diff-max-batch-kb <number>'];
  refuseFlags(command, settings, 'is not there: differences are worked out here, one request an object');
  command.addHelpText('after', EXAMPLES).action((name: string, flags: Flags, self: Command) => diff(shell, name, flags, self));
}

async function diff(shell: Shell, name: string, flags: Flags, self: Command): Promise<void> {
  const request = revisionRequest(flags);
  const refusal = requestRefusal(request);
  if (refusal) throw new Exit(EXIT_FAILED, refusal);
  const session = await shell.connect(globalsOf(self));
  const ref = refOf(name, flags.appNamespace, session);
  const kind = flags.hardRefresh ? 'hard' : flags.refresh ? 'normal' : undefined;
  const { application } = kind ? await refresh(shell, session, ref, { kind, timeoutSeconds: 0 }) : await readApplication(session, ref);
  const misfit = sourceRefusal(application, request);
  if (misfit) throw new Exit(EXIT_FAILED, misfit);
  const position = positionRefusal(application, request);
  if (position) throw new InvalidInput(position);
  const differences = await differencesOf(shell, session, application, { ...request, fresh: kind === 'hard' });
  await printDifferences(shell, differences);
  if (differences.length > 0 && flags.exitCode !== false) throw new Exit(flags.diffExitCode ?? EXIT_FAILED, '');
}
