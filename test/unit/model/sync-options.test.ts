// Options as people write them: exact strings, the object's own word before the operation's (spec/sync.md §6).
import { describe, expect, test } from 'vitest';
import { SYNC_OPTIONS } from '../../../lib/model/annotations.ts';
import { effectiveOption, hasOption, objectOptions, optionValue, propagationOf } from '../../../lib/model/sync-options.ts';

const object = (options: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', annotations: { [SYNC_OPTIONS]: options } },
});

describe('an option', () => {
  test('counts as it is spelled', () => {
    expect(hasOption(['PruneLast=true'], 'PruneLast=true')).toBe(true);
    for (const other of ['PruneLast=True', 'prunelast=true', 'PruneLast', ' PruneLast=true', 'PruneLast=false']) {
      expect(hasOption([other], 'PruneLast=true')).toBe(false);
    }
  });

  test('has the value that stands first', () => {
    expect(optionValue(['Validate=false', 'Prune=confirm', 'Prune=false'], 'Prune')).toBe('confirm');
    expect(optionValue(['PruneLast=true'], 'Prune')).toBeUndefined();
    expect(optionValue(['Prune='], 'Prune')).toBe('');
  });

  test('of an object is a list with blanks', () => {
    expect(objectOptions(object(' Prune=false , ,Delete=false,Prune=false'))).toEqual(['Prune=false', 'Delete=false']);
    expect(objectOptions({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })).toEqual([]);
    expect(objectOptions(undefined)).toEqual([]);
  });

  test('of an object goes before the whole operation', () => {
    expect(effectiveOption(object('Prune=true'), ['Prune=false'], 'Prune')).toBe('true');
    expect(effectiveOption(object('Delete=false'), ['Prune=false'], 'Prune')).toBe('false');
    expect(effectiveOption(undefined, [], 'Prune')).toBeUndefined();
  });
});

test.each([
  [[], 'Foreground'],
  [['PrunePropagationPolicy=background'], 'Background'],
  [['PrunePropagationPolicy=orphan'], 'Orphan'],
  [['PrunePropagationPolicy=foreground'], 'Foreground'],
  [['PrunePropagationPolicy=Background'], 'Foreground'],
  [['PrunePropagationPolicy=orphan', 'PrunePropagationPolicy=background'], 'Orphan'],
])('with %j deletion goes on in %s', (options, propagation) => {
  expect(propagationOf(options)).toBe(propagation);
});
