// Installation tokens of GitHub Apps (spec/credentials.md §8; GitHub's documentation, "Authenticating as a GitHub App installation").
import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import type { GithubApp } from '../model/repository-credential.ts';
import type { Clock } from '../ports.ts';
import { jsonOf } from './refusal.ts';
import { type WebAnswer, webRequest } from './web-request.ts';

/** How the API is reached, and a token of it that the repository has just refused. */
export interface TokenRequest extends Pick<RepositoryAccess, 'ca' | 'insecure' | 'clientCertificate'> {
  readonly refused: string | undefined;
}

export interface GithubTokens {
  /** Throws InvalidInput when the app, its key or its installation is refused, Unavailable when GitHub does not answer. */
  token(app: GithubApp, request: TokenRequest): Promise<string>;
}

interface Token {
  readonly token: string;
  readonly expiresAt: number;
}

/** GitHub takes ten minutes at most, and clocks differ. */
const JWT_SECONDS = 9 * 60;
const CLOCK_SKEW_SECONDS = 60;
/** A fetch that begins with a token must end before the token does. */
const MARGIN_MS = 5 * 60_000;
const PAGE = 100;
const MAX_PAGES = 20;
const MAX_TOKENS = 200;

const installations = z.array(z.looseObject({ id: z.number(), account: z.looseObject({ login: z.string() }).nullish() }));
const issued = z.looseObject({ token: z.string().regex(/^[\x21-\x7e]+$/), expires_at: z.string() });

export function createGithubTokens(clock: Clock): GithubTokens {
  const held = new Map<string, Promise<Token>>();

  function begin(key: string, app: GithubApp, request: TokenRequest): Promise<Token> {
    const token = issue(app, request, clock);
    held.delete(key);
    held.set(key, token);
    for (const oldest of held.keys()) if (held.size > MAX_TOKENS) held.delete(oldest);
    token.catch(() => held.get(key) === token && held.delete(key));
    return token;
  }

  return {
    token: async (app, request) => {
      const key = keyOf(app);
      const known = held.get(key);
      const usable = await known?.catch(() => undefined);
      if (usable && usable.token !== request.refused && usable.expiresAt - clock() > MARGIN_MS) return usable.token;
      // Of all who waited here for the same, the first begins another.
      const other = held.get(key);
      return (await (other === undefined || other === known ? begin(key, app, request) : other)).token;
    },
  };
}

/** Two apps, two keys of one app, and two owners have tokens of their own. */
function keyOf({ appId, installationId, privateKey, apiUrl, owner }: GithubApp): string {
  const account = installationId === '' ? owner.toLowerCase() : '';
  return createHash('sha256')
    .update(JSON.stringify([apiUrl, appId, installationId, account, privateKey]))
    .digest('hex');
}

async function issue(app: GithubApp, request: TokenRequest, clock: Clock): Promise<Token> {
  const api = apiOf(app, request, clock);
  const installation = app.installationId || (await installationOf(app, api));
  const answer = issued.safeParse(await api('POST', `/app/installations/${installation}/access_tokens`));
  const expiresAt = answer.success ? Date.parse(answer.data.expires_at) : Number.NaN;
  if (!answer.success || Number.isNaN(expiresAt)) throw new Unavailable(`${nameOf(app)}: the answer holds no token`);
  return { token: answer.data.token, expiresAt };
}

/** Where the app is installed for the account that owns the repository. */
async function installationOf(app: GithubApp, api: Api): Promise<string> {
  const owner = app.owner.toLowerCase();
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const listed = installations.safeParse(await api('GET', `/app/installations?per_page=${PAGE}&page=${page}`));
    if (!listed.success) throw new Unavailable(`${nameOf(app)}: the answer is no list of installations`);
    const found = listed.data.find(({ account }) => account?.login.toLowerCase() === owner);
    if (found) return String(found.id);
    if (listed.data.length < PAGE) break;
  }
  throw new InvalidInput(`${nameOf(app)}: it is not installed for ${app.owner}: install it there, or set githubAppInstallationID`);
}

type Api = (method: 'GET' | 'POST', path: string) => Promise<unknown>;

function apiOf(app: GithubApp, request: TokenRequest, clock: Clock): Api {
  const key = privateKeyOf(app);
  return async (method, path) => {
    const headers = {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${jwt(app.appId, key, clock())}`,
      'user-agent': 'evenkeel',
      'x-github-api-version': '2022-11-28',
    };
    const { ca, insecure, clientCertificate } = request;
    const answer = await webRequest(`${app.apiUrl}${path}`, { method, headers, ca, insecure, clientCertificate, proxy: app.proxy });
    if (answer.status >= 200 && answer.status < 300) return jsonOf(answer.body);
    throw refusalOf(app, answer, path);
  };
}

/** The texts are ours: what a server answers may hold anything. */
function refusalOf(app: GithubApp, { status, retryAfter }: WebAnswer, path: string): Error {
  const asked = `${nameOf(app)}: ${path.replace(/\?.*$/, '')} answers ${status}`;
  if (status === 429 || status >= 500 || (status === 403 && retryAfter !== undefined)) return new Unavailable(asked);
  if (status === 401)
    return new InvalidInput(`${asked}: githubAppPrivateKey is no key of this githubAppID, or this machine's clock is wrong`);
  if (status >= 300 && status < 400)
    return new InvalidInput(`${asked}: it redirects, which is not followed: correct githubAppEnterpriseBaseUrl`);
  return new InvalidInput(
    `${asked}: check githubAppInstallationID, that the app is installed and not suspended, and githubAppEnterpriseBaseUrl`,
  );
}

function nameOf({ appId, apiUrl }: GithubApp): string {
  return `GitHub App ${appId} at ${apiUrl}`;
}

function privateKeyOf(app: GithubApp): KeyObject {
  try {
    return createPrivateKey(app.privateKey);
  } catch {
    throw new InvalidInput(`${nameOf(app)}: githubAppPrivateKey is no private key that can be read`); // the cause may quote it
  }
}

/** RFC 7519, signed as RS256 (RFC 7518 §3.3). */
function jwt(appId: string, key: KeyObject, now: number): string {
  const seconds = Math.floor(now / 1000);
  const claims = { iss: appId, iat: seconds - CLOCK_SKEW_SECONDS, exp: seconds + JWT_SECONDS };
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
