// Rows of an Application's status as they are explained: which differ, and what the last operation said of them.
import type { Application, ResourceStatus } from '../../model/application.ts';
import type { ResourceResult } from '../../model/operation.ts';

export function isDifferent({ status }: ResourceStatus): boolean {
  return status === 'OutOfSync' || status === 'Unknown';
}

export function differingRows({ status }: Application): readonly ResourceStatus[] {
  return (status?.resources ?? []).filter(isDifferent);
}

/** Whether something differs, and only objects that Git does not have do: what a sync does not touch unless it prunes. */
export function isOnlyExtra(application: Application): boolean {
  const rows = differingRows(application);
  return rows.length > 0 && rows.every((row) => row.requiresPruning);
}

/** Whether an object that Git does not have stayed, in a sync that prunes, by its own option. */
export function isKeptExtra(row: ResourceStatus, { status }: Application): boolean {
  const results = status?.operationState?.syncResult?.resources ?? [];
  return row.requiresPruning === true && results.some((result) => result.message === 'ignored (no prune)' && isOfSame(result, row));
}

/** Rows of results give cluster-scoped objects the namespace of the destination (spec/sync.md §2). */
export function isOfSame(result: ResourceResult, { group = '', kind, namespace = '', name }: ResourceStatus): boolean {
  return result.group === group && result.kind === kind && result.name === name && (namespace === '' || result.namespace === namespace);
}
