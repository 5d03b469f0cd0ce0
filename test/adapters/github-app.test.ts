// Installation tokens from a stand-in of GitHub's API, over plain http, TLS and proxies.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGithubTokens, type TokenRequest } from '../../lib/adapters/github-app.ts';
import { InvalidInput, Unavailable } from '../../lib/model/errors.ts';
import type { GithubApp } from '../../lib/model/repository-credential.ts';
import { createAuthority } from '../support/certificates.ts';
import { type GithubStandIn, startGithubStandIn } from '../support/github-api.ts';
import { type RecordingProxy, startHttpProxy, startSocksProxy } from '../support/proxies.ts';

const authority = createAuthority('authority of the test');
const MINUTE = 60_000;
const plainly: TokenRequest = { ca: undefined, insecure: false, clientCertificate: undefined, refused: undefined };

let github: GithubStandIn;
let secure: GithubStandIn;
let proxies: readonly [RecordingProxy, RecordingProxy];
let now: number;

beforeAll(async () => {
  github = await startGithubStandIn(() => now);
  secure = await startGithubStandIn(() => now, authority.issue('github stand-in'));
  proxies = await Promise.all([startHttpProxy('way:out'), startSocksProxy('way:out')]);
});
afterAll(() => Promise.all([github, secure, ...proxies].map((server) => server.close())));

beforeEach(() => {
  now = Date.parse('2026-01-01T12:00:00Z');
  for (const standIn of [github, secure]) {
    Object.assign(standIn, { refuse: undefined, lifeMs: 60 * MINUTE, installations: { 70: 'Shop', 71: 'other' } });
    standIn.requests.length = 0;
    standIn.tokens.length = 0;
  }
  for (const proxy of proxies) proxy.targets.length = 0;
});

function app(changes: Partial<GithubApp> = {}, standIn = github): GithubApp {
  const { appId, privateKey, url } = standIn;
  return { kind: 'github-app', appId, installationId: '', privateKey, apiUrl: url, owner: 'shop', proxy: undefined, ...changes };
}

const tokens = () => createGithubTokens(() => now);
const asked = (standIn = github) => standIn.requests.map((request) => request.replace(/\?.*/, ''));

describe('an installation token', () => {
  it('is that of the account that owns the repository', async () => {
    expect(await tokens().token(app(), plainly)).toBe(github.tokens[0]);
    expect(asked()).toEqual(['GET /api/v3/app/installations', 'POST /api/v3/app/installations/70/access_tokens']);
  });

  it('is found among many installations', async () => {
    github.installations = Object.fromEntries(
      Array.from({ length: 250 }, (_, index) => [String(index + 1000), index === 249 ? 'shop' : `o${index}`]),
    );
    expect(await tokens().token(app(), plainly)).toBe(github.tokens[0]);
    expect(asked().at(-1)).toBe('POST /api/v3/app/installations/1249/access_tokens');
  });

  it('is that of the installation that is named', async () => {
    await tokens().token(app({ installationId: '71' }), plainly);
    expect(asked()).toEqual(['POST /api/v3/app/installations/71/access_tokens']);
  });

  it('is asked for once by a hundred at the same time, and kept', async () => {
    const shared = tokens();
    const all = await Promise.all(Array.from({ length: 100 }, () => shared.token(app(), plainly)));
    now += 54 * MINUTE;
    all.push(await shared.token(app({ owner: 'SHOP' }), plainly));
    expect([new Set(all).size, github.tokens.length]).toEqual([1, 1]);
  });

  it('is renewed five minutes before it expires', async () => {
    const shared = tokens();
    const first = await shared.token(app(), plainly);
    now += 55 * MINUTE;
    const all = await Promise.all(Array.from({ length: 20 }, () => shared.token(app(), plainly)));
    expect([new Set(all).size, all.includes(first), github.tokens.length]).toEqual([1, false, 2]);
  });

  it('is renewed once when the repository has refused it', async () => {
    const shared = tokens();
    const refused = await shared.token(app(), plainly);
    const all = await Promise.all(Array.from({ length: 20 }, () => shared.token(app(), { ...plainly, refused })));
    expect([new Set(all).size, all.includes(refused), github.tokens.length]).toEqual([1, false, 2]);
  });

  it('is not shared between accounts, installations and keys', async () => {
    const shared = tokens();
    await shared.token(app(), plainly);
    await shared.token(app({ owner: 'other' }), plainly);
    await shared.token(app({ installationId: '71' }), plainly);
    await expect(shared.token(app({ privateKey: secure.privateKey }), plainly)).rejects.toThrow('answers 401');
    expect(github.tokens).toHaveLength(3);
  });

  it('is asked for again after a failure', async () => {
    const shared = tokens();
    github.refuse = 503;
    await expect(shared.token(app(), plainly)).rejects.toBeInstanceOf(Unavailable);
    github.refuse = undefined;
    expect(await shared.token(app(), plainly)).toBe(github.tokens[0]);
  });
});

