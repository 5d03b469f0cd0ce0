// Objects go in the reverse of the waves that they came in (spec/sync.md §2.2). What is gone has taken its wave along: which waves there
// were is written down before the first object goes, so that a sync which is resumed reverses as it began.
import type { OperationState } from '../model/operation.ts';
import { infoOf, withInfo } from './info.ts';

const PRUNED = 'Waves of the objects to prune';

/** The state with the waves of what it is to prune, unless it knows them already. Fewer than two have no reverse and leave nothing. */
export function withPruneWaves(state: OperationState, waves: readonly number[]): OperationState {
  const distinct = distinctOf(waves);
  if (state.operation.sync?.prune !== true || distinct.length < 2 || infoOf(state, PRUNED) !== undefined) return state;
  return withInfo(state, PRUNED, distinct.join(' '));
}

/** An attempt that begins anew may find other objects to prune. */
export function withoutPruneWaves(state: OperationState): OperationState {
  return infoOf(state, PRUNED) === undefined ? state : withInfo(state, PRUNED, undefined);
}

/** The wave in which an object of each wave goes: of waves 1, 2, 5 those of 1 go in 5. `waves` are those that are still there. */
export function reversedWaves(state: OperationState, waves: readonly number[]): ReadonlyMap<number, number> {
  const known = infoOf(state, PRUNED)?.split(' ').map(Number).filter(Number.isSafeInteger) ?? [];
  const distinct = distinctOf([...known, ...waves]);
  return new Map(distinct.map((wave, index) => [wave, distinct[distinct.length - 1 - index] ?? wave]));
}

function distinctOf(waves: readonly number[]): readonly number[] {
  return [...new Set(waves)].sort((a, b) => a - b);
}
