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
    `${sha('6')}\trefs/tags/shop-1.9.1`,
    `${sha('7')}\trefs/tags/1.9.0-01`,
    `${sha('8')}\trefs/tags/latest`,
    `${sha('9')}\trefs/heads/1.2`,
    `${sha('f')}\trefs/heads/1.0.*`,
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
    ['refs/pull/7/head', 'e'],
    ['latest', '8'],
    ['1.2', '9'],
    ['1.9.0-01', '7'],
    ['*', '3'],
    ['^9 || ~1.0', '2'],
    ['>=2.0.0-rc <3', '4'],
    ['*-0', '4'],
  ])('reads %j', (revision, letter) => {
    expect(commitOf(refs, revision)).toBe(sha(letter));
  });

  it.each([
    ['*', '6'],
    ['1.9.0', '5'],
    ['~1.9.0', '6'],
    ['main', 'a'],
    ['', 'a'],
    ['latest', '8'],
    ['1.0.*', 'f'],
  ])('with a tag prefix reads %j among the tags that have it, and names as they are', (revision, letter) => {
    expect(commitOf(refs, revision, revision === '1.0.*' ? 'other-' : 'shop-')).toBe(sha(letter));
  });

  it.each(['v1.2.0', '1.2', '1.9'])('with a tag prefix knows no %j, which has a tag or branch without it alone', (revision) => {
    expect(commitOf(refs, revision, 'shop-')).toBeUndefined();
  });

  it.each(['nothing', 'heads', '^9', '1.9.0', '1', 'v1', '1.9', 'latest^{}', '-upload-pack'])('knows no %j', (revision) => {
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
  expect(tipStartingWith(refs, 'abcabca')).toBeUndefined();
});
