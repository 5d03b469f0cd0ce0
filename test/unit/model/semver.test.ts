import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, parseConstraint, parseVersion, satisfies } from '../../../lib/model/semver.ts';

function meets(version: string, constraint: string): boolean {
  const parsed = parseVersion(version);
  const terms = parseConstraint(constraint);
  return parsed !== undefined && terms !== undefined && satisfies(parsed, terms);
}

describe('satisfies', () => {
  test.each([
    ['1.2.*', ['1.2.0', '1.2.9', 'v1.2.3'], ['1.3.0', '1.2.0-rc.1', '2.2.0']],
    ['1.x', ['1.0.0', '1.9.9'], ['2.0.0', '0.9.0']],
    ['1', ['1', '1.4', 'v1.0.0'], ['2', '0.1']],
    ['1.2', ['1.2.7'], ['1.3.0']],
    ['*', ['0.0.0', '9.9.9'], ['1.0.0-alpha']],
    ['*-0', ['1.0.0-alpha', '1.0.0'], []],
    ['v1.2.3', ['1.2.3', 'v1.2.3', '1.2.3+build'], ['1.2.4', '1.2.3-rc.1']],
    ['^1.2', ['1.2.0', '1.9.0'], ['1.1.9', '2.0.0']],
    ['^0.2.3', ['0.2.3', '0.2.9'], ['0.2.2', '0.3.0']],
    ['^0.0.3', ['0.0.3'], ['0.0.4', '0.1.0']],
    ['^0.0', ['0.0.9'], ['0.1.0']],
    ['^0', ['0.9.0'], ['1.0.0']],
    ['^*', ['7.0.0'], []],
    ['~1.2.3', ['1.2.3', '1.2.9'], ['1.2.2', '1.3.0']],
    ['~1', ['1.9.0'], ['2.0.0']],
    ['~>1.2', ['1.2.5'], ['1.3.0']],
    ['~0.0.0', ['3.0.0'], []],
    ['~*', ['3.0.0'], []],
    ['>=1.0.0', ['1.0.0', '2.0.0'], ['0.9.9', '2.0.0-rc.1']],
    ['=>1.0.0', ['1.0.0'], ['0.9.9']],
    ['>=1.0.0-0', ['2.0.0-rc.1', '1.0.0-1'], ['0.9.0', '0.9.0-rc.1']],
    ['>=1.0.0 <2.0.0', ['1.0.0', '1.9.9'], ['2.0.0', '0.1.0']],
    ['>= 1.0.0, < 2.0.0', ['1.5.0'], ['2.0.0']],
    ['>1.0.0,<=1.5', ['1.5.9', '1.0.1'], ['1.6.0', '1.0.0']],
    ['>11', ['12.0.0'], ['11.1.0', '10.0.0']],
    ['>11.1', ['11.2.0', '12.0.0'], ['11.1.9']],
    ['<=2', ['2.9.9', '1.0.0'], ['3.0.0']],
    ['!=1.2.3', ['1.2.4'], ['1.2.3', '1.2.3-rc.1']],
    ['>=1.0.0-0 !=1.2.3', ['1.2.4', '1.2.3-rc.1'], ['1.2.3']],
    ['>=1.2.0-rc <2', ['1.2.0-rc.1', '1.5.0-alpha', '1.9.0'], ['1.1.0', '2.0.0']],
    ['^1 || >=2.0.0-0 <3', ['1.5.0', '2.1.0-rc.1'], ['1.5.0-rc.1']],
    ['!=1.2', ['1.3.0'], ['1.2.9', '1.3.0-rc.1']],
    ['!=1.x', ['2.0.0'], ['1.2.3']],
    ['1 - 2', ['1.0.0', '2.9.0'], ['0.9.0', '3.0.0']],
    ['1.2.0 - 1.4.5', ['1.2.0', '1.4.5'], ['1.4.6']],
    ['<1.0.0 || >=2.0.0', ['0.5.0', '2.1.0'], ['1.5.0']],
  ])('%s takes %j and not %j', (constraint, taken, refused) => {
    expect(parseConstraint(constraint)).toBeDefined();
    expect(taken.filter((version) => !meets(version, constraint))).toEqual([]);
    expect(refused.filter((version) => meets(version, constraint))).toEqual([]);
  });
});

describe('parseConstraint', () => {
  test.each(['', 'main', 'release-1.0', 'feature/x', '1.2.3.4', '>=', ',1.0', '1.0,', '>1.0<2.0', '1 ||', 'xx', `>=1${' '.repeat(300)}`])(
    'does not take %j for a constraint',
    (text) => {
      expect(parseConstraint(text)).toBeUndefined();
    },
  );

  test('gives an answer for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123.x*v-+ <>=~^!|,a'), maxLength: 300 }), fc.nat(), (text, number) => {
        const constraint = parseConstraint(text);
        if (constraint) satisfies({ major: number, minor: 0, patch: 0, prerelease: '' }, constraint);
      }),
    );
  });
});

describe('compareVersions', () => {
  test('orders as semver.org lists them', () => {
    const ordered = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ];
    const versions = ordered.map(parseVersion).filter((version) => version !== undefined);
    expect(versions).toHaveLength(ordered.length);
    expect([...versions].reverse().sort(compareVersions)).toEqual(versions);
  });

  test.each(['1.0.0-01', 'a.b.c', '1.2.3.4', '99999999999999999999', '1.0.0-', ''])('takes %j for no version', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  const version = fc.record({
    major: fc.nat(3),
    minor: fc.nat(3),
    patch: fc.nat(3),
    prerelease: fc.constantFrom('', 'a', 'a.1', 'a.b', '1', '2.0'),
  });

  test('is an order: swapping the sides swaps the sign', () => {
    fc.assert(
      fc.property(
        version,
        version,
        (left, right) => Math.sign(compareVersions(left, right)) + Math.sign(compareVersions(right, left)) === 0,
      ),
    );
  });
});
