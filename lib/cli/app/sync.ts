// `evenkeel app sync`.
import type { Command } from 'commander';
import type { Application, ApplicationRef } from '../../model/application.ts';
import { InvalidInput } from '../../model/errors.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import { addNumber, addSeconds, addSwitch, addTexts, refuseFlags } from '../flags.ts';
import { globalsOf } from '../globals.ts';
import { watchOf } from '../request/conditions.ts';
import { labelled } from '../request/filter.ts';
import { completionFault, type SyncRequest, stateRefusal, syncOperation, syncRefusal } from '../request/operation.ts';
import { positionRefusal, requestRefusal, sourceRefusal } from '../request/revisions.ts';
import { keyValues } from '../request/spec-items.ts';
import { type SyncFlags, syncRequest } from '../request/sync-flags.ts';
import type { Session, Shell } from '../shell.ts';
import { differencesOf, printDifferences, renderedOf } from './differences.ts';
import { APP_OUTPUTS, type AppOutput, outputOf } from './printing.ts';
import { changeApplication, chooseApplications, readApplication, userName } from './store.ts';
import { resourceFilters } from './wait.ts';
import { waitFor } from './watching.ts';
import { assignedWindows, windowRefusal } from './windows.ts';

interface Flags extends SyncFlags {
  readonly selector?: string;
  readonly project: readonly string[];
  readonly resource: readonly string[];
  readonly label: readonly string[];
  readonly async?: boolean;
  readonly previewChanges?: boolean;
  readonly assumeYes?: boolean;
  readonly timeout?: number;
  readonly output?: string;
  readonly appNamespace?: string;
}

const EXAMPLES = `
Examples:
  evenkeel app sync bookstore-prod
  evenkeel app sync bookstore-prod --prune --timeout 300
  evenkeel app sync bookstore-dev --resource apps:Deployment:catalog
  evenkeel app sync bookstore-dev --label app.kubernetes.io/name=catalog --force
  evenkeel app sync -l team=shop --async
`;

export function addSync(app: Command, shell: Shell): void {
  const command = app
    .command('sync')
    .description('make the cluster agree with Git')
    .argument('[names...]', '[namespace/]name')
    .option('-l, --selector <selector>', 'those with these labels')
    .option('-N, --app-namespace <namespace>', 'namespace of the Applications')
    .option('-o, --output <format>', 'wide, json or yaml')
    .option('--strategy <strategy>', 'hook or apply (default: hook)')
    .option('--revision <revision>', 'branch, tag or commit to sync to')
    .option('--retry-backoff-duration <duration>', 'first wait between retries (default: 5s)')
    .option('--retry-backoff-max-duration <duration>', 'longest wait between retries (default: 3m)');
  addSwitch(command, '--dry-run', 'change nothing, show what would be');
  addSwitch(command, '--prune', 'delete what is gone from Git');
  addSwitch(command, '--force', 'delete what cannot be changed, and create it again');
  addSwitch(command, '--replace', 'put objects in the place of those that are there, whole');
  addSwitch(command, '--server-side', 'taken for the sake of scripts: evenkeel always applies on the server side');
  addSwitch(command, '--apply-out-of-sync-only', 'leave alone what is in sync');
  addSwitch(command, '--preview-changes', 'show the differences and ask first');
  addSwitch(command, '--assumeYes', 'do not ask');
  addSwitch(command, '--async', 'do not wait for the end');
  addSwitch(command, '--retry-refresh', 'a retry takes the newest revision');
  addNumber(command, '--retry-limit <number>', 'how often a failed sync is retried (default: 0)');
  addNumber(command, '--retry-backoff-factor <number>', 'what each wait is multiplied by (default: 2)');
  addSeconds(command, '--timeout <seconds>', 'give up waiting after this long (default: 0, never)');
  addTexts(command, '--project <project>', 'those of this project; may be given again');
  addTexts(command, '--resource <filter>', 'only this resource, [!]GROUP:KIND:[NAMESPACE/]NAME; may be given again');
  addTexts(command, '--label <text>', 'only resources that Git gives this label, NAME=VALUE, or another that is given');
  addTexts(command, '--revisions <revision>', 'revision of one source; may be given again');
  addTexts(command, '--source-positions <number>', 'which source that revision is for, from 1');
  addTexts(command, '--source-names <name>', 'which source that revision is for, by name');
  addTexts(command, '--info <text>', 'remark NAME=VALUE kept with the operation; may be given again');
  refuseFlags(command, ['--local <path>', '--local-repo-root <path>'], 'is not there yet: evenkeel syncs what is in Git');
  command.addHelpText('after', EXAMPLES).action((names: readonly string[], flags: Flags, self: Command) => sync(shell, names, flags, self));
}

