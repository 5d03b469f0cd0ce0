import { describe, expect, it } from 'vitest';
import { exactVersion, greatestVersion, isDigest, isVersion } from '../../../lib/model/chart-version.ts';

const VERSIONS = ['latest', '1.0.0', 'v1.2.0', '1.10.0', '2.0.0-rc.1', '2.0.0-rc.2', '1.2.1+build', '0.9'];

describe('the greatest version', () => {
  it.each([
    ['numbers count as numbers', '1.x', '1.10.0'],
    ['a constraint keeps to its part', '~1.2', '1.2.1+build'],
    ['a leading v stays in the answer', '<1.2.1 >1.0.0', 'v1.2.0'],
    ['a prerelease is taken only when it is asked for', '>=2.0.0-0', '2.0.0-rc.2'],
    ['and not otherwise', '*', '1.10.0'],
    ['a partial version is a range', '0.9', '0.9'],
    ['alternatives count', '^3 || ~1.0', '1.0.0'],
    ['a text that is there counts, version or not', 'latest', 'latest'],
  ])('%s: %s', (_, text, version) => {
    expect(greatestVersion(text, VERSIONS)).toEqual({ version });
  });

  it.each([
    ['^3', 'version matching constraint not found in 8 tags'],
    ['>=2.0.0', 'version matching constraint not found in 8 tags'],
    ['main', 'failed to determine semver constraint: improper constraint: main'],
    ['', 'failed to determine semver constraint: improper constraint: '],
  ])('is not there for %j', (text, reason) => {
    expect(greatestVersion(text, VERSIONS)).toEqual({ reason });
  });
});

it.each([
  ['1.2.3', true, true],
  ['v1.0.0', true, true],
  ['1.2', true, false],
  ['1', true, false],
  ['1.2.3-rc.1+b', true, true],
  ['1.2.*', false, false],
  ['^1.2.3', false, false],
  ['', false, false],
])('reads %j as a version: %s, as a whole one: %s', (text, version, whole) => {
  expect([isVersion(text), exactVersion({ version: text }) !== undefined]).toEqual([version, whole]);
});

it.each([
  ['^1', '1.2.3', '1.2.3'],
  ['1.0.0', '1.2.3', '1.2.3'],
  ['1.0.0', '', '1.0.0'],
  ['1.0.0', '^1', '1.0.0'],
  ['^1', '', undefined],
])('takes of a dependency on %j with the lock %j exactly %s', (version, locked, exact) => {
  expect(exactVersion({ version, locked })).toBe(exact);
});

it.each([
  [`sha256:${'a'.repeat(64)}`, true],
  [`sha256:${'a'.repeat(63)}`, false],
  [`sha256:${'A'.repeat(64)}`, false],
  ['sha256', false],
])('reads %j as a digest: %s', (text, digest) => {
  expect(isDigest(text)).toBe(digest);
});
