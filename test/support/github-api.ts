// A stand-in for GitHub's REST API: the two endpoints that give an app its installation tokens, and no more of GitHub than these.

import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface GithubStandIn {
  /** Base of the API, as `githubAppEnterpriseBaseUrl` has it. */
  readonly url: string;
  readonly appId: string;
  /** PEM, in PKCS#1 as GitHub hands it out. */
  readonly privateKey: string;
  /** Method and path of each request. */
  readonly requests: string[];
  /** Tokens that were issued, the latest last. */
  readonly tokens: string[];
  /** Accounts that the app is installed for, by installation id. */
  installations: Readonly<Record<string, string>>;
  /** How long a token lives. */
  lifeMs: number;
  /** Answers everything with this status while it is set, and says back what it was sent. */
  refuse: number | undefined;
  close(): Promise<void>;
}

/** `now`: the clock that tokens expire by. */
export async function startGithubStandIn(now: () => number, tls?: ServerOptions): Promise<GithubStandIn> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const state: GithubStandIn = {
    url: '',
    appId: '7',
    privateKey: pem,
    requests: [],
    tokens: [],
    installations: { 70: 'Shop', 71: 'other' },
    lifeMs: 3600_000,
    refuse: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const serve: RequestListener = (request, response) => {
    state.requests.push(`${request.method} ${request.url}`);
    const status = state.refuse ?? (isAllowed(request, state, now()) ? undefined : 401);
    if (status !== undefined) return answer(response, status, { message: `refused ${request.headers.authorization}` });
    respond(request, response, state, now());
  };
  const server = tls ? createTlsServer(tls, serve) : createPlainServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return Object.assign(state, { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/api/v3` });
}

function respond(request: IncomingMessage, response: ServerResponse, state: GithubStandIn, now: number): void {
  const url = new URL(request.url ?? '', 'http://localhost');
  if (request.method === 'GET' && url.pathname === '/api/v3/app/installations') {
    const all = Object.entries(state.installations).map(([id, login]) => ({ id: Number(id), account: { login } }));
    const [size, page] = ['per_page', 'page'].map((name) => Number(url.searchParams.get(name)));
    answer(response, 200, all.slice(((page ?? 1) - 1) * (size ?? 30), (page ?? 1) * (size ?? 30)));
    return;
  }
  const id = /^\/api\/v3\/app\/installations\/(\d+)\/access_tokens$/.exec(url.pathname)?.[1];
  if (request.method === 'POST' && id !== undefined && id in state.installations) issue(response, state, now);
  else answer(response, 404, { message: 'Not Found' });
}

function issue(response: ServerResponse, state: GithubStandIn, now: number): void {
  const token = `ghs_${randomBytes(16).toString('hex')}`;
  state.tokens.push(token);
  answer(response, 201, { token, expires_at: new Date(now + state.lifeMs).toISOString() });
}

/** As GitHub documents it: RS256, issued by the app, not in the future, for ten minutes at most. */
function isAllowed({ headers }: IncomingMessage, { appId, privateKey }: GithubStandIn, now: number): boolean {
  const [head = '', claims = '', signature = ''] = (headers.authorization ?? '').replace(/^Bearer /, '').split('.');
  const signed = verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), createPublicKey(privateKey), Buffer.from(signature, 'base64url'));
  if (!signed) return false;
  const [{ alg }, { iss, iat, exp }] = [head, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  return alg === 'RS256' && iss === appId && iat * 1000 <= now && exp * 1000 > now && exp - iat <= 600;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
