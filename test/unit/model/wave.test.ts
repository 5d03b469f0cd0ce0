// The wave of an object (spec/sync.md §2.2).
import { expect, test } from 'vitest';
import { HELM_HOOK_WEIGHT, SYNC_WAVE } from '../../../lib/model/annotations.ts';
import { waveOf } from '../../../lib/model/wave.ts';

test.each([
  [undefined, undefined, 0],
  ['5', undefined, 5],
  ['-5', '3', -5],
  ['+5', undefined, 5],
  ['0', '3', 0],
  ['1700000000', undefined, 1_700_000_000],
  ['1.5', '3', 3],
  [' 1', undefined, 0],
  ['', '3', 3],
  ['one', '-2', -2],
  [undefined, '4', 4],
  [undefined, 'x', 0],
])('sync-wave %j and hook-weight %j make wave %d', (wave, weight, expected) => {
  const annotations = {
    ...(wave === undefined ? {} : { [SYNC_WAVE]: wave }),
    ...(weight === undefined ? {} : { [HELM_HOOK_WEIGHT]: weight }),
  };
  expect(waveOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', annotations } })).toBe(expected);
});
