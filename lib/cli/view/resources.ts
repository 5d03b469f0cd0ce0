// The resources of an Application as `app get`, `app sync` and `app wait` show them: the last operation's first (spec/cli.md §2, §4).
import type { Application, ResourceStatus } from '../../model/application.ts';
import { keyOfRow, keyText } from '../../model/manifest.ts';
import type { ResourceResult } from '../../model/operation.ts';
import type { Row } from './table.ts';

export interface ResourceState {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: string;
  readonly health: string;
  readonly hook: string;
  readonly message: string;
}

const HEADER: Row = ['GROUP', 'KIND', 'NAMESPACE', 'NAME', 'STATUS', 'HEALTH', 'HOOK', 'MESSAGE'];

/** Rows of the last operation in its order, with what is known of them now; then the rest, sorted by key. */
export function resourceStates(application: Application): readonly ResourceState[] {
  const rest = new Map((application.status?.resources ?? []).map((resource) => [keyText(keyOfRow(resource)), resource]));
  const results = application.status?.operationState?.syncResult?.resources ?? [];
  const done = results.map((result) => {
    const key = keyOfRow(result);
    // Rows of results give cluster-scoped objects the namespace of the destination (spec/sync.md §2).
    const known = [key, { ...key, namespace: '' }].map(keyText).find((text) => rest.has(text)) ?? keyText(key);
    const state = resultState(result, rest.get(known));
    rest.delete(known);
    return state;
  });
  const others = [...rest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => currentState(resource));
  return [...done, ...others];
}

/** Header and rows of the resource table; empty when there is nothing to show. */
export function resourceRows(application: Application): readonly Row[] {
  const states = resourceStates(application);
  return states.length === 0 ? [] : [HEADER, ...states.map(cellsOf)];
}

export function cellsOf(state: ResourceState): Row {
  return [state.group, state.kind, state.namespace, state.name, state.status, state.health, state.hook, state.message];
}

/** Identity of a row between two looks: a hook that runs in two phases is two rows. */
export function stateKey(state: ResourceState): string {
  return [state.group, state.kind, state.namespace, state.name, state.hook].join('/');
}

function resultState(result: ResourceResult, current: ResourceStatus | undefined): ResourceState {
  const hook = result.hookType ?? '';
  const known = current && hook === '';
  return {
    ...keyOfRow(known ? current : result),
    status: (known ? current.status : result.hookPhase) ?? '',
    health: (known ? current.health?.status : result.status) ?? '',
    hook,
    message: result.message ?? '',
  };
}

function currentState(resource: ResourceStatus): ResourceState {
  return { ...keyOfRow(resource), status: resource.status ?? '', health: resource.health?.status ?? '', hook: '', message: '' };
}
