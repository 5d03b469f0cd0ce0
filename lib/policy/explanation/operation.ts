// How far the last operation came: what it waits for, or why it ended as it did, and the command that helps.
import type { Application } from '../../model/application.ts';
import { isCompleted, isRestore, type Operation, type OperationState, type ResourceResult } from '../../model/operation.ts';
import { passingReason } from '../passing.ts';
import { againCommand, filterText, revisionFlags } from './again.ts';
import { failed } from './automation.ts';
import {
  describeCommand,
  type ExplainedObject,
  type Explanation,
  isLeftAlone,
  lookCommand,
  objectOf,
  type Surroundings,
  standingOf,
  syncCommand,
} from './explanation.ts';
import { closedText } from './windows.ts';

export function underWay(application: Application, around: Surroundings): readonly Explanation[] {
  const state = application.status?.operationState;
  // What is recorded of an earlier operation says nothing of one that has not begun.
  if (!state || (application.operation && isCompleted(state.phase))) return application.operation ? [requested(application, around)] : [];
  const says = `the sync that began at ${state.startedAt} is ${state.phase}${state.message ? `: ${state.message}` : ''}`;
  if (state.phase === 'Succeeded') return [];
  if (isCompleted(state.phase)) return ended(application, state, says, around);
  return application.operation ? running(application, state, says, around) : [withdrawn(application, state, says, around)];
}

/** Its record stays as it was when its request was taken away (spec/sync.md §1.2). */
function withdrawn(application: Application, state: OperationState, says: string, around: Surroundings): Explanation {
  const told = { about: 'operation', says: `${says}; its request, .operation, was taken away, so no worker goes on with it` } as const;
  if (standingOf(application) === 'closed') return told;
  return { ...told, next: `to begin it again: ${againCommand(application, state, around)}` };
}

function requested(application: Application, around: Surroundings): Explanation {
  const manual = application.operation?.initiatedBy?.automated !== true;
  const closed = closedText(application, around, { manual, now: around.now });
  const says = 'a sync is asked for and has not begun';
  // What is to be done first is told of the whole.
  if (isLeftAlone(application)) return { about: 'operation', says };
  return { about: 'operation', says: closed ? `${says}: ${closed.says}` : says, next: closed?.next ?? 'wait for the worker' };
}

/** How the message ends while the next attempt is waited for (spec/sync.md §9). */
const RETRYING = / Retrying attempt #\d+ at \S+\.$/;

/** How the message of an operation that runs begins, or ends, and what then helps. */
const WAITS: readonly (readonly [words: RegExp, help: (application: Application) => string])[] = [
  [/^blocked by /, () => 'it goes on when they are Synced and Healthy: evenkeel app explain tells of each what it waits for'],
  [/^waiting for completion of hook /, () => 'it goes on when the hook ends'],
  [/^waiting for healthy state of /, () => 'it goes on when that is Healthy'],
  [/^waiting for deletion of /, () => 'it goes on when that is gone; its metadata.finalizers say who has to let it go'],
  [/^waiting for pruning confirmation of /, ({ metadata }) => `say yes: evenkeel app confirm-deletion ${metadata.name}`],
  [RETRYING, () => 'it tries again by itself then'],
];

function running(application: Application, state: OperationState, says: string, around: Surroundings): readonly Explanation[] {
  const stop = `to stop it: evenkeel app terminate-op ${application.metadata.name}`;
  const { message = '' } = state;
  if (isLeftAlone(application)) return [{ about: 'operation', says }];
  if (state.phase === 'Terminating') return [{ about: 'operation', says, next: 'wait for the worker, which deletes hooks that run' }];
  if (message.startsWith('Sync operation blocked by sync window')) {
    const asked = { manual: state.operation.initiatedBy?.automated !== true, now: around.now, startedAt: Date.parse(state.startedAt) };
    const closed = closedText(application, around, asked);
    const next = closed?.next ?? 'it goes on once a window of the project opens, at the next look of a worker';
    return [{ about: 'operation', says: closed ? `${says}: ${closed.says}` : says, next: `${next}; ${stop}` }];
  }
  const help = WAITS.find(([words]) => words.test(message))?.[1](application) ?? 'wait; each step comes back by itself';
  const objects = RETRYING.test(message) ? failures(application, state, around) : waitedFor(application, state, message);
  return [{ about: 'operation', says, next: `${help}; ${stop}` }, ...objects];
}

function failures(application: Application, { operation, syncResult }: OperationState, around: Surroundings): readonly Explanation[] {
  return (syncResult?.resources ?? []).filter(isFailed).map((row) => failure(row, application, operation, around));
}

