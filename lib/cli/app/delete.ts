// `evenkeel app delete`.
import type { Command } from 'commander';
import type { ApplicationRef } from '../../model/application.ts';
import { InvalidInput } from '../../model/errors.ts';
import { addSwitch } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { type DeletionRequest, deletionRefusal, finalizersFor } from '../request/deletion.ts';
import type { Session, Shell } from '../shell.ts';
import { changeApplication, chooseApplications, objectRef, readApplication } from './store.ts';
import { waitForDeletion } from './watching.ts';

interface Flags {
  readonly cascade?: boolean;
  readonly propagationPolicy?: string;
  readonly yes?: boolean;
  readonly wait?: boolean;
  readonly selector?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Examples:
  evenkeel app delete bookstore-dev            its resources go too
  evenkeel app delete bookstore-dev --cascade=false
  evenkeel app delete -l team=shop -p background -y --wait
`;

export function addDelete(app: Command, shell: Shell): void {
  const command = app
    .command('delete')
    .description('delete Applications and, unless told otherwise, what they deployed')
    .argument('[names...]', '[namespace/]name')
    .option('-p, --propagation-policy <policy>', 'foreground or background')
    .option('-l, --selector <selector>', 'those with these labels')
    .option('-N, --app-namespace <namespace>', 'namespace of the Applications');
  addSwitch(command, '--cascade', 'delete what was deployed too (default: true)');
  addSwitch(command, '-y, --yes', 'do not ask');
  addSwitch(command, '--wait', 'until they are gone');
  command
    .addHelpText('after', EXAMPLES)
    .action((names: readonly string[], flags: Flags, self: Command) => deleteAll(shell, names, flags, self));
}

async function deleteAll(shell: Shell, names: readonly string[], flags: Flags, self: Command): Promise<void> {
  const request = { cascade: flags.cascade ?? true, policy: flags.propagationPolicy ?? '' };
  const refusal = deletionRefusal(request);
  if (refusal) throw new InvalidInput(refusal);
  const session = await shell.connect(globalsOf(self));
  const refs = await chooseApplications(session, { names, selector: flags.selector, appNamespace: flags.appNamespace });
  for (const ref of refs) await readApplication(session, ref); // a name that is not there is told before anything goes
  const answers = questions(shell, refs.length > 1, request.cascade && !flags.yes && shell.terminal.interactive);
  for (const ref of refs) {
    if (await answers(ref)) await deleteOne(shell, session, ref, request, flags.wait ?? false);
    else shell.terminal.write(`The command to delete '${ref.name}' was cancelled.\n`);
  }
}

/** Asks before each deletion until somebody answers for all; without anybody to ask, the answer is yes. */
export function questions(shell: Shell, several: boolean, asked: boolean): (ref: ApplicationRef) => Promise<boolean> {
  let asking = asked;
  return async (ref) => {
    const answer = asking ? await confirm(shell, ref, several) : 'y';
    if (answer === 'a') asking = false;
    return answer !== 'n';
  };
}

async function deleteOne(shell: Shell, session: Session, ref: ApplicationRef, request: DeletionRequest, wait: boolean): Promise<void> {
  const { application } = await changeApplication(session, ref, ({ object: { metadata } }) => {
    const finalizers = metadata.deletionTimestamp ? undefined : finalizersFor(metadata.finalizers ?? [], request);
    return finalizers && { metadata: { resourceVersion: metadata.resourceVersion, finalizers } };
  });
  // The same incarnation: a namesake that somebody has made meanwhile stays.
  const { uid } = application.metadata;
  await session.cluster.delete(objectRef(ref), uid === undefined ? {} : { uid });
  if (wait) await waitForDeletion(shell, session, ref, 0);
  shell.terminal.write(`application '${ref.name}' deleted\n`);
}

/** `y`, `n`, or `a` for this one and all others; anything else asks again. */
async function confirm(shell: Shell, ref: ApplicationRef, several: boolean): Promise<'y' | 'n' | 'a'> {
  const choices = several ? "[y/n/a] where 'a' is to delete all specified apps and their resources without prompting" : '[y/n]';
  for (;;) {
    const answer = (await shell.terminal.ask(`Are you sure you want to delete '${ref.name}' and all its resources? ${choices} `))
      .trim()
      .toLowerCase();
    if (answer === 'y' || answer === 'yes') return 'y';
    if (answer === 'n' || answer === 'no') return 'n';
    if (several && (answer === 'a' || answer === 'all')) return 'a';
  }
}
