// A stop on the way to the API server: passes every request on, and tells of it first. Used to crash a worker at an exact request.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as send } from 'node:https';
import { listen } from './listen.ts';

/** A request as it arrives, before the API server has seen it. */
export interface Intercepted {
  readonly method: string;
  readonly url: string;
  readonly contentType: string;
}

export interface Interceptor {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on loopback and passes on to `server` (https). `onRequest` answers false to swallow a request: its connection is closed. */
export async function startInterceptor(
  target: { readonly server: string; readonly ca: string },
  onRequest: (request: Intercepted) => boolean,
): Promise<Interceptor> {
  const agent = new Agent({ keepAlive: true, ca: target.ca });
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const passes = onRequest({ method, url, contentType: headers['content-type'] ?? '' });
    if (passes) passOn(incoming, outgoing, target.server, agent);
    else incoming.socket.destroy();
  });
  const listening = await listen(server, 0);
  return {
    url: listening.url,
    close: () => {
      agent.destroy();
      return listening.close();
    },
  };
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, server: string, agent: Agent): void {
  const { method, headers } = incoming;
  const { host: _host, ...kept } = headers;
  const onward = send(new URL(incoming.url ?? '/', server), { agent, headers: kept, ...(method ? { method } : {}) }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders(); // a watch with nothing to tell has an answer all the same
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
