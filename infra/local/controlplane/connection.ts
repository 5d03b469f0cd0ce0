// How the local host and the tests reach the control plane's API server: one request at a time, no client library in between.
import { Agent, request as httpsRequest } from 'node:https';
import { Conflict, InvalidInput, messageOf, NotPermitted, Unavailable } from '../../../lib/model/errors.ts';

export interface Connection {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** The API server's certificates, PEM. */
  readonly ca: string;
  /** A bearer token of group system:masters. */
  readonly token: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiRequest {
  readonly method?: Method;
  readonly body?: unknown;
  /** For PATCH; merge patch unless said otherwise. */
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

/** Sends requests over a few kept connections until it is closed. */
export interface ApiClient {
  /**
   * The answer's body, parsed when it is JSON. NotPermitted on 401 and 403, Conflict on 409, Unavailable on 429, 5xx and broken connections,
   * InvalidInput on any other refusal.
   */
  readonly send: (path: string, request?: ApiRequest) => Promise<unknown>;
  readonly close: () => void;
}

const TIMEOUT_MS = 10_000;

export function apiClient(connection: Connection): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: connection.ca, maxSockets: 8 });
  return {
    send: async (path, request = {}) => {
      const { status, text } = await exchange(connection, agent, path, request);
      if (status >= 200 && status < 300) return parsed(text);
      throw refusal(status, `${request.method ?? 'GET'} ${path}: ${status} ${statusMessage(text)}`);
    },
    close: () => agent.destroy(),
  };
}

function exchange(connection: Connection, agent: Agent, path: string, request: ApiRequest): Promise<{ status: number; text: string }> {
  const method = request.method ?? 'GET';
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const type = method === 'PATCH' ? (request.contentType ?? 'application/merge-patch+json') : 'application/json';
  const headers = {
    authorization: `Bearer ${connection.token}`,
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': type }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      `${connection.server}${path}`,
      { method, headers, agent, timeout: request.timeoutMs ?? TIMEOUT_MS },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', failed);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      },
    );
    const failed = (cause: Error) => reject(new Unavailable(`${method} ${path}: ${messageOf(cause)}`, { cause }));
    outgoing.on('error', failed);
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function statusMessage(text: string): string {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') return value.message;
  return text.slice(0, 500);
}

function refusal(status: number, message: string): Error {
  if (status === 401 || status === 403) return new NotPermitted(message);
  if (status === 409) return new Conflict(message);
  return status === 429 || status >= 500 ? new Unavailable(message) : new InvalidInput(message);
}