/** The objects that hold the operation up. */
function waitedFor({ status }: Application, state: OperationState, message: string): readonly Explanation[] {
  const results = state.syncResult?.resources ?? [];
  if (message.startsWith('waiting for pruning confirmation')) {
    const asking = (status?.resources ?? []).filter((row) => row.requiresPruning && row.requiresDeletionConfirmation);
    return asking.map((row) => told(row, 'Git does not have it any more, and its deletion waits for a confirmation', describeCommand(row)));
  }
  if (message.startsWith('waiting for deletion')) {
    const [, group, kind, name] = / of (?:hook )?([^/ ]*)\/([^/ ]+)\/(\S+)/.exec(message) ?? [];
    const leaving = [...results, ...(status?.resources ?? [])].find(
      (row) => (row.group ?? '') === group && row.kind === kind && row.name === name,
    );
    return leaving ? [told(leaving, 'it is being deleted', describeCommand(leaving))] : [];
  }
  const rows = results.filter(({ hookPhase }) => hookPhase === 'Running');
  return rows.map((row) => told(row, row.message || (row.hookType ? `its ${row.hookType} hook runs` : 'it is applied'), lookCommand(row)));
}

function told(object: ExplainedObject, says: string, next: string): Explanation {
  return { about: 'operation', object: objectOf(object), says, next };
}

function ended(application: Application, state: OperationState, says: string, around: Surroundings): readonly Explanation[] {
  const left = failed(application, around);
  const follows = left ? `; ${left.says}` : '';
  const objects = failures(application, state, around);
  const { message = '' } = state;
  const stopped = message.startsWith(TERMINATED)
    ? `the sync that began at ${state.startedAt} was stopped${message.slice(TERMINATED.length)}`
    : undefined;
  const told = { about: 'operation', says: `${stopped ?? says}${follows}` } as const;
  // It takes no other operation: what is told of that comes first.
  if (standingOf(application) === 'closed') return [told, ...objects];
  const command = againCommand(application, state, around);
  if (stopped !== undefined) return [{ ...told, next: `to begin it again: ${command}` }, ...objects];
  const again = left?.isTriedAgain ? 'and wait; at once' : 'or try again';
  return [{ ...told, next: `${mending(state)}, ${again}: ${command}` }, ...objects];
}

function mending(state: OperationState): string {
  if (isRestore(state.operation)) return 'mend what it says';
  return passingReason(state) === undefined ? 'push what mends it' : 'mend the reason, which lies outside Git';
}

/** How the message of an operation begins that somebody, or its deadline, has stopped (spec/sync.md §7). */
const TERMINATED = 'Operation terminated';

function isFailed({ status, hookPhase }: ResourceResult): boolean {
  return status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error';
}

/** It went with the operation that was stopped (spec/sync.md §7), and failed for no reason of its own. */
function isEnded({ hookType, message }: ResourceResult): boolean {
  return hookType !== undefined && message === 'Terminated';
}

function failure(row: ResourceResult, application: Application, operation: Operation, around: Surroundings): Explanation {
  const next = failureNext(row, application, operation, around);
  return { about: 'operation', object: objectOf(row), says: failureText(row), ...(next === undefined ? {} : { next }) };
}

function failureText(row: ResourceResult): string {
  const { hookType, message = '' } = row;
  if (isEnded(row)) return `its ${hookType} hook ran still, and was ended`;
  const what = hookType ? `its ${hookType} hook failed` : 'it failed';
  if (message === '') return what;
  return hookType ? `${what}: ${message}` : message;
}

/** What rows of changes say that only a new object may have (lib/sync/make-room.ts). */
const IN_PLACE = /^cannot be changed in place \((?:(a sync with force)|only the annotation)/;

/** What helps with this object alone; undefined where that is said of the whole sync. */
function failureNext(row: ResourceResult, application: Application, operation: Operation, around: Surroundings): string | undefined {
  const refused = row.hookType ? null : IN_PLACE.exec(row.message ?? '');
  if (refused && standingOf(application) !== 'closed') {
    if (refused[1] === undefined) return 'take the change back in Git, or set that annotation in Git: what it holds goes with it';
    if (standingOf(application) === 'busy')
      return 'take the change back in Git, or let it be deleted and created again once this one has ended';
    const flags = ` --force${revisionFlags(application, operation)} --resource ${filterOf(row, application)}`;
    const command = syncCommand(application, around, flags);
    return `take the change back in Git, or let it be deleted, with what it holds, and created again: ${command}`;
  }
  // A hook that ran tells more than its result does.
  return row.hookType && row.status !== 'SyncFailed' && !isEnded(row)
    ? `${lookCommand(row)} says more, unless its delete policy took it away`
    : undefined;
}

/** As `--resource` takes it: rows of results give cluster-scoped objects the namespace of the destination (spec/sync.md §2). */
function filterOf({ group, kind, namespace, name }: ResourceResult, { status }: Application): string {
  const named = (status?.resources ?? []).filter((row) => (row.group ?? '') === group && row.kind === kind && row.name === name);
  const isOfCluster = named.some((row) => !row.namespace);
  return filterText({ group, kind, namespace: isOfCluster ? '' : namespace, name });
}
