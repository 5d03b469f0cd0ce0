// One keep-alive connection pool per API server and TLS identity, shared by every Cluster of the process that may share it.
import { createHash } from 'node:crypto';
import type { Dispatcher, Pool } from 'undici';
// By themselves, in the pinned version: the whole package, with fetch, web sockets and caches, takes a third of a cold start to load.
import send from 'undici/lib/api/api-request.js';
import HttpPool from 'undici/lib/dispatcher/pool.js';
import { InvalidInput } from '../model/errors.ts';

/** How to reach one API server as one identity. At most one of client certificate, basic pair and token is meant to be there. */
export interface ClusterConnection {
  readonly server: string;
  /** PEM bundle that the server's certificate must chain to; absent = the system's roots. */
  readonly caPem?: string | undefined;
  readonly insecure?: boolean | undefined;
  /** Name that the server's certificate must carry, when it is not the host of `server`. */
  readonly serverName?: string | undefined;
  readonly certPem?: string | undefined;
  readonly keyPem?: string | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  /** The bearer token to send now. `rejected` is one that the server has just refused: the answer should then be another. */
  readonly token?: ((rejected?: string) => Promise<string | undefined>) | undefined;
  /** Limit of one request, from connecting to the last byte; 30 s when absent. */
  readonly fetchTimeoutMs?: number | undefined;
}

/** A borrowed pool. `release` gives it back; the last one to do so closes it. */
export interface Transport {
  pool(): Pool;
  /** Path in front of every API path, for servers behind a gateway (`/k8s/clusters/c-1`). */
  readonly basePath: string;
  /** A request on this pool got no answer in time: its connection may be dead without a sign, so later requests get new ones. */
  suspect(pool: Pool): void;
  release(): Promise<void>;
}

interface Held {
  pool: Pool;
  users: number;
}

// HTTP/2 needs one connection; these are for servers that speak HTTP/1.1 only.
const CONNECTIONS = 32;
const KEEP_ALIVE_MS = 60_000;
const CONNECT_MS = 10_000;

// Process-wide on purpose: sockets belong to the process, and identities that are only a header apart must meet on the same ones.
const shared = new Map<string, Held>();

/** One request on a pool; resolves with the answer's head, its body still to be read. */
export function requestOn(pool: Pool, options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  return send.call(pool, options);
}

/** Which server this is, the client's own identity left out: what is learnt of it (discovery) holds for every identity. */
export function serverKey(connection: ClusterConnection): string {
  const { server, caPem, insecure, serverName } = connection;
  return digest([server, caPem, insecure === true, serverName]);
}

/** Throws InvalidInput on an address or TLS settings that cannot be used. */
export function borrowTransport(connection: ClusterConnection): Transport {
  const url = serverUrl(connection.server);
  // Client certificates authenticate the socket itself, so whoever has one must never share its sockets with anybody who has not.
  const key = digest([serverKey(connection), connection.certPem, connection.keyPem]);
  const held = shared.get(key) ?? { pool: openPool(url.origin, connection), users: 0 };
  shared.set(key, held);
  held.users += 1;
  return {
    pool: () => held.pool,
    basePath: url.pathname.replace(/\/+$/, ''),
    suspect: (pool) => {
      if (held.pool !== pool) return;
      held.pool = openPool(url.origin, connection);
      void pool.close(); // what is still under way on it may end, each within its own time limit
    },
    release: once(() => release(key, held)),
  };
}

async function release(key: string, held: Held): Promise<void> {
  held.users -= 1;
  if (held.users > 0) return;
  shared.delete(key);
  await held.pool.destroy();
}

function openPool(origin: string, connection: ClusterConnection): Pool {
  const { caPem, insecure, serverName, certPem, keyPem } = connection;
  if (insecure === true && caPem !== undefined)
    throw new InvalidInput(`cluster ${origin}: insecure and a CA exclude each other, set one of them`);
  return new HttpPool(origin, {
    connections: CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: {
      timeout: CONNECT_MS,
      rejectUnauthorized: insecure !== true,
      ...(caPem === undefined ? {} : { ca: caPem }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(certPem === undefined ? {} : { cert: certPem }),
      ...(keyPem === undefined ? {} : { key: keyPem }),
    },
  });
}

function serverUrl(server: string): URL {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new InvalidInput('cluster server is not an http or https address');
  if (url.username !== '' || url.password !== '') throw new InvalidInput(`cluster ${url.host}: take user and password out of the address`);
  return url;
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= act();
    return done;
  };
}
