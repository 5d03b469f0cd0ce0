// Kind patterns, read as Go's filepath.Match reads them (spec/project.md §2).
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pathGlobMatches } from '../../../lib/model/path-glob.ts';

test.each([
  ['*', 'Deployment', true],
  ['*', '', true],
  ['*', 'a/b', false],
  ['**', 'a/b', false],
  ['', '', true],
  ['', 'a', false],
  ['Deploy*', 'Deployment', true],
  ['*Set', 'StatefulSet', true],
  ['*a*b*', 'xxaxxbxx', true],
  ['?', 'a', true],
  ['?', '/', false],
  ['?', '\u00e4', true],
  ['?', '\u{1f600}', true],
  ['[A-Z]*', 'Secret', true],
  ['[a-z0-9]', '7', true],
  ['[^a-c]', 'd', true],
  ['[^a-c]', 'b', false],
  ['[!a]', '!', true],
  ['[!a]', 'b', false],
  ['[\\]]', ']', true],
  ['[a\\-z]', '-', true],
  ['[a\\-z]', 'm', false],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['{a,b}', 'a', false],
  ['{a,b}', '{a,b}', true],
  ['a.c', 'abc', false],
  ['secret', 'Secret', false],
])('%j and %j match: %s', (pattern, text, matches) => {
  expect(pathGlobMatches(pattern, text)).toBe(matches);
});

test.each(['[', '[]', '[a', '[^]', '[]a]', '[z-a]', '[a-]', '[-a]', 'a\\', '[\\'])('%j is no pattern, and matches nothing', (pattern) => {
  for (const text of ['', 'a', pattern, ']', '-', 'z']) expect(pathGlobMatches(pattern, text)).toBe(false);
});

test('whatever the pattern and the text, there is an answer', () => {
  const pattern = fc.string({
    unit: fc.constantFrom('*', '?', '[', ']', '^', '-', '\\', 'a', 'b', '/', '.', '\u{1f600}', '\ud800'),
    maxLength: 12,
  });
  fc.assert(
    fc.property(pattern, fc.string({ unit: 'binary' }), (glob, text) => typeof pathGlobMatches(glob, text) === 'boolean'),
    { numRuns: 2000 },
  );
});

test('a text with everything escaped matches itself only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 8 }), (text) => {
      const escaped = [...text].map((character) => `\\${character}`).join('');
      return pathGlobMatches(escaped, text) && !pathGlobMatches(escaped, `${text}x`);
    }),
  );
});
