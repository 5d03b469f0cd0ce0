import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entriesBelow,
  isFile,
  isFolder,
  joined,
  namesIn,
  outOfBoundsLink,
  realPath,
  type TreeEntry,
  treeOf,
} from '../../../lib/model/tree.ts';

/** `path` is a file, `path -> target` a link. */
function tree(...lines: string[]) {
  const entries = lines.map((line): [string, TreeEntry] => {
    const [path = '', target] = line.split(' -> ');
    return [path, target === undefined ? { hash: path, kind: 'file' } : { hash: target, kind: 'link', target }];
  });
  return treeOf(new Map(entries));
}

describe('joined', () => {
  it.each([
    ['a/b', '../c', 'a/c'],
    ['', './x', 'x'],
    ['a', '..', ''],
    ['a', 'b//c/', 'a/b/c'],
    ['a', '../..', undefined],
    ['a', '../../a/b', undefined],
    ['a', '/etc', undefined],
  ])('%j and %j make %j', (folder, path, expected) => {
    expect(joined(folder, path)).toBe(expected);
  });
});

describe('a tree', () => {
  const sample = tree('a/x.yaml', 'a/deep/y.yaml', 'b.yaml', 'link -> a/deep', 'a/deep/up -> ../x.yaml', 'gone -> a/nothing');

  it('lists a folder in lexical order, folders in turn', () => {
    expect(entriesBelow(sample, '')).toEqual(['a/deep/up', 'a/deep/y.yaml', 'a/x.yaml', 'b.yaml', 'gone', 'link']);
    expect(namesIn(sample, 'link')).toEqual(['up', 'y.yaml']);
  });

  it('follows links to files and folders', () => {
    expect(isFolder(sample, 'link')).toBe(true);
    expect(isFile(sample, 'link/up')).toBe(true);
    expect(isFile(sample, 'gone')).toBe(false);
    expect(realPath(sample, 'link/up')).toBe('a/x.yaml');
  });

  it('has no link out of bounds, though one leads nowhere', () => {
    expect(outOfBoundsLink(sample)).toBeUndefined();
  });
});

describe('outOfBoundsLink', () => {
  it.each([
    ['an absolute link', ['x -> /proc/self/environ'], 'x'],
    ['a relative link that leaves', ['a/x -> ../../other/secret'], 'a/x'],
    ['a link that leaves and comes back', ['a/x -> ../../repo/a/y'], 'a/x'],
    ['a dangling link that leaves', ['x -> ../nothing'], 'x'],
    ['a chain whose last link leaves', ['one -> two', 'two -> three', 'three -> ../out'], 'one'],
    ['dots after a link to the root', ['d/e/l -> ../..', 'x -> d/e/l/../secret'], 'x'],
    ['a loop', ['a -> b', 'b -> a'], 'a'],
  ])('finds %s', (_what, lines, found) => {
    expect(outOfBoundsLink(tree(...lines))).toBe(found);
  });

  it('answers in agreement with a walk that never steps above the root', () => {
    const part = fc.constantFrom('a', 'b', '..', '.', 'l');
    const target = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(target, target, (first, second) => {
        const real = realPath(tree('a/b/l -> ../..', `l -> ${first}`, 'a/a', `b -> ${second}`), 'l');
        expect(real === undefined || !real.split('/').includes('..')).toBe(true);
      }),
    );
  });
});