describe('GitHub', () => {
  const trusting = { ...plainly, ca: authority.ca };

  it('is believed by the certificate that is registered for it', async () => {
    expect(await tokens().token(app({}, secure), trusting)).toBe(secure.tokens[0]);
    expect(await tokens().token(app({}, secure), { ...plainly, insecure: true })).toBe(secure.tokens[1]);
    await expect(tokens().token(app({}, secure), plainly)).rejects.toThrow('its certificate is not trusted');
    await expect(tokens().token(app({}, secure), { ...plainly, ca: createAuthority('another').ca })).rejects.toThrow('not trusted');
    expect(secure.tokens).toHaveLength(2);
  });

  it.each([
    [0, 'http'],
    [1, 'socks5'],
  ] as const)('is reached through proxy %i, which speaks %s', async (index, scheme) => {
    const proxy = `${scheme}://way:out@${proxies[index].address}`;
    expect(await tokens().token(app({ proxy }, secure), trusting)).toBe(secure.tokens[0]);
    expect(await tokens().token(app({ proxy }), plainly)).toBe(github.tokens[0]);
    expect(new Set(proxies[index].targets)).toEqual(new Set([github, secure].map(({ url }) => new URL(url).host)));
  });

  it.each([0, 1] as const)('is out of reach where proxy %i refuses, and its password is not told', async (index) => {
    const proxy = `${index === 0 ? 'http' : 'socks5'}://way:canary@${proxies[index].address}`;
    const error = await tokens()
      .token(app({ proxy }, secure), trusting)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).not.toContain('canary');
  });

  it.each([
    [401, InvalidInput, 'githubAppPrivateKey is no key of this githubAppID'],
    [403, InvalidInput, 'check githubAppInstallationID'],
    [404, InvalidInput, 'check githubAppInstallationID'],
    [302, InvalidInput, 'it redirects, which is not followed'],
    [429, Unavailable, 'answers 429'],
    [502, Unavailable, 'answers 502'],
  ])('answering %i is told apart, and what it says is not repeated', async (status, kind, text) => {
    github.refuse = status;
    const error = await tokens()
      .token(app(), plainly)
      .catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(String(error)).toContain(text);
    expect(String(error)).not.toMatch(/Bearer|eyJ/);
  });

  it('without an installation for the account says what to do', async () => {
    await expect(tokens().token(app({ owner: 'nobody' }), plainly)).rejects.toThrow(
      'it is not installed for nobody: install it there, or set githubAppInstallationID',
    );
  });

  it('is not asked with a key that is none, which is not told', async () => {
    const privateKey = '-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\n-----END RSA PRIVATE KEY-----\n';
    const error = await tokens()
      .token(app({ privateKey }), plainly)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInput);
    expect(String(error)).toMatch(/githubAppPrivateKey is no private key that can be read(?!.*Y2Fu)/);
    expect(github.requests).toEqual([]);
  });
});
