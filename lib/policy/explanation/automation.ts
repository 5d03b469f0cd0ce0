// Why what differs is not put right by itself: the answers of decideSync that start nothing, from what is recorded (spec/sync.md §8).
import { isNamespaceStale } from '../../compare/managed-namespace.ts';
import { type Application, isAutomated } from '../../model/application.ts';
import type { OperationState } from '../../model/operation.ts';
import { alreadyAttempted, healDueAt, lastAttempt, passingDueAt, wipesEverything } from '../autosync.ts';
import { passingAttempts, passingReason } from '../passing.ts';
import { projectName } from '../spec.ts';
import { windowVerdict } from '../sync-windows.ts';
import { type Explanation, type Surroundings, standingOf, syncCommand, timeText } from './explanation.ts';
import { differingRows, isKeptExtra, isOnlyExtra } from './rows.ts';
import { closedText } from './windows.ts';

type Told = Pick<Explanation, 'says' | 'next'>;

/** Of an Application that is OutOfSync and has no operation. */
export function automation(application: Application, around: Surroundings): readonly Explanation[] {
  // Its condition says that it is due, and what it waits for; how the last attempt ended says what becomes of it.
  if (isBlocked(application) || failed(application, around) || isSettled(application)) return [];
  const told = off(application, around) ?? unpruned(application, around) ?? tried(application, around) ?? due(application, around);
  return [{ about: 'automation', ...told }];
}

function isBlocked({ status }: Application): boolean {
  return status?.conditions?.some(({ type }) => type === 'DependencyWarning') ?? false;
}

/** Whether all that differs is kept by its own option: it says so itself, and no sync changes that. */
function isSettled(application: Application): boolean {
  const rows = differingRows(application);
  return rows.length > 0 && rows.every((row) => isKeptExtra(row, application)) && !isNamespaceStale(application);
}

/** The sync that puts right what differs. */
function mendingCommand(application: Application, around: Surroundings): string {
  return syncCommand(application, around, isOnlyExtra(application) ? ' --prune' : '');
}

function off(application: Application, around: Surroundings): Told | undefined {
  if (isAutomated(application.spec.syncPolicy)) return undefined;
  const set = application.spec.syncPolicy?.automated
    ? 'spec.syncPolicy.automated.enabled is false'
    : 'spec.syncPolicy.automated is not set';
  const closed = closedText(application, around, { manual: true, now: around.now });
  const says = `nothing syncs it by itself: ${set}`;
  return { says: closed ? `${says}; ${closed.says}` : says, next: mendingCommand(application, around) };
}

function isUnpruned(application: Application): boolean {
  return !application.spec.syncPolicy?.automated?.prune && isOnlyExtra(application);
}

function unpruned(application: Application, around: Surroundings): Told | undefined {
  if (!isUnpruned(application)) return undefined;
  return {
    says: 'only objects that would be pruned differ, and spec.syncPolicy.automated.prune is not set',
    next: `set it, or: ${syncCommand(application, around, ' --prune')}`,
  };
}

/** The last operation, if it was of what is compared now. */
function attempt(application: Application): OperationState | undefined {
  const { status } = application;
  const state = lastAttempt(application);
  const revisions = status?.sync?.revisions ?? [status?.sync?.revision ?? ''];
  return state && alreadyAttempted(application, state, revisions) ? state : undefined;
}

/** What the last operation leaves to be done by itself, and when. */
function tried(application: Application, around: Surroundings): Told | undefined {
  const { spec } = application;
  const state = attempt(application);
  if (state?.phase !== 'Succeeded') return undefined;
  if (!spec.syncPolicy?.automated?.selfHeal) {
    const what = partOf(state);
    if (what !== undefined) {
      return {
        says: `the last operation was ${what} at this revision: that counts as a sync of it, so nothing syncs it by itself before the next commit`,
        next: mendingCommand(application, around),
      };
    }
    return {
      says: 'this revision was synced, and changes made in the cluster stay: spec.syncPolicy.automated.selfHeal is not set',
      next: `set it, push, or: ${mendingCommand(application, around)}`,
    };
  }
  const at = healDueAt(state);
  if (at <= around.now) return undefined;
  const count = (state.operation.sync?.autoHealAttemptsCount ?? 0) + 1;
  return {
    says: `it differs again after it was healed: self-healing waits longer each time, attempt #${count} is at ${timeText(at)}`,
    next: `look for who changes it, or wait; at once: ${mendingCommand(application, around)}`,
  };
}

/** What a person's operation was that did not do all that a sync does; undefined when it did. */
function partOf({ operation: { sync, initiatedBy } }: OperationState): string | undefined {
  if (initiatedBy?.automated) return undefined;
  if (sync?.dryRun) return 'a dry run';
  return (sync?.resources ?? []).length > 0 ? 'a sync of some objects' : undefined;
}

/** What becomes, by itself, of a sync that did not succeed; undefined when it is no automation that decides it, or it is due now. */
export function failed(
  application: Application,
  { now }: Surroundings,
): { readonly says: string; readonly isTriedAgain: boolean } | undefined {
  const { status, spec } = application;
  if (!isAutomated(spec.syncPolicy) || standingOf(application) !== 'idle' || status?.sync?.status !== 'OutOfSync') return undefined;
  if (isUnpruned(application) || wipesEverything(application, status.resources ?? [])) return undefined;
  const state = attempt(application);
  if (!state || state.phase === 'Succeeded') return undefined;
  const reason = passingReason(state);
  if (!state.operation.initiatedBy?.automated || reason === undefined) {
    return { says: 'it is not tried again by itself', isTriedAgain: false };
  }
  const at = passingDueAt(application.metadata.name, state);
  if (at <= now) return undefined;
  const count = passingAttempts(state) + 2;
  return { says: `the reason lies outside Git (${reason}): attempt #${count} is at ${timeText(at)}`, isTriedAgain: true };
}

/** It is to begin now: what keeps it may be found here, else it is the worker's turn. */
function due(application: Application, around: Surroundings): Told {
  if (wipesEverything(application, application.status?.resources ?? [])) {
    return {
      says: 'Git has none of its objects any more, and spec.syncPolicy.automated.allowEmpty is not set',
      next: `put them back into Git, set it, or: ${syncCommand(application, around, ' --prune')}`,
    };
  }
  const closed = closedText(application, around, { manual: false, now: around.now });
  if (closed) {
    const byHand = windowVerdict(around.windows ?? [], { manual: true, now: around.now }).open;
    return {
      says: `a sync by itself is due, and ${closed.says}`,
      next: byHand ? `${closed.next}; by hand it may be synced now: ${mendingCommand(application, around)}` : closed.next,
    };
  }
  const unread =
    around.windows === undefined ? `, unless sync windows of project '${projectName(application)}', which you may not read, keep it` : '';
  return {
    says: 'a sync by itself is due and has not begun',
    next: `wait for the worker${unread}; if none comes, look at its log and at the dead-letter queue`,
  };
}
