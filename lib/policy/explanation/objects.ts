// Which objects are not as Git wants them, and which are not healthy.
import { isNamespaceStale, keptNamespace } from '../../compare/managed-namespace.ts';
import type { Application, ResourceStatus } from '../../model/application.ts';
import { keyOfRow } from '../../model/manifest.ts';
import { isAsked, isRestore } from '../../model/operation.ts';
import { projectName } from '../spec.ts';
import { describeCommand, type Explanation, objectOf, type Surroundings, standingOf, syncCommand } from './explanation.ts';
import { differingRows, isDifferent, isKeptExtra, isOfSame } from './rows.ts';

/** Of an Application that is OutOfSync: each object that differs, or else what makes it so. */
export function drift(application: Application, around: Surroundings): readonly Explanation[] {
  const back = new Set(restoredRows(application));
  const rows = differingRows(application).filter((row) => !back.has(row));
  const told = rows.map((row): Explanation => ({ about: 'sync', object: objectOf(row), ...rowText(row, application, around) }));
  // It has a row only where Git names it: where no other row differs it is the Namespace that does.
  const namespace = rows.length === 0 || isNamespaceStale(application) ? managedNamespace(application, around) : [];
  const all = [...told, ...namespace];
  return all.length > 0 ? all : [unrecorded(application)];
}

/** What is said of an object on both sides: its fields come below. */
export const DIFFERS = 'not as Git wants it';

function unrecorded({ metadata }: Application): Explanation {
  return { about: 'sync', says: 'what differs is not recorded', next: `evenkeel app get ${metadata.name} --refresh has it compared anew` };
}

type Told = Pick<Explanation, 'says' | 'next'>;

function rowText(row: ResourceStatus, application: Application, around: Surroundings): Told {
  if (row.status === 'Unknown') {
    const project = projectName(application);
    return {
      says: `not permitted by project '${project}' in this destination`,
      next: `take it out of Git, or let project '${project}' permit it`,
    };
  }
  if (row.requiresPruning) return extraText(row, application, around);
  if (row.health?.status === 'Missing')
    return { says: 'in Git, and not in the cluster', ...bySync(row, 'a sync creates what is missing', application, around) };
  const shown = around.canDiff ? [`evenkeel app diff ${application.metadata.name} shows the fields`] : [];
  const mended = standingOf(application) === 'idle' && !hasFailed(application) ? ['a sync puts them right'] : [];
  const next = [...shown, ...mended].join('; ');
  return { says: DIFFERS, ...(next === '' ? {} : { next }) };
}

/** Of a sync that failed it is told whether, and how, it is tried again. */
function hasFailed({ status }: Application): boolean {
  const phase = status?.operationState?.phase;
  return phase === 'Failed' || phase === 'Error';
}

/** What a sync would do for an object, as far as neither the one that is under way does nor what is told of the last one says so. */
function bySync(row: ResourceStatus, does: string, application: Application, around: Surroundings, flags = ''): Pick<Told, 'next'> {
  const command = `${does}: ${syncCommand(application, around, flags)}`;
  switch (standingOf(application)) {
    case 'idle':
      return hasFailed(application) && flags === '' ? {} : { next: command };
    case 'busy':
      return isUnderWay(row, application) ? {} : { next: `once the sync that is under way has ended, ${command}` };
    case 'closed':
      return {};
  }
}

/** Whether the operation that is asked for, or runs, is about this object and does what the object lacks. */
function isUnderWay(row: ResourceStatus, { operation }: Application): boolean {
  if (!operation?.sync || operation.sync.dryRun || isRestore(operation)) return false;
  return isAsked(keyOfRow(row), operation.sync) && (operation.sync.prune === true || !row.requiresPruning);
}

