// Waiting for an Application, and telling what happens to it meanwhile: shared by sync, wait, delete and refresh (spec/cli.md §4, §5).
import { REFRESH, REFRESH_TIMESTAMP } from '../../model/annotations.ts';
import type { ApplicationRef } from '../../model/application.ts';
import { Unavailable } from '../../model/errors.ts';
import { annotationOf } from '../../model/manifest.ts';
import type { OperationState } from '../../model/operation.ts';
import { isAsking } from '../../sync/deadline.ts';
import { UNDER_WAY } from '../../sync/message.ts';
import { EXIT_ERROR, Exit } from '../exit.ts';
import { isMet, type Watch } from '../request/conditions.ts';
import { isSelected, type ResourceFilter } from '../request/filter.ts';
import type { Session, Shell } from '../shell.ts';
import { CHANGES_HEADER, type Changes, changeRows, changesSince, type Shown } from '../view/changes.ts';
import { type ResourceState, resourceStates } from '../view/resources.ts';
import { appendRows } from '../view/table.ts';
import { stampText } from '../view/times.ts';
import { type AppOutput, printState } from './printing.ts';
import { type Found, findApplication, notFound, objectRef, readApplication } from './store.ts';

const POLL_MS = 500;
/** An API server that stays away longer than this ends the wait. */
const PATIENCE_MS = 60_000;

export interface WaitRequest {
  readonly watch: Watch;
  readonly resources: readonly ResourceFilter[];
  /** 0: as long as it takes. */
  readonly timeoutSeconds: number;
  readonly output: AppOutput;
  /** The caller has set it going, so that what happened before the first look is news too. */
  readonly begun?: boolean;
}

/** Waits until the conditions hold, printing changes, then prints the state. Throws Exit 20 on time-out and when health turns Degraded. */
export async function waitFor(shell: Shell, session: Session, ref: ApplicationRef, request: WaitRequest): Promise<Found> {
  const { name } = ref;
  const goesOn = `the operation on ${name} goes on without you: evenkeel app wait ${name} --operation watches it; once a worker has begun it, evenkeel app terminate-op ${name} ends it`;
  const done = request.begun ? shell.onInterrupt(goesOn) : () => undefined;
  try {
    return await watched(shell, session, ref, request);
  } finally {
    done();
  }
}

async function watched(shell: Shell, session: Session, ref: ApplicationRef, request: WaitRequest): Promise<Found> {
  const show = changePrinter(shell, request.output);
  const tell = operationTeller(shell, ref);
  let looks = 0;
  const met = await poll(shell, session, ref, request.timeoutSeconds, async (found) => {
    if (!found) throw notFound(ref);
    looks += 1;
    const done = isMet(found.application, request.watch, request.resources);
    if (done && looks === 1 && !request.begun) return true;
    if (request.watch.operation && !done) tell(found.application.status?.operationState);
    const states = resourceStates(found.application).filter((state) => isSelected(state, request.resources));
    const degraded = show(states);
    if (done || !degraded || !request.watch.health) return done;
    await printState(shell, session, found, request.output, request.watch.operation);
    const message = `application '${ref.name}' health state has transitioned from ${degraded.from} to Degraded`;
    throw new Exit(EXIT_ERROR, message);
  });
  if (met.found && met.inTime) {
    await printState(shell, session, met.found, request.output, request.watch.operation);
    return met.found;
  }
  throw await timedOut(shell, session, ref, request, met.found);
}

/** Waits until the Application is gone. Throws Exit 20 on time-out. */
export async function waitForDeletion(shell: Shell, session: Session, ref: ApplicationRef, timeoutSeconds: number): Promise<void> {
  const { inTime } = await poll(shell, session, ref, timeoutSeconds, (found) => found === undefined);
  if (!inTime) throw new Exit(EXIT_ERROR, `timed out (${timeoutSeconds}s) waiting for app "${ref.name}" to be deleted`);
}