async function sync(shell: Shell, names: readonly string[], flags: Flags, self: Command): Promise<void> {
  const output = outputOf(flags.output, APP_OUTPUTS);
  const request = { ...syncRequest(flags), resources: resourceFilters(flags.resource) };
  const labels = keyValues(flags.label, '--label');
  const refusal = requestRefusal(request);
  if (refusal) throw new Exit(EXIT_FAILED, refusal);
  const session = await shell.connect(globalsOf(self));
  const { selector, project: projects, appNamespace } = flags;
  const chosen = await chooseApplications(session, { names, selector, projects, appNamespace });
  const all: Asked[] = [];
  for (const ref of chosen) all.push({ ref, request: await narrowed(shell, session, ref, request, labels) });
  for (const asked of all) await checkRequest(session, asked, shell.clock());
  const agreedTo = flags.previewChanges ? await previewed(previewing(shell, output), session, all, flags.assumeYes ?? false) : all;
  if (agreedTo.length === 0) return;
  const username = await userName(session);
  for (const asked of agreedTo) await writeOperation(session, asked, username);
  if (flags.async) return;
  if (shell.terminal.interactive) shell.terminal.note('asked for; a worker takes it up at the next tick, within a minute');
  await waitForAll(shell, session, agreedTo, { output, timeoutSeconds: flags.timeout ?? 0 });
}

/** What is asked of one Application. */
interface Asked {
  readonly ref: ApplicationRef;
  readonly request: SyncRequest;
}

/** The request with the resources that carry one of the labels in Git. */
async function narrowed(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
  request: SyncRequest,
  labels: Readonly<Record<string, string>>,
): Promise<SyncRequest> {
  if (Object.keys(labels).length === 0) return request;
  const { application } = await readApplication(session, ref);
  const misfit = sourceRefusal(application, request);
  if (misfit) throw new Exit(EXIT_FAILED, misfit);
  const absent = positionRefusal(application, request);
  if (absent) throw new InvalidInput(absent);
  const resources = [...request.resources, ...labelled(await renderedOf(shell, session, application, request), labels)];
  const texts = Object.entries(labels).map((pair) => pair.join('='));
  if (resources.every(({ exclude }) => exclude))
    throw new Exit(EXIT_FAILED, `No matching resources found for labels: [${texts.join(' ')}]`);
  return { ...request, resources };
}

/** Every refusal comes before the first write. */
async function checkRequest(session: Session, { ref, request }: Asked, now: number): Promise<void> {
  const { application } = await readApplication(session, ref);
  const closed = windowRefusal(await assignedWindows(session, application), now);
  if (closed) throw new InvalidInput(closed);
  checkState(application, request);
}

/** Asked again right before the write: resources that are gone meanwhile would leave an operation on all. */
function checkState(application: Application, request: SyncRequest): void {
  const refusal = syncRefusal(application, request);
  if (refusal) throw new Exit(EXIT_FAILED, refusal);
  const standing = stateRefusal(application, request);
  if (standing) throw new InvalidInput(standing);
}

/** The preview of a sync whose result is for a program stays out of what that reads. */
function previewing(shell: Shell, output: AppOutput): Shell {
  if (output === 'wide') return shell;
  const write = (text: string) => shell.terminal.note(text.replace(/\n$/, ''));
  return { ...shell, externalDiff: undefined, terminal: { ...shell.terminal, write } };
}

/** Shows what each sync would change; returns those that have something to change and that nobody has objected to. */
async function previewed(shell: Shell, session: Session, all: readonly Asked[], assumeYes: boolean): Promise<readonly Asked[]> {
  const wanted: Asked[] = [];
  for (const asked of all) {
    const { ref, request } = asked;
    const { application } = await readApplication(session, ref);
    shell.terminal.write(`====== Previewing differences between live and desired state of application ${ref.name} ======\n`);
    const differences = await differencesOf(shell, session, application, request);
    await printDifferences(shell, differences);
    if (differences.length === 0) shell.terminal.write('====== No Differences found ======\n');
    else if (assumeYes || (await agreed(shell))) wanted.push(asked);
  }
  return wanted;
}

async function agreed({ terminal }: Shell): Promise<boolean> {
  const nobody = '--preview-changes asks before it syncs, and nobody is there to answer: add --assumeYes';
  if (!terminal.interactive) throw new Exit(EXIT_FAILED, nobody);
  return /^y(es)?$/i.test((await terminal.ask('Application changes will be applied. Do you want to continue? [y/n] ')).trim());
}

/** Operation and status go in one write that fails when somebody wrote since: two requests cannot both win. */
async function writeOperation(session: Session, { ref, request }: Asked, username: string | undefined): Promise<void> {
  await changeApplication(session, ref, ({ object, application }) => {
    checkState(application, request);
    return {
      metadata: { resourceVersion: object.metadata.resourceVersion },
      operation: syncOperation(application, request, username),
      ...(application.status ? { status: { operationState: null } } : {}),
    };
  });
}

async function waitForAll(
  shell: Shell,
  session: Session,
  all: readonly Asked[],
  wait: { readonly output: AppOutput; readonly timeoutSeconds: number },
): Promise<void> {
  const { output, timeoutSeconds } = wait;
  const faults: string[] = [];
  for (const { ref, request } of all) {
    const watch = watchOf({ operation: true });
    const { application } = await waitFor(shell, session, ref, { watch, resources: [], timeoutSeconds, output, begun: true });
    const fault = completionFault(application, request);
    if (fault) faults.push(fault);
  }
  if (faults.length > 0) throw new Exit(EXIT_FAILED, faults.join('\n'));
}