function extraText(row: ResourceStatus, application: Application, around: Surroundings): Told {
  const says = 'in the cluster, and not in Git any more';
  if (isKeptExtra(row, application))
    return {
      says: `${says}; sync option Prune=false keeps it`,
      next: `delete it by hand, or take the option from it${thenPruned(application, around)}`,
    };
  const confirmed = row.requiresDeletionConfirmation ? ', once the deletion is confirmed' : '';
  const does = `a sync with pruning removes it${confirmed}, unless its sync option Prune=false keeps it`;
  return { says, ...bySync(row, does, application, around, ' --prune') };
}

/** The sync that prunes what keeps itself no more: nothing else tells that something has changed. */
function thenPruned(application: Application, around: Surroundings): string {
  return standingOf(application) === 'idle' ? `, and then: ${syncCommand(application, around, ' --prune')}` : '';
}

function managedNamespace(application: Application, around: Surroundings): readonly Explanation[] {
  const namespace = keptNamespace(application, application.spec.destination.namespace ?? '');
  if (!namespace) return [];
  const object = { kind: namespace.kind, name: namespace.metadata.name ?? '' };
  const place = 'spec.syncPolicy.managedNamespaceMetadata';
  const says = isNamespaceStale(application)
    ? `${place} was changed since the last sync, which did not work from it`
    : `its labels or annotations are not as ${place} wants them`;
  const closed = standingOf(application) !== 'idle';
  return [{ about: 'sync', object, says, ...(closed ? {} : { next: `a sync puts them there: ${syncCommand(application, around)}` }) }];
}

const HEALTH: Readonly<Record<string, (row: ResourceStatus) => string>> = {
  Progressing: (row) => `it is on its way: wait; its events tell more: ${describeCommand(row)}`,
  Suspended: () => 'resume it',
  Missing: () => 'a sync creates it',
  Degraded: (row) => `its events tell more: ${describeCommand(row)}`,
  Unknown: () => 'mend what the message names',
};

/** What a kind whose health has no message waits for while it is Progressing. */
const AWAITED: Readonly<Record<string, string>> = {
  PersistentVolumeClaim:
    'no volume is bound to it yet; without spec.storageClassName, and without a default class, somebody has to provide one',
  Service: 'no load balancer has given it an address yet',
  'networking.k8s.io/Ingress': 'no controller has given it an address yet',
  'batch/Job': 'it has not completed yet',
};

export function unhealthy({ status }: Application): readonly Explanation[] {
  // That an object is not there is then what `drift` says of it.
  const drifts = status?.sync?.status === 'OutOfSync';
  const rows = (status?.resources ?? []).filter(
    (row) => row.health && row.health.status !== 'Healthy' && !(drifts && row.health.status === 'Missing' && isDifferent(row)),
  );
  return rows.map((row) => {
    const code = row.health?.status ?? 'Unknown';
    const message = row.health?.message || (code === 'Progressing' ? awaited(row) : '');
    return { about: 'health', object: objectOf(row), says: message ? `${code}: ${message}` : code, next: HEALTH[code]?.(row) ?? '' };
  });
}

/** What the last operation restored and Git does not name: it makes no Application OutOfSync, so nothing else tells of it. */
export function restored(application: Application): readonly Explanation[] {
  const at = application.status?.operationState?.finishedAt ?? '';
  return restoredRows(application).map((row) => ({
    about: 'sync',
    object: objectOf(row),
    says: `restored at ${at}, and not in Git: no sync prunes it`,
    next: 'put it back into Git, or delete it by hand',
  }));
}

function restoredRows({ status }: Application): readonly ResourceStatus[] {
  const state = status?.operationState;
  if (state?.phase !== 'Succeeded' || !isRestore(state.operation) || state.operation.sync?.dryRun) return [];
  const results = state.syncResult?.resources ?? [];
  return (status?.resources ?? []).filter((row) => row.requiresPruning && results.some((result) => isOfSame(result, row)));
}

function awaited({ group, kind }: ResourceStatus): string {
  return AWAITED[group ? `${group}/${kind}` : kind] ?? '';
}
