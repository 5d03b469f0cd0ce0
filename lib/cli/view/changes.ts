// What has changed between two looks at an Application, row by row: the lines that come by while a sync or a wait lasts.

import { cellsOf, type ResourceState, stateKey } from './resources.ts';
import type { Row } from './table.ts';

/** What has been shown, by row. */
export type Shown = ReadonlyMap<string, ResourceState>;

export interface Changes {
  readonly shown: Shown;
  readonly changed: readonly ResourceState[];
  /** A resource that was neither Degraded nor Unknown and is Degraded now, with the health that it had. */
  readonly degraded: { readonly from: string } | undefined;
}

export const CHANGES_HEADER: Row = ['TIMESTAMP', 'GROUP', 'KIND', 'NAMESPACE', 'NAME', 'STATUS', 'HEALTH', 'HOOK', 'MESSAGE'];

/** An empty value is no news: a row keeps what it last said about itself. */
export function changesSince(shown: Shown, states: readonly ResourceState[]): Changes {
  const next = new Map(shown);
  const changed: ResourceState[] = [];
  let degraded: Changes['degraded'];
  for (const state of states) {
    const before = shown.get(stateKey(state));
    const now = before ? merged(before, state) : state;
    if (before && sameState(before, now)) continue;
    next.set(stateKey(state), now);
    changed.push(now);
    if (before && now.health === 'Degraded' && !['Unknown', 'Degraded'].includes(before.health)) degraded ??= { from: before.health };
  }
  return { shown: next, changed, degraded };
}

export function changeRows(changed: readonly ResourceState[], stamp: string): readonly Row[] {
  return changed.map((state) => [stamp, ...cellsOf(state)]);
}

function merged(before: ResourceState, state: ResourceState): ResourceState {
  return {
    ...state,
    status: state.status || before.status,
    health: state.health || before.health,
    message: state.message || before.message,
  };
}

function sameState(a: ResourceState, b: ResourceState): boolean {
  return a.status === b.status && a.health === b.health && a.message === b.message;
}
