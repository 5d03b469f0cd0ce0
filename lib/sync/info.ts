// What an operation remembers about itself beside its rows, in the `info` that both our definition and Argo CD's let it carry.
import type { OperationState } from '../model/operation.ts';

/** The value of an entry, or undefined. */
export function infoOf({ operation }: OperationState, name: string): string | undefined {
  return operation.info?.find((entry) => entry.name === name)?.value;
}

/** The state with an entry set, or without it. Entries that people wrote keep their order. */
export function withInfo(state: OperationState, name: string, value: string | undefined): OperationState {
  const { info = [], ...operation } = state.operation;
  const others = info.filter((entry) => entry.name !== name);
  const entries = value === undefined ? others : [...others, { name, value }];
  return { ...state, operation: entries.length === 0 ? operation : { ...operation, info: entries } };
}
