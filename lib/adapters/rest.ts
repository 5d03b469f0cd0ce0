// The thin REST client: one request to one API server as one identity. It knows HTTP, credentials and sockets, nothing of kinds.
import type { Dispatcher } from 'undici';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { borrowTransport, type ClusterConnection, requestOn } from './transport.ts';

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute API path, already percent-encoded, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  /** ETag of the answer that is held already; the server may say 304. */
  readonly ifNoneMatch?: string | undefined;
  /** May be sent again when a kept-alive connection turns out to be dead. */
  readonly repeatable: boolean;
}

export interface RestAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
  readonly etag: string | undefined;
}

/** An answer whose body is still coming. `body` ends with an error when `signal` is aborted. */
export interface RestStream {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** The rest of the body as one text, for answers that are errors. */
  readonly answer: () => Promise<RestAnswer>;
}

export interface Rest {
  readonly server: string;
  /** Any status is an answer. Throws Unavailable when there is none: no connection, bad certificate, time limit. */
  send(request: RestRequest): Promise<RestAnswer>;
  /** Like `send`, with a body to be read as it comes and no time limit but `signal`. */
  stream(request: RestRequest, signal: AbortSignal): Promise<RestStream>;
  requestCount(): number;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
// A page of 500 objects is some MB; an answer beyond this is a fault or an attack, and must not take the worker's memory.
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** Throws InvalidInput when the connection's address or TLS settings cannot be used. Nothing is sent before the first request. */
export function createRest(connection: ClusterConnection): Rest {
  const transport = borrowTransport(connection);
  let requests = 0;

  async function once(request: RestRequest, authorization: string | undefined, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    requests += 1;
    return requestOn(transport.pool(), {
      method: request.method,
      path: transport.basePath + request.path,
      headers: headersOf(request, authorization),
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** With the credential of now; where that is a token and the server refuses it, once more with another, if there is one. */
  async function authorized<T>(exchange: (authorization: string | undefined) => Promise<T & { readonly status: number }>): Promise<T> {
    const token = await connection.token?.();
    const answer = await exchange(authorizationOf(connection, token));
    if (answer.status !== 401 || token === undefined) return answer;
    const other = await connection.token?.(token);
    return other === undefined || other === token ? answer : exchange(authorizationOf(connection, other));
  }

  /** Answers within the time limit; a dead kept-alive connection is met once more on a new one. */
  async function attempt<T>(request: RestRequest, exchange: () => Promise<T>): Promise<T> {
    try {
      return await exchange();
    } catch (error) {
      if (!request.repeatable || !isStale(error)) throw unavailable(connection.server, request, error);
    }
    try {
      return await exchange();
    } catch (error) {
      throw unavailable(connection.server, request, error);
    }
  }

  async function timed(request: RestRequest, authorization: string | undefined): Promise<RestAnswer> {
    const pool = transport.pool();
    const signal = AbortSignal.timeout(connection.fetchTimeoutMs ?? TIMEOUT_MS);
    try {
      return await wholeAnswer(await once(request, authorization, signal));
    } catch (error) {
      if (isTimeout(error)) transport.suspect(pool);
      throw error;
    }
  }

  function send(request: RestRequest): Promise<RestAnswer> {
    return authorized((authorization) => attempt(request, () => timed(request, authorization)));
  }

  function stream(request: RestRequest, signal: AbortSignal): Promise<RestStream> {
    return authorized((authorization) =>
      attempt(request, async () => {
        const response = await once(request, authorization, signal);
        return { status: response.statusCode, body: response.body, answer: () => wholeAnswer(response) };
      }),
    );
  }

  return { server: connection.server, send, stream, requestCount: () => requests, close: transport.release };
}

function headersOf(request: RestRequest, authorization: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { accept: request.accept ?? 'application/json', 'user-agent': 'evenkeel' };
  if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
  if (request.ifNoneMatch !== undefined) headers['if-none-match'] = request.ifNoneMatch;
  if (authorization !== undefined) headers['authorization'] = authorization;
  return headers;
}

function authorizationOf(connection: ClusterConnection, token: string | undefined): string | undefined {
  if (token !== undefined) {
    // undici would refuse it too, but we do not rely on its words to keep the token out of them.
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new InvalidInput(`cluster ${connection.server}: its bearer token holds characters that no header may carry`);
    return `Bearer ${token}`;
  }
  const { basic } = connection;
  return basic === undefined ? undefined : `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`;
}

async function wholeAnswer(response: Dispatcher.ResponseData): Promise<RestAnswer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  const { 'retry-after': retryAfter, etag } = response.headers;
  return { status: response.statusCode, body: Buffer.concat(chunks).toString('utf8'), retryAfter: first(retryAfter), etag: first(etag) };
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** The socket was dead before the server saw the request, or died under it; which of the two cannot be told. */
function isStale(error: unknown): boolean {
  return [
    'UND_ERR_SOCKET',
    'ECONNRESET',
    'EPIPE',
    'ERR_HTTP2_STREAM_ERROR',
    'ERR_HTTP2_SESSION_ERROR',
    'ERR_HTTP2_GOAWAY_SESSION',
  ].includes(codeOf(error));
}

/** Words of ours alone, without a cause: what libraries say may hold headers or bodies. */
function unavailable(server: string, request: RestRequest, error: unknown): Error {
  if (error instanceof InvalidInput) return error;
  const path = request.path.replace(/\?.*$/, '');
  return new Unavailable(`${request.method} ${path} on ${server}: ${faultOf(error)}`);
}

function faultOf(error: unknown): string {
  if (isTimeout(error)) return 'no answer within the time limit';
  const code = codeOf(error);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code))
    return `the server's certificate is not trusted (${code}): check the CA that is set for it, and the name that it is for`;
  if (code !== '') return `no connection (${code})`;
  return error instanceof Error && error.message === 'the answer is too large' ? error.message : 'no answer';
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
