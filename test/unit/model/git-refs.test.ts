import { describe, expect, it } from 'vitest';
import { commitOf, isAbbreviated, isCommit, parseRefs, tipStartingWith } from '../../../lib/model/git-refs.ts';

const sha = (letter: string) => letter.repeat(40);
const refs = parseRefs(
  [
    `${sha('a')}\tHEAD`,
    `${sha('a')}\trefs/heads/main`,
    `${sha('b')}\trefs/heads/release/1.x`,
    `${sha('c')}\trefs/heads/both`,
    `${sha('d')}\trefs/tags/both`,
    `${sha('1')}\trefs/tags/v1.0.0`,
    `${sha('2')}\trefs/tags/v1.0.0^{}`,
    `${sha('3')}\trefs/tags/v1.2.0`,
    `${sha('4')}\trefs/tags/v2.0.0-rc.1`,
    `${sha('5')}\trefs/tags/shop-1.9.0`,
    `${sha('e')}\trefs/pull/7/head`,
    '',
  ].join('\n'),
);

describe('commitOf', () => {
  it.each([
    ['', 'a'],
    ['HEAD', 'a'],
    ['main', 'a'],
    ['refs/heads/main', 'a'],
    ['release/1.x', 'b'],
    ['both', 'c'],
    ['refs/tags/both', 'd'],
    ['v1.0.0', '2'],
    ['1.*', '3'],
    ['>=1.0.0 <3', '3'],
    ['>=1.0.0-0', '4'],
    ['pull/7/head', 'e'],
  ])('reads %j', (revision, letter) => {
    expect(commitOf(refs, revision)).toBe(sha(letter));
  });

  it('looks only at tags with the prefix, for a range and for a version', () => {
    expect(commitOf(refs, '*', 'shop-')).toBe(sha('5'));
    expect(commitOf(refs, '1.9.0', 'shop-')).toBe(sha('5'));
  });

  it.each(['nothing', 'heads', '^9', '1.9.0', '-upload-pack'])('knows no %j', (revision) => {
    expect(commitOf(refs, revision)).toBeUndefined();
  });
});

it('tells whole and abbreviated commit ids from names', () => {
  expect([isCommit(sha('a')), isCommit('abcdef1'), isAbbreviated('abcdef1'), isAbbreviated('abcdef'), isAbbreviated('main')]).toEqual([
    true,
    false,
    true,
    false,
    false,
  ]);
  expect(tipStartingWith(refs, 'BBBBBBB')).toBe(sha('b'));
  expect(tipStartingWith(refs, '9999999')).toBeUndefined();
});
