import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { repositoryUrl } from '../../../lib/model/repository-url.ts';

describe('repositoryUrl', () => {
  it.each([
    ['https://Git.Example/Shop.git', 'https://git.example/Shop.git', 'https', 'git.example', 443],
    ['http://git.example:8080/shop', 'http://git.example:8080/shop', 'http', 'git.example', 8080],
    ['https://[2001:DB8::1]/shop', 'https://[2001:db8::1]/shop', 'https', '2001:db8::1', 443],
    ['git@Git.Example:shop/app.git', 'git@Git.Example:shop/app.git', 'ssh', 'git.example', 22],
    [' ssh://git@git.example:2222/shop ', 'ssh://git@git.example:2222/shop', 'ssh', 'git.example', 2222],
    ['ssh://git.example/shop', 'ssh://git.example/shop', 'ssh', 'git.example', 22],
    ['ssh://git@[2001:db8::1]:2222/shop', 'ssh://git@[2001:db8::1]:2222/shop', 'ssh', '2001:db8::1', 2222],
    ['git@[2001:db8::1]:shop', 'git@[2001:db8::1]:shop', 'ssh', '2001:db8::1', 22],
    ['org-1234@git.example:~shop/app', 'org-1234@git.example:~shop/app', 'ssh', 'git.example', 22],
  ])('reads %j', (text, url, protocol, host, port) => {
    expect(repositoryUrl(text)).toEqual({ url, protocol, host, port, userinfo: undefined });
  });

  it('takes a user name and password of http out of the URL', () => {
    expect(repositoryUrl('https://robot:p%40ss@git.example/x')).toMatchObject({
      url: 'https://git.example/x',
      userinfo: { username: 'robot', password: 'p@ss' },
    });
    expect(repositoryUrl('https://100%25:%zz@git.example/x').userinfo).toEqual({ username: '100%', password: '%zz' });
  });

  it.each([
    ['file:///etc', 'no http, https or ssh URL'],
    ['/etc', 'no http, https or ssh URL'],
    ['git://git.example/shop', 'no http, https or ssh URL'],
    ['ftp://git.example/shop', 'no http, https or ssh URL'],
    ['git.example:shop', 'no http, https or ssh URL'],
    ['ext::sh -c touch% /tmp/made-by-git', 'no http, https or ssh URL'],
    ['ext::sh -c "x@y:z"', 'no http, https or ssh URL'],
    ['--upload-pack=touch /tmp/made-by-git', 'no http, https or ssh URL'],
    ['https://', 'no http, https or ssh URL'],
    ['ssh://-oProxyCommand=touch/x', 'has a host that is no name or address'],
    ['git@-oProxyCommand=touch:x', 'has a host that is no name or address'],
    ['ssh://%2doProxyCommand=touch/x', 'has a host that is no name or address'],
    ['ssh://git@ho?st/x', 'has a host that is no name or address'],
    ['ssh://git@host%20/x', 'has a host that is no name or address'],
    ['ssh://git@[fe80::1%25eth0]/x', 'has a host that is no name or address'],
    ['ssh://-oProxyCommand=touch@git.example/x', 'has a user name that is no plain word'],
    ['-oProxyCommand=touch@git.example:x', 'has a user name that is no plain word'],
    ['[git@git.example:22]:x', 'has a user name that is no plain word'],
    ['git@git.example:-x', 'has a path that cannot be one'],
    ['git@git.example:a\nb', 'no http, https or ssh URL'],
    ['ssh://git@git.example/a\u0007', 'has a path that cannot be one'],
    ['ssh://robot:secret@git.example/x', 'holds a password'],
    ['https://git.example/shop/../other/app', 'has a . or .. in its path'],
    ['https://git.example/shop/%2E%2e/other', 'has a . or .. in its path'],
    ['https://git.example/shop\\..\\other', 'has a . or .. in its path'],
    ['git@git.example:shop/../other', 'has a . or .. in its path'],
    ['ssh://git@git.example/./shop', 'has a . or .. in its path'],
  ])('refuses %j', (text, why) => {
    expect(() => repositoryUrl(text)).toThrow(InvalidInput);
    expect(() => repositoryUrl(text)).toThrow(why);
    expect(() => repositoryUrl(text)).not.toThrow(/secret/);
  });

  it.each(
    [
      '169.254.169.254',
      '2852039166',
      '0xa9.0xfe.0.1',
      '[fe80::1]',
      '[::ffff:169.254.169.254]',
      '[fd00:ec2::254]',
      'metadata.google.internal',
      'Metadata.Google.Internal.',
      'metadata',
      '100.100.100.200',
    ].flatMap((host) => [`http://${host}/x`, `ssh://git@${host}/x`, `git@${host}:x`]),
  )('refuses %j, a link-local or metadata address', (text) => {
    expect(() => repositoryUrl(text)).toThrow('names a link-local or metadata address, which is refused');
  });

  it.each(['https://169.254.example/x', 'git@fe80.example:x', 'https://192.0.2.1/x', 'https://[fe00::1]/x'])('takes %j', (text) => {
    expect(repositoryUrl(text).url).toBe(text);
  });

  it('answers or refuses any text, and shows no password', () => {
    fc.assert(
      fc.property(fc.constantFrom('https://', 'ssh://', '', 'ftp://'), fc.string({ unit: 'binary' }), (scheme, text) => {
        const url = `${scheme}robot:canary@${text}`;
        try {
          expect(repositoryUrl(url).url).not.toContain('canary');
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
          expect(String(error)).not.toContain('canary');
        }
      }),
    );
  });
});
