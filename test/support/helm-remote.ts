// A Helm repository over http or https, whose answers a test may spoil.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority } from './certificates.ts';
import { chartArchive } from './tarball.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface HelmRemote {
  /** `http://127.0.0.1:PORT`, the repository's URL. */
  readonly url: string;
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  /** The Basic authorization that requests must carry, `user:password`. */
  demand: string | undefined;
  /** Answers every request with this status while it is set. */
  refuse: number | undefined;
  /** Adds a version of a chart to the index, or publishes it anew; a digest or URL other than the right one for those who lie. */
  add(name: string, version: string, options?: { archive?: Buffer; digest?: string; url?: string }): void;
  /** What is served at a path instead. */
  serve(path: string, answer: Answer | Buffer | string): void;
  close(): Promise<void>;
}

export interface HelmRemoteOptions {
  readonly authority?: Authority;
  /** Connections without a certificate of the authority are refused. */
  readonly demandCertificate?: boolean;
}

export async function startHelmRemote({ authority, demandCertificate = false }: HelmRemoteOptions = {}): Promise<HelmRemote> {
  const served = new Map<string, Answer | Buffer | string>();
  const entries: Record<
    string,
    { readonly name: string; readonly version: string; readonly digest: string; readonly urls: readonly string[] }[]
  > = {};
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    remote.requests.push({ path, authorization: request.headers.authorization });
    const status = refusalOf(request, remote);
    if (status !== undefined) return void response.writeHead(status).end();
    const answer = served.get(path) ?? (path === '/index.yaml' ? indexOf(entries) : undefined);
    if (typeof answer === 'function') return answer(request, response);
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  };
  const tls = authority && {
    ...authority.issue('server'),
    ca: authority.ca,
    requestCert: demandCertificate,
    rejectUnauthorized: demandCertificate,
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const remote: HelmRemote = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests: [],
    demand: undefined,
    refuse: undefined,
    add: (name, version, { archive = chartArchive(name, version), digest, url } = {}) => {
      const path = `/charts/${name}-${version}.tgz`;
      served.set(path, archive);
      const sum = digest ?? createHash('sha256').update(archive).digest('hex');
      const others = (entries[name] ?? []).filter((entry) => entry.version !== version);
      entries[name] = [...others, { name, version, digest: sum, urls: [url ?? path.slice(1)] }];
    },
    serve: (path, answer) => served.set(path, answer),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return remote;
}

function indexOf(entries: unknown): string {
  return JSON.stringify({ apiVersion: 'v1', entries });
}

function refusalOf(request: IncomingMessage, { refuse, demand }: HelmRemote): number | undefined {
  return refuse ?? (demand === undefined || request.headers.authorization === basic(demand) ? undefined : 401);
}

export function basic(userinfo: string): string {
  return `Basic ${Buffer.from(userinfo).toString('base64')}`;
}
