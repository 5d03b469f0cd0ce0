import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizeGitUrl, sameGitUrl, withoutUserinfo } from '../../../lib/model/git-url.ts';

describe('normalizeGitUrl', () => {
  test.each([
    ['git@GitHub.com:Org/Repo.git', 'git@github.com/org/repo'],
    ['ssh://git@host:22/org/repo', 'git@host:22/org/repo'],
    ['https://github.com/org/repo.git', 'https://github.com/org/repo'],
    ['https://github.com/org/repo/', 'https://github.com/org/repo/'],
    ['  https://GitHub.com/Org/Repo  ', 'https://github.com/org/repo'],
    ['https://github.com/org/repo.git.git', 'https://github.com/org/repo.git'],
    ['https://user@github.com/org/repo', 'https://user@github.com/org/repo'],
    ['http://127.0.0.1:8080/shop.git', 'http://127.0.0.1:8080/shop'],
    ['http://[::1]:8080/shop.git', 'http://[::1]:8080/shop'],
    ['http://[::1]/shop.git', 'http://[::1]/shop'],
    ['https://host/with space', 'https://host/with%20space'],
    ['https://host/broken%zz', ''],
    ['https://host:port/repo', ''],
    ['https://a host/repo', ''],
    ['https://host/\u0000', ''],
    ['', ''],
  ])('writes %j as %j', (given, expected) => {
    expect(normalizeGitUrl(given)).toBe(expected);
  });

  test('gives an answer for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof normalizeGitUrl(text) === 'string'));
  });
});

describe('sameGitUrl', () => {
  test.each([
    ['https://github.com/Org/Repo.git', 'https://github.com/org/repo', true],
    ['git@github.com:org/repo', 'ssh://git@github.com/org/repo.git', true],
    ['git@github.com:org/repo', 'https://github.com/org/repo', false],
    ['https://github.com/org/repo', 'https://github.com/org/repo/', false],
    ['https://host:port/repo', 'https://host:port/repo', true],
    ['', '', false],
  ])('holds %j and %j to be the same: %j', (left, right, expected) => {
    expect(sameGitUrl(left, right)).toBe(expected);
  });
});

describe('withoutUserinfo', () => {
  test.each([
    ['https://robin:pass@git.example.com/shop.git', 'https://git.example.com/shop.git'],
    ['https://robin:p%40s@s@git.example.com:8443/a@b.git', 'https://git.example.com:8443/a@b.git'],
    ['{"repoURL":"http://token@host/a"} and HTTP://u:p@host/b', '{"repoURL":"http://host/a"} and HTTP://host/b'],
    ['ssh://git:pass@host/a', 'ssh://host/a'],
    ['git@github.com:org/repo', 'git@github.com:org/repo'],
    ['https://host/a, mail robin@example.com', 'https://host/a, mail robin@example.com'],
  ])('makes %j %j', (text, expected) => {
    expect(withoutUserinfo(text)).toBe(expected);
  });
});
