// Why what differs is not put right by itself: the answers of decideSync that start nothing, from what is recorded (spec/sync.md §8).
import type { Application } from '../../model/application.ts';
import type { OperationState } from '../../model/operation.ts';
import { alreadyAttempted, healDueAt, lastAttempt, passingDueAt, wipesEverything } from '../autosync.ts';
import { passingAttempts, passingReason } from '../passing.ts';
import { projectName } from '../spec.ts';
import { windowVerdict } from '../sync-windows.ts';
import { type Explanation, type Surroundings, syncCommand, timeText } from './explanation.ts';
import { closedText } from './windows.ts';

type Told = Pick<Explanation, 'says' | 'next'>;

/** Of an Application that is OutOfSync and has no operation. */
export function automation(application: Application, around: Surroundings): readonly Explanation[] {
  const told = off(application) ?? unpruned(application) ?? tried(application, around) ?? due(application, around);
  return [{ about: 'automation', ...told }];
}

function off(application: Application): Told | undefined {
  const automated = application.spec.syncPolicy?.automated;
  if (automated && automated.enabled !== false) return undefined;
  const why = automated ? 'spec.syncPolicy.automated.enabled is false' : 'spec.syncPolicy.automated is not set';
  return { says: `nothing syncs it by itself: ${why}`, next: syncCommand(application) };
}

function unpruned(application: Application): Told | undefined {
  const rows = (application.status?.resources ?? []).filter(({ status }) => status === 'OutOfSync' || status === 'Unknown');
  if (application.spec.syncPolicy?.automated?.prune || rows.length === 0 || !rows.every((row) => row.requiresPruning)) return undefined;
  return {
    says: 'only objects that would be pruned differ, and spec.syncPolicy.automated.prune is not set',
    next: `set it, or: ${syncCommand(application, ' --prune')}`,
  };
}

/** What the last operation, if it was of what is compared now, leaves to be done by itself, and when. */
function tried(application: Application, { now }: Surroundings): Told | undefined {
  const { status, spec } = application;
  const state = lastAttempt(application);
  const revisions = status?.sync?.revisions ?? [status?.sync?.revision ?? ''];
  if (!state || !alreadyAttempted(application, state, revisions)) return undefined;
  if (state.phase !== 'Succeeded') return failed(application, state, now);
  if (!spec.syncPolicy?.automated?.selfHeal) {
    return {
      says: 'this revision was synced, and changes made in the cluster stay: spec.syncPolicy.automated.selfHeal is not set',
      next: `set it, push, or: ${syncCommand(application)}`,
    };
  }
  const at = healDueAt(state);
  if (at <= now) return undefined;
  const count = (state.operation.sync?.autoHealAttemptsCount ?? 0) + 1;
  return {
    says: `it differs again after it was healed: self-healing waits longer each time, attempt #${count} is at ${timeText(at)}`,
    next: `look for who changes it, or wait; at once: ${syncCommand(application)}`,
  };
}

function failed(application: Application, state: OperationState, now: number): Told | undefined {
  const reason = passingReason(state);
  if (!state.operation.initiatedBy?.automated || reason === undefined) {
    return {
      says: 'the sync of this revision failed, and is not tried again by itself',
      next: `push what mends it, or: ${syncCommand(application)}`,
    };
  }
  const at = passingDueAt(application.metadata.name, state);
  if (at <= now) return undefined;
  return {
    says: `the sync of this revision failed for a reason outside Git (${reason}): attempt #${passingAttempts(state) + 2} is at ${timeText(at)}`,
    next: `mend that reason and wait; at once: ${syncCommand(application)}`,
  };
}

/** It is to begin now: what keeps it may be found here, else it is the worker's turn. */
function due(application: Application, around: Surroundings): Told {
  if (wipesEverything(application, application.status?.resources ?? [])) {
    return {
      says: 'Git has none of its objects any more, and spec.syncPolicy.automated.allowEmpty is not set',
      next: `put them back into Git, set it, or: ${syncCommand(application, ' --prune')}`,
    };
  }
  const closed = closedText(application, around, { manual: false, now: around.now });
  if (closed) {
    const byHand = windowVerdict(around.windows ?? [], { manual: true, now: around.now }).open;
    return {
      says: `a sync by itself is due, and ${closed.says}`,
      next: byHand ? `${closed.next}; by hand it may be synced now: ${syncCommand(application)}` : closed.next,
    };
  }
  const unread =
    around.windows === undefined ? `, unless sync windows of project '${projectName(application)}', which you may not read, keep it` : '';
  return {
    says: 'a sync by itself is due and has not begun',
    next: `wait for the worker${unread}; if none comes, look at its log and at the dead-letter queue`,
  };
}
