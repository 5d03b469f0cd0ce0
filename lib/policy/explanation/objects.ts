// Which objects are not as Git wants them, and which are not healthy.
import { isNamespaceStale, keptNamespace } from '../../compare/managed-namespace.ts';
import type { Application, ResourceStatus } from '../../model/application.ts';
import { projectName } from '../spec.ts';
import { describeCommand, type Explanation, objectOf, syncCommand } from './explanation.ts';

/** Of an Application that is OutOfSync: each object that differs, or else what makes it so. */
export function drift(application: Application): readonly Explanation[] {
  const rows = (application.status?.resources ?? []).filter(({ status }) => status === 'OutOfSync' || status === 'Unknown');
  const told = rows.map((row): Explanation => ({ about: 'sync', object: objectOf(row), ...rowText(row, application) }));
  // It has a row only where Git names it: where no other row differs it is the Namespace that does.
  const namespace = rows.length === 0 || isNamespaceStale(application) ? managedNamespace(application) : [];
  const all = [...told, ...namespace];
  return all.length > 0 ? all : [unrecorded(application)];
}

function unrecorded({ metadata }: Application): Explanation {
  return { about: 'sync', says: 'what differs is not recorded', next: `evenkeel app get ${metadata.name} --refresh has it compared anew` };
}

type Told = Pick<Explanation, 'says' | 'next'>;

function rowText(row: ResourceStatus, application: Application): Told {
  if (row.status === 'Unknown') {
    const project = projectName(application);
    return {
      says: `project '${project}' does not permit it in this destination`,
      next: `take it out of Git, or let project '${project}' permit it`,
    };
  }
  if (row.requiresPruning) return extraText(row, application);
  if (row.health?.status === 'Missing')
    return { says: 'it is in Git, and not in the cluster', next: `a sync creates it: ${syncCommand(application)}` };
  const { name } = application.metadata;
  return { says: 'it is not as Git wants it', next: `evenkeel app diff ${name} shows the fields; a sync puts them right` };
}

function extraText(row: ResourceStatus, application: Application): Told {
  const says = 'it is in the cluster, and not in Git any more';
  const results = application.status?.operationState?.syncResult?.resources ?? [];
  const kept = results.some(
    ({ group, kind, namespace, name, message }) =>
      message === 'ignored (no prune)' &&
      kind === row.kind &&
      name === row.name &&
      group === (row.group ?? '') &&
      namespace === (row.namespace ?? ''),
  );
  if (kept) return { says: `${says}; its sync option Prune=false keeps it`, next: 'delete it by hand, or take the option from it' };
  const confirmed = row.requiresDeletionConfirmation ? ', once its deletion is confirmed' : '';
  return { says, next: `a sync with pruning removes it${confirmed}: ${syncCommand(application, ' --prune')}` };
}

function managedNamespace(application: Application): readonly Explanation[] {
  const namespace = keptNamespace(application, application.spec.destination.namespace ?? '');
  if (!namespace) return [];
  const object = { kind: namespace.kind, name: namespace.metadata.name ?? '' };
  const place = 'spec.syncPolicy.managedNamespaceMetadata';
  const says = isNamespaceStale(application)
    ? `${place} was changed since the last sync, which did not work from it`
    : `its labels or annotations are not as ${place} wants them`;
  return [{ about: 'sync', object, says, next: `a sync puts them there: ${syncCommand(application)}` }];
}

const HEALTH: Readonly<Record<string, (row: ResourceStatus) => string>> = {
  Progressing: (row) => `it is on its way: wait; its events tell more: ${describeCommand(row)}`,
  Suspended: () => 'resume it',
  Missing: ({ status }) => (status === 'Unknown' ? 'a sync creates it once the project permits it' : 'a sync creates it'),
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
  const rows = (status?.resources ?? []).filter(({ health }) => health && health.status !== 'Healthy');
  return rows.map((row) => {
    const code = row.health?.status ?? 'Unknown';
    const message = row.health?.message || (code === 'Progressing' ? awaited(row) : '');
    return { about: 'health', object: objectOf(row), says: message ? `${code}: ${message}` : code, next: HEALTH[code]?.(row) ?? '' };
  });
}

function awaited({ group, kind }: ResourceStatus): string {
  return AWAITED[group ? `${group}/${kind}` : kind] ?? '';
}
