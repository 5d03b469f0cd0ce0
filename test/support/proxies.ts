// Proxies as companies run them, small: HTTP (CONNECT and plain requests) and SOCKS5 (RFC 1928, 1929). They write down whom they serve.
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface RecordingProxy {
  /** `host:port` of the proxy itself. */
  readonly address: string;
  /** `host:port` of each connection that was asked for, refused ones too. */
  readonly targets: string[];
  close(): Promise<void>;
}

/** `demand`: `user:password` that every request must bring. */
export async function startHttpProxy(demand: string): Promise<RecordingProxy> {
  const targets: string[] = [];
  const allowed = ({ headers }: IncomingMessage) => headers['proxy-authorization'] === `Basic ${Buffer.from(demand).toString('base64')}`;
  const server = createHttpServer((asked, answer) => {
    const url = new URL(asked.url ?? '');
    targets.push(url.host);
    if (!allowed(asked)) {
      answer.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = asked.headers;
    const on = request(url, { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    on.on('error', () => answer.destroy());
    asked.pipe(on);
  });
  server.on('connect', (asked: IncomingMessage, socket: Socket) => {
    targets.push(asked.url ?? '');
    if (!allowed(asked)) {
      socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      );
      return;
    }
    const { hostname, port } = new URL(`http://${asked.url}`);
    join(socket, hostname, Number(port), () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
  });
  return listening(server, targets);
}

/** `demand`: `user:password` that everybody must bring. `elsewhere`: ports of this machine that stand for a `host:port`. */
export async function startSocksProxy(demand: string, elsewhere: Readonly<Record<string, number>> = {}): Promise<RecordingProxy> {
  const targets: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serveSocks(socket, demand, targets, elsewhere).catch(() => socket.destroy());
  });
  return listening(server, targets);
}

async function serveSocks(socket: Socket, demand: string, targets: string[], elsewhere: Readonly<Record<string, number>>): Promise<void> {
  const read = async (length: number): Promise<Buffer> => {
    for (;;) {
      const bytes: Buffer | null = socket.read(length);
      if (bytes !== null) return bytes;
      await once(socket, 'readable');
    }
  };
  const word = async () => (await read((await read(1))[0] ?? 0)).toString('utf8');
  const [, count = 0] = await read(2);
  socket.write(Buffer.from([5, (await read(count)).includes(2) ? 2 : 255]));
  await read(1);
  const given = `${await word()}:${await word()}`;
  socket.write(Buffer.from([1, given === demand ? 0 : 1]));
  if (given !== demand) return;
  const [, , , kind] = await read(4);
  const host = kind === 1 ? [...(await read(4))].join('.') : await word();
  const target = `${host}:${(await read(2)).readUInt16BE()}`;
  targets.push(target);
  const port = elsewhere[target];
  const established = () => socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  join(socket, port === undefined ? host : '127.0.0.1', port ?? Number(target.slice(host.length + 1)), established);
}

function join(near: Socket, host: string, port: number, established: () => void): void {
  const far = connect(port, host, () => {
    established();
    near.pipe(far).pipe(near);
  });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

async function listening(server: Server | HttpServer, targets: string[]): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return {
    address: `127.0.0.1:${port}`,
    targets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
