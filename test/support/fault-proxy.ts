// A proxy before the run's API server that lets requests go wrong: refused before they arrive, carried out without an answer, or answered
// with an error that the API server did not give.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as send } from 'node:https';
import type { AddressInfo } from 'node:net';

/** `lost`: it never arrives. `unanswered`: it is carried out, and the connection breaks. `silent`: it is carried out, and nothing more comes. */
export type Fate = 'pass' | 'lost' | 'unanswered' | 'silent' | 409 | 429 | 500 | 503;

export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

export interface FaultProxy {
  readonly url: string;
  /** Decides over each request from now on. */
  judge(fate: (request: ProxiedRequest) => Fate): void;
  close(): Promise<void>;
}

/** In front of an API server with this CA; who asks brings its own credential. */
export async function startFaultProxy(target: { readonly server: string; readonly ca: string }): Promise<FaultProxy> {
  let judge: (request: ProxiedRequest) => Fate = () => 'pass';
  const server = createServer((asked, answer) => {
    const fate = judge({ method: asked.method ?? '', path: asked.url ?? '' });
    if (fate === 'lost') asked.socket.destroy();
    else if (typeof fate === 'number') refuse(answer, fate);
    else forward(target, asked, answer, fate);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    judge: (next) => {
      judge = next;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const REASONS: Readonly<Record<number, string>> = {
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** As the API server puts it (Kubernetes API, `Status`). */
function refuse(answer: ServerResponse, code: number): void {
  const status = { apiVersion: 'v1', kind: 'Status', status: 'Failure', message: 'injected by the test', reason: REASONS[code], code };
  const headers = { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) };
  answer.writeHead(code, headers).end(JSON.stringify(status));
}

function forward(
  target: { readonly server: string; readonly ca: string },
  asked: IncomingMessage,
  answer: ServerResponse,
  fate: 'pass' | 'unanswered' | 'silent',
): void {
  const url = new URL(asked.url ?? '', target.server);
  const { host: _host, ...headers } = asked.headers;
  const on = send(url, { method: asked.method, headers, ca: target.ca }, (got) => {
    if (fate === 'pass') {
      answer.writeHead(got.statusCode ?? 502, got.headers).flushHeaders(); // a watch may have nothing to say for long
      got.pipe(answer);
      return;
    }
    got.resume().on('end', () => fate === 'unanswered' && asked.socket.destroy());
  });
  on.on('error', () => answer.destroy());
  asked.pipe(on);
}
