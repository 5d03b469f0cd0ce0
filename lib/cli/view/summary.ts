// `app list`: one row an Application, and the filters that choose them (spec/cli.md §2).
import { type Application, isAutomated, type SyncPolicy, sourcesOf } from '../../model/application.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import type { Row } from './table.ts';

export interface ListFilter {
  readonly projects: readonly string[];
  readonly repo?: string | undefined;
  /** Server URL or name of the destination. */
  readonly cluster?: string | undefined;
  readonly path?: string | undefined;
}

const HEADER: Row = ['NAME', 'CLUSTER', 'NAMESPACE', 'PROJECT', 'STATUS', 'HEALTH', 'SYNCPOLICY', 'CONDITIONS', 'REPO', 'PATH', 'TARGET'];

/** Whether an Application passes every filter that is given; a source filter is met by any of its sources. */
export function isListed(application: Application, filter: ListFilter): boolean {
  const { spec } = application;
  const { server, name } = spec.destination;
  const sources = sourcesOf(spec);
  return (
    (filter.projects.length === 0 || filter.projects.includes(projectOf(application))) &&
    (!filter.cluster || filter.cluster === server || filter.cluster === name) &&
    (!filter.repo || sources.some((source) => source.repoURL === filter.repo)) &&
    (!filter.path || sources.some((source) => source.path === filter.path))
  );
}

/** Header and rows of `app list`, sorted by name. */
export function summaryRows(applications: readonly Application[]): readonly Row[] {
  return [HEADER, ...byName(applications).map(rowOf)];
}

export function byName(applications: readonly Application[]): readonly Application[] {
  return [...applications].sort((a, b) => (qualified(a) < qualified(b) ? -1 : 1));
}

/** `<namespace>/<name>`, as every NAME column shows it. */
export function qualified(application: Application): string {
  return `${application.metadata.namespace}/${application.metadata.name}`;
}

export function projectOf(application: Application): string {
  return application.spec.project || 'default';
}

/** Destination as people named it: the server's URL, or the cluster's name. */
export function clusterOf(application: Application): string {
  return application.spec.destination.server || application.spec.destination.name || '';
}

function rowOf(application: Application): Row {
  const { spec, status } = application;
  const source = sourcesOf(spec)[0];
  return [
    qualified(application),
    clusterOf(application),
    spec.destination.namespace ?? '',
    projectOf(application),
    status?.sync?.status ?? '',
    status?.health?.status ?? '',
    policyOf(spec.syncPolicy),
    conditionsOf(application),
    withoutUserinfo(source?.repoURL ?? ''),
    source?.path ?? '',
    source?.targetRevision ?? '',
  ];
}

function policyOf(policy: SyncPolicy | undefined): string {
  if (!isAutomated(policy)) return 'Manual';
  return policy?.automated?.prune ? 'Auto-Prune' : 'Auto';
}

function conditionsOf(application: Application): string {
  const types = (application.status?.conditions ?? []).map((condition) => condition.type);
  if (types.length === 0) return '<none>';
  const counted = [...Map.groupBy(types, (type) => type)].map(([type, all]) => (all.length > 1 ? `${type}(${all.length})` : type));
  return counted.sort().join(',');
}
