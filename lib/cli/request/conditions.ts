// When `app wait` and `app sync` have waited long enough (spec/cli.md §5).
import type { Application } from '../../model/application.ts';
import { isSelected, type ResourceFilter } from './filter.ts';

/** What is waited for; health, suspended and degraded are alternatives, the rest must all hold. */
export interface Watch {
  readonly sync: boolean;
  readonly health: boolean;
  readonly suspended: boolean;
  readonly degraded: boolean;
  readonly operation: boolean;
}

/** Sync, health and operation together when nothing is asked for. */
export function watchOf(asked: Partial<Watch>): Watch {
  const watch = { sync: false, health: false, suspended: false, degraded: false, operation: false, ...asked };
  return Object.values(watch).some(Boolean) ? watch : { ...watch, sync: true, health: true, operation: true };
}

/** With `filters` the chosen resources are tested instead of the Application as a whole; one that is not there yet is waited for. */
export function isMet(application: Application, watch: Watch, filters: readonly ResourceFilter[]): boolean {
  if (watch.operation && isOperationPending(application)) return false;
  const tested = filters.length > 0 ? chosenStates(application, filters) : [wholeState(application)];
  const isNamed = filters.some(({ exclude }) => !exclude) && (watch.sync || watch.health || watch.suspended || watch.degraded);
  if (isNamed && tested.length === 0) return false;
  return tested.every(({ status, health }) => (!watch.sync || status === 'Synced') && isHealthMet(health, watch));
}

type Tested = { readonly status: string; readonly health: string };

function wholeState({ status }: Application): Tested {
  return { status: status?.sync?.status ?? '', health: status?.health?.status ?? '' };
}

/** What is not compared differs from nothing, and what has no health check has nothing to come to: neither is waited for. */
function chosenStates({ status }: Application, filters: readonly ResourceFilter[]): readonly Tested[] {
  const rows = (status?.resources ?? []).filter((row) => isSelected(row, filters));
  return rows.map((row) => ({ status: row.status || 'Synced', health: row.health?.status || 'Healthy' }));
}

/**
 * An operation is over only when the Application has been compared once more since it ended; a dry run changes nothing, so it has not
 * to be. Both times are whole seconds.
 */
export function isOperationPending(application: Application): boolean {
  if (application.operation) return true;
  const state = application.status?.operationState;
  if (!state) return false;
  if (state.finishedAt === undefined) return true;
  if (state.operation.sync?.dryRun) return false;
  const reconciledAt = application.status?.reconciledAt;
  return reconciledAt === undefined || Date.parse(reconciledAt) < Date.parse(state.finishedAt);
}

function isHealthMet(health: string, watch: Watch): boolean {
  if (!watch.health && !watch.suspended && !watch.degraded) return true;
  return (watch.health && health === 'Healthy') || (watch.suspended && health === 'Suspended') || (watch.degraded && health === 'Degraded');
}
