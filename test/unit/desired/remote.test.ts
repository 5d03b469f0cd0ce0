import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRemote, shownRemote } from '../../../lib/desired/remote.ts';
import { InvalidInput } from '../../../lib/model/errors.ts';

const folder = (repoURL: string, path: string, ref: string) => ({ kind: 'folder', repoURL, path, ref });

describe('parseRemote', () => {
  it.each([
    ['https://github.com/org/repo//base?ref=v1.0.0', folder('https://github.com/org/repo', 'base', 'v1.0.0')],
    ['https://github.com/org/repo', folder('https://github.com/org/repo', '', '')],
    ['https://github.com/org/repo/deep/er?ref=main', folder('https://github.com/org/repo', 'deep/er', 'main')],
    ['github.com/org/repo/deep?ref=v2', folder('https://github.com/org/repo', 'deep', 'v2')],
    ['gh:org/repo//deep', folder('https://github.com/org/repo', 'deep', '')],
    ['git::https://git.example/a/b/c.git//x?ref=t&timeout=90s', folder('https://git.example/a/b/c.git', 'x', 't')],
    ['https://git.example/a/b/c.git/x/y?version=t', folder('https://git.example/a/b/c.git', 'x/y', 't')],
    ['http://127.0.0.1:8080/shop.git//base', folder('http://127.0.0.1:8080/shop.git', 'base', '')],
    ['git@github.com:org/repo.git//base?ref=v1', folder('git@github.com:org/repo.git', 'base', 'v1')],
    ['git@github.com:org/repo/base', folder('git@github.com:org/repo', 'base', '')],
    ['ssh://git@git.example:22/org/repo//base', folder('ssh://git@git.example:22/org/repo', 'base', '')],
    ['https://dev.azure.com/org/project/_git/repo/base?ref=x', folder('https://dev.azure.com/org/project/_git/repo', 'base', 'x')],
    ['https://git.example/a/b.git//all/install.yaml?ref=v1', folder('https://git.example/a/b.git', 'all/install.yaml', 'v1')],
    ['https://files.example/v1.2.3/install.yaml', { kind: 'file', url: 'https://files.example/v1.2.3/install.yaml', fixed: true }],
    ['https://files.example/download/1.2/a.yml', { kind: 'file', url: 'https://files.example/download/1.2/a.yml', fixed: true }],
    [
      `https://files.example/r/${'a1'.repeat(20)}/a.json`,
      { kind: 'file', url: `https://files.example/r/${'a1'.repeat(20)}/a.json`, fixed: true },
    ],
    ['https://files.example/main/install.yaml', { kind: 'file', url: 'https://files.example/main/install.yaml', fixed: false }],
    ['https://files.example/1.2.3.yaml', { kind: 'file', url: 'https://files.example/1.2.3.yaml', fixed: false }],
  ])('reads %s', (text, expected) => {
    expect(parseRemote(text)).toEqual(expected);
  });

  it.each([
    ['file:///etc/kubernetes', 'file URLs are refused'],
    ['s3::https://bucket/x', 's3::https://bucket/x: no repository can be read from it'],
    ['https://', 'no repository can be read from it'],
  ])('refuses %s', (text, message) => {
    expect(() => parseRemote(text)).toThrow(message);
  });

  it('answers any text with a remote or InvalidInput', () => {
    const part = fc.constantFrom(
      'https://',
      'git@',
      'h.example',
      ':',
      '/',
      '//',
      'a',
      '.git',
      '_git/',
      '?ref=',
      'v1',
      '..',
      '#',
      '%',
      '\n',
      '@',
      'git::',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), (parts) => {
        try {
          expect(['file', 'folder']).toContain(parseRemote(parts.join('')).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
        }
      }),
    );
  });
});

it('shows an entry without user, password or token', () => {
  expect(shownRemote('https://u:canary@h.example/a/b//c?token=canary&ref=v1&sshkey=canary')).toBe('https://h.example/a/b//c&ref=v1');
});
