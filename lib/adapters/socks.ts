// A connection through a SOCKS5 proxy (RFC 1928, with the user name and password of RFC 1929). ssh has no way of its own through one, so
// a port of this machine leads there for as long as one ssh runs.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Unavailable } from '../model/errors.ts';

export interface SocksTarget {
  readonly host: string;
  readonly port: number;
}

export interface Tunnel {
  readonly port: number;
  /** Why no connection came about, for whoever wonders that ssh got none. */
  readonly fault: () => Error | undefined;
  close(): void;
}

const PORT = 1080;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const REPLIES = ['', 'general failure', 'not allowed', 'network unreachable', 'host unreachable', 'connection refused', 'TTL expired'];

/** The proxy resolves the host's name. Throws Unavailable, without the proxy's user and password, when it does not lead there. */
export async function connectBySocks(proxy: URL, target: SocksTarget, timeoutMs: number): Promise<Socket> {
  const socket = connect(Number(proxy.port) || PORT, proxy.hostname.replace(/^\[(.*)\]$/, '$1'));
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer within the time limit')));
  try {
    await once(socket, 'connect');
    const read = reader(socket);
    await authenticate(socket, read, proxy);
    socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, target.host.length]), Buffer.from(target.host), port16(target.port)]));
    const [, reply = 1, , kind] = await read(4);
    if (reply !== 0) throw new Error(REPLIES[reply] ?? `reply ${reply}`);
    await read((kind === 1 ? 4 : kind === 4 ? 16 : ((await read(1))[0] ?? 0)) + 2);
    socket.setTimeout(0);
    return socket;
  } catch (cause) {
    socket.destroy();
    const why = cause instanceof Error ? cause.message : 'no answer';
    throw new Unavailable(`proxy ${proxy.host} does not lead to ${target.host}:${target.port}: ${why}`);
  }
}

/** Listens on this machine for one connection, and leads it to the target. */
export async function openTunnel(proxy: URL, target: SocksTarget, timeoutMs: number): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  let fault: Error | undefined;
  const server: Server = createServer({ pauseOnConnect: true }, (local) => {
    server.close();
    sockets.add(local);
    local.on('error', () => local.destroy());
    connectBySocks(proxy, target, timeoutMs).then(
      (far) => {
        sockets.add(far);
        far.on('error', () => local.destroy()).on('close', () => local.destroy());
        local.on('close', () => far.destroy());
        local.pipe(far).pipe(local);
      },
      (error: Error) => {
        fault = error;
        local.destroy();
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    fault: () => fault,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function authenticate(socket: Socket, read: (length: number) => Promise<Buffer>, proxy: URL): Promise<void> {
  const named = proxy.username !== '';
  socket.write(Buffer.from(named ? [5, 2, NO_AUTHENTICATION, USER_AND_PASSWORD] : [5, 1, NO_AUTHENTICATION]));
  const [version, method] = await read(2);
  if (version !== 5) throw new Error('it is no SOCKS5 proxy');
  if (method === NO_AUTHENTICATION) return;
  if (method !== USER_AND_PASSWORD || !named) throw new Error('it wants a user name and password');
  const words = [proxy.username, proxy.password].map((word) => Buffer.from(decodeURIComponent(word)));
  socket.write(Buffer.concat([Buffer.from([1]), ...words.flatMap((word) => [Buffer.from([word.length]), word])]));
  const [, status] = await read(2);
  if (status !== 0) throw new Error('it refuses the user name or password');
}

function port16(port: number): Buffer {
  return Buffer.from([port >> 8, port & 255]);
}

/** Exactly so many bytes, and not one more taken from the socket. */
function reader(socket: Socket): (length: number) => Promise<Buffer> {
  return async (length) => {
    for (;;) {
      const bytes: Buffer | null = socket.read(length);
      if (bytes !== null) return bytes;
      await new Promise<void>((resolve, reject) => {
        socket.once('readable', resolve);
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('it closed the connection')));
      });
    }
  };
}