/** Asks for a refresh and waits until it has been answered. Throws Exit 20 on time-out. */
export async function refresh(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
  request: { readonly kind: 'normal' | 'hard'; readonly timeoutSeconds: number },
): Promise<Found> {
  // Somebody else's question, which asks for more, is not taken back.
  const pending = annotationOf((await readApplication(session, ref)).object, REFRESH);
  const kind = pending === 'hard' ? pending : request.kind;
  const annotations = { [REFRESH]: kind, [REFRESH_TIMESTAMP]: new Date(shell.clock()).toISOString() };
  await session.cluster.patch(objectRef(ref), { metadata: { annotations } });
  if (shell.terminal.interactive) shell.terminal.note('asked for; a worker answers at the next tick, within a minute');
  const { found, inTime } = await poll(shell, session, ref, request.timeoutSeconds, (each) => {
    if (!each) throw notFound(ref);
    return annotationOf(each.object, REFRESH) === undefined;
  });
  if (!found || !inTime) throw new Exit(EXIT_ERROR, `application refresh deadline exceeded: no worker has answered for '${ref.name}'`);
  return found;
}

/** Looks again and again until `done` or the time is over; returns the last look. */
export async function poll(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
  timeoutSeconds: number,
  done: (found: Found | undefined) => boolean | Promise<boolean>,
): Promise<{ readonly found: Found | undefined; readonly inTime: boolean }> {
  const deadline = timeoutSeconds > 0 ? shell.clock() + timeoutSeconds * 1000 : Number.POSITIVE_INFINITY;
  const look = patientLook(shell, session, ref);
  for (;;) {
    const { seen, found } = await look();
    if (seen && (await done(found))) return { found, inTime: true };
    const left = deadline - shell.clock();
    if (left <= 0) return { found, inTime: false };
    await shell.sleep(Math.min(POLL_MS, left));
  }
}

/** One look at the Application that forgives an API server which is away for a while; it returns the last known state then. */
function patientLook(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
): () => Promise<{ readonly seen: boolean; readonly found: Found | undefined }> {
  let found: Found | undefined;
  let lastSeen = shell.clock();
  return async () => {
    try {
      found = await findApplication(session, ref);
      lastSeen = shell.clock();
      return { seen: true, found };
    } catch (thrown) {
      if (!(thrown instanceof Unavailable) || shell.clock() - lastSeen > PATIENCE_MS) throw thrown;
      return { seen: false, found };
    }
  };
}

/** Prints rows that changed, under one header; machine-readable output keeps standard output to itself. */
function changePrinter(shell: Shell, output: AppOutput): (states: readonly ResourceState[]) => Changes['degraded'] {
  const { terminal } = shell;
  let shown: Shown = new Map();
  let widths: readonly number[] = [];
  return (states) => {
    const changes = changesSince(shown, states);
    const header = shown.size === 0 && changes.changed.length > 0 ? [CHANGES_HEADER] : [];
    const rows = [...header, ...changeRows(changes.changed, stampText(shell.clock(), terminal.zone))];
    const printed = appendRows(widths, rows, output === 'wide' ? terminal.paint : undefined);
    if (output === 'wide') terminal.write(printed.text);
    else if (printed.text !== '') terminal.note(printed.text.trimEnd());
    shown = changes.shown;
    widths = printed.widths;
    return changes.degraded;
  };
}

/** Says what the operation waits for, whenever that changes, and what a person can do about it. */
function operationTeller({ terminal }: Shell, { name }: ApplicationRef): (state: OperationState | undefined) => void {
  let told: string | undefined;
  return (state) => {
    if (!state || state.message === UNDER_WAY || state.message === told || (state.phase !== 'Running' && state.phase !== 'Terminating'))
      return;
    told = state.message;
    const choice = isAsking(state) ? `: evenkeel app confirm-deletion ${name} agrees, evenkeel app terminate-op ${name} ends it` : '';
    terminal.note(`${name}: ${state.message}${choice}`);
  };
}

async function timedOut(
  shell: Shell,
  session: Session,
  ref: ApplicationRef,
  request: WaitRequest,
  found: Found | undefined,
): Promise<Exit> {
  const say = (line: string) => (request.output === 'wide' ? shell.terminal.write(`${line}\n`) : shell.terminal.note(line));
  say('');
  say('This is the state of the app after wait timed out:');
  if (found) await printState(shell, session, found, request.output, request.watch.operation);
  say('');
  say('The command timed out waiting for the conditions to be met.');
  return new Exit(EXIT_ERROR, `timed out (${request.timeoutSeconds}s) waiting for app "${ref.name}" match desired state`);
}
