import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../lib/model/glob.ts';

const TABLE: readonly (readonly [pattern: string, text: string, separators: string, matches: boolean, why: string])[] = [
  ['*', 'apps/Deployment', '', true, 'a star spans everything when there is no separator'],
  ['*', 'apps/Deployment', '/', false, 'a star stops at a separator'],
  ['**', 'apps/Deployment', '/', true, 'two stars cross separators'],
  ['*.crossplane.io/*', 'aws.crossplane.io/Bucket', '', true, 'dots are ordinary characters'],
  ['', '', '', true, 'the empty pattern is the empty text'],
  ['', 'apps', '', false, 'the empty pattern is no other text'],
  ['*', '', '', true, 'a star takes nothing too'],
  ['?', 'a', '', true, 'a question mark takes one character'],
  ['?', '😀', '', true, 'a character is a code point'],
  ['?', '/', '/', false, 'a question mark is no separator'],
  ['?', '', '', false, 'a question mark needs a character'],
  ['[a-c]1', 'b1', '', true, 'a range holds what lies between'],
  ['[!a-c]1', 'b1', '', false, 'a negated range does not'],
  ['[abc-e]', '-', '', true, 'a list takes a dash for itself'],
  ['[!a]', 'b', '', true, 'a negated list takes another'],
  ['[^a]', '^', '', true, 'a caret negates nothing'],
  ['[\\]]', ']', '', true, 'a bracket is escaped in a list'],
  ['{dev,staging}-*', 'staging-1', '', true, 'one alternative is enough'],
  ['{dev,staging}-*', 'prod-1', '', false, 'no alternative fits'],
  ['a{b,c{d,e}}f', 'acef', '', true, 'alternatives nest'],
  ['a{b,}c', 'ac', '', true, 'an alternative may be empty'],
  ['a,b', 'a,b', '', true, 'a comma outside braces is a comma'],
  ['a}', 'a}', '', true, 'a closing brace alone is a brace'],
  ['\\*', '*', '', true, 'an escaped star is a star'],
  ['\\*', 'a', '', false, 'and nothing else'],
  ['{a,b', 'a', '', false, 'an open brace is no glob'],
  ['[a', 'a', '', false, 'an open bracket is no glob'],
  ['[c-a]', 'b', '', false, 'a range backwards is no glob'],
  ['[]', '', '', false, 'an empty list is no glob'],
  ['a\\', 'a', '', false, 'a backslash with nothing behind it is no glob'],
];

/** Says the same as globMatches for stars and question marks, by trying everything. */
function naive(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern[0] === '*') return naive(pattern.slice(1), text) || (text !== '' && naive(pattern, text.slice(1)));
  return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && naive(pattern.slice(1), text.slice(1));
}

describe('globMatches', () => {
  it.each(TABLE)('reads %j against %j (separators %j) as %j: %s', (pattern, text, separators, matches) => {
    expect(globMatches(pattern, text, separators)).toBe(matches);
  });

  it('agrees with trying everything', () => {
    const letters = (chars: string[], max: number) => fc.array(fc.constantFrom(...chars), { maxLength: max }).map((list) => list.join(''));
    fc.assert(
      fc.property(letters(['a', 'b', '*', '?'], 7), letters(['a', 'b', 'c'], 7), (pattern, text) => {
        expect(globMatches(pattern, text)).toBe(naive(pattern, text));
      }),
    );
  });

  it('matches any text by its escaped self', () => {
    fc.assert(fc.property(fc.string(), (text) => globMatches(text.replace(/[*?[\]{},\\!]/g, '\\$&'), text)));
  });

  it('answers any pattern without failing', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (pattern, text) => typeof globMatches(pattern, text, '/') === 'boolean'));
  });

  it('does at most one look at each character for each part of the pattern', () => {
    const started = performance.now();
    expect(globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
    expect(globMatches(`${'{'.repeat(20_000)}a${'}'.repeat(20_000)}`, 'a')).toBe(true);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
