// explain: the recorded facts of an Application -> why it is not Synced, not Healthy or not syncing, and what would change that.
import { REFRESH, SKIP_RECONCILE } from '../model/annotations.ts';
import type { Application, ResourceStatus } from '../model/application.ts';
import { parseBool } from '../model/bool.ts';
import { annotationOf } from '../model/manifest.ts';
import { isCompleted, type OperationState } from '../model/operation.ts';
import { alreadyAttempted } from './autosync.ts';

export interface Explanation {
  readonly about: 'reconciliation' | 'sync' | 'health' | 'operation' | 'automation';
  /** The object that it is about; the Application itself when absent. */
  readonly object?: Pick<ResourceStatus, 'group' | 'kind' | 'namespace' | 'name'>;
  readonly says: string;
  /** What would change it. */
  readonly next: string;
}

/** In the order in which a person would ask; empty when it is Synced and Healthy and nothing is on its way. */
export function explain(application: Application): readonly Explanation[] {
  return [...standstill(application), ...faults(application), ...underWay(application), ...drift(application), ...unhealthy(application)];
}

function standstill(application: Application): readonly Explanation[] {
  const { status, metadata } = application;
  if (parseBool(annotationOf(application, SKIP_RECONCILE)) === true) {
    return [{ about: 'reconciliation', says: `it is left alone: annotation ${SKIP_RECONCILE}`, next: 'remove the annotation' }];
  }
  if (metadata.deletionTimestamp) {
    const says = `it is being deleted since ${metadata.deletionTimestamp}`;
    return [{ about: 'reconciliation', says, next: 'it goes when its objects are gone: its conditions name what they wait for' }];
  }
  if (status?.reconciledAt === undefined) {
    const next = 'a worker takes it up after the next sweep; if none does, look at its log and at the dead-letter queue';
    return [{ about: 'reconciliation', says: 'no worker has looked at it yet', next }];
  }
  if (annotationOf(application, REFRESH) === undefined) return [];
  return [{ about: 'reconciliation', says: 'a refresh is asked for and not answered yet', next: 'wait for the worker' }];
}

const ERRORS: ReadonlyMap<string, string> = new Map([
  ['InvalidSpecError', "change the Application's spec, or what it refers to, as the message says"],
  ['ComparisonError', 'mend what the message names; the next push, or evenkeel app get NAME --refresh, looks again'],
  ['UnknownError', 'mend what the message names; it is tried again by itself'],
  ['SyncError', 'mend what the message names, then push or run evenkeel app sync NAME'],
  ['DeletionError', 'mend what the message names; the deletion goes on by itself'],
]);

function faults({ status, metadata }: Application): readonly Explanation[] {
  return (status?.conditions ?? []).map(({ type, message }) => {
    const next = ERRORS.get(type)?.replace('NAME', metadata.name ?? '') ?? 'a warning: nothing waits for it';
    return { about: type === 'SyncError' ? ('automation' as const) : ('sync' as const), says: `${type}: ${message}`, next };
  });
}

function underWay(application: Application): readonly Explanation[] {
  const state = application.status?.operationState;
  // What is recorded of an earlier operation says nothing of one that has not begun.
  if (!state || (application.operation && isCompleted(state.phase))) return application.operation ? [requested()] : [];
  const says = `the sync that began at ${state.startedAt} is ${state.phase}${state.message ? `: ${state.message}` : ''}`;
  if (!isCompleted(state.phase)) return [{ about: 'operation', says, next: 'wait; each step comes back by itself' }];
  return state.phase === 'Succeeded' ? [] : ended(application, state, says);
}

function requested(): Explanation {
  return { about: 'operation', says: 'a sync is asked for and has not begun', next: 'wait for the worker' };
}

function ended({ metadata }: Application, state: OperationState, says: string): readonly Explanation[] {
  const failed = (state.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
  );
  const next = `mend it in Git, or try again: evenkeel app sync ${metadata.name}`;
  const objects = failed.map(
    ({ group, kind, namespace, name, message = '' }): Explanation => ({
      about: 'operation',
      object: { group, kind, namespace, name },
      says: message === '' ? 'it failed' : message,
      next,
    }),
  );
  return [{ about: 'operation', says, next }, ...objects];
}

function drift(application: Application): readonly Explanation[] {
  const { status, metadata } = application;
  if (status?.sync?.status !== 'OutOfSync') return [];
  const rows = (status.resources ?? []).filter((row) => row.status === 'OutOfSync');
  const objects = rows.map((row): Explanation => {
    const { group, kind, namespace, name } = row;
    return { about: 'sync', object: { group, kind, namespace, name }, ...rowText(row, metadata.name ?? '') };
  });
  return [...objects, ...automation(application)];
}

function rowText(row: ResourceStatus, name: string): Pick<Explanation, 'says' | 'next'> {
  if (row.requiresPruning) {
    const confirmed = row.requiresDeletionConfirmation ? ', once its deletion is confirmed' : '';
    return {
      says: 'it is in the cluster, and not in Git any more',
      next: `a sync with pruning removes it${confirmed}: evenkeel app sync ${name} --prune`,
    };
  }
  if (row.health?.status === 'Missing')
    return { says: 'it is in Git, and not in the cluster', next: `a sync creates it: evenkeel app sync ${name}` };
  return { says: 'it is not as Git wants it', next: `evenkeel app diff ${name} shows the fields; a sync puts them right` };
}

/** Why what differs is not put right by itself. */
function automation(application: Application): readonly Explanation[] {
  const { spec, status, operation, metadata } = application;
  const automated = spec.syncPolicy?.automated;
  const by = (says: string, next: string): readonly Explanation[] => [{ about: 'automation', says, next }];
  const sync = `evenkeel app sync ${metadata.name}`;
  if (operation) return [];
  if (!automated || automated.enabled === false)
    return by('nothing syncs it by itself: spec.syncPolicy.automated is not set or not enabled', sync);
  const rows = (status?.resources ?? []).filter((row) => row.status === 'OutOfSync');
  if (!automated.prune && rows.every((row) => row.requiresPruning)) {
    return by('only objects that would be pruned differ, and spec.syncPolicy.automated.prune is not set', `set it, or: ${sync} --prune`);
  }
  const state = status?.operationState;
  const revisions = status?.sync?.revisions ?? [status?.sync?.revision ?? ''];
  if (!state || !alreadyAttempted(application, state, revisions)) {
    return by('a sync by itself has not begun', 'wait for the worker; conditions name what keeps it');
  }
  if (state.phase !== 'Succeeded' || automated.selfHeal) return [];
  return by(
    'this revision was synced, and changes made in the cluster stay: spec.syncPolicy.automated.selfHeal is not set',
    `set it, push, or: ${sync}`,
  );
}

const HEALTH: Readonly<Record<string, string>> = {
  Progressing: 'it is on its way: wait, and look at the object and its events if it does not get there',
  Suspended: 'resume it',
  Missing: 'a sync creates it',
  Degraded: 'look at the object and its events',
  Unknown: 'mend what the message names',
};

function unhealthy({ status }: Application): readonly Explanation[] {
  const rows = (status?.resources ?? []).filter(({ health }) => health && health.status !== 'Healthy');
  return rows.map(({ group, kind, namespace, name, health }) => ({
    about: 'health',
    object: { group, kind, namespace, name },
    says: `${health?.status}${health?.message ? `: ${health.message}` : ''}`,
    next: HEALTH[health?.status ?? ''] ?? 'look at the object and its events',
  }));
}
