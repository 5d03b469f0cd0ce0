// A node:http server bound to the loopback address, and closed without waiting for idle connections.
import type { Server } from 'node:http';
import { InvalidInput } from '../../lib/model/errors.ts';

export interface Listening {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Binds to `port`, or to a free one for 0 or none. Throws InvalidInput when the port is taken. */
export async function listen(server: Server, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(explain(cause, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => close(server) };
}

function explain(cause: NodeJS.ErrnoException, port: number): Error {
  if (cause.code === 'EADDRINUSE')
    return new InvalidInput(`port ${port} on 127.0.0.1 is taken: end what uses it, or choose another with --port`, { cause });
  if (cause.code === 'EACCES')
    return new InvalidInput(`port ${port} on 127.0.0.1 is not ours to use: choose one above 1023 with --port`, { cause });
  return cause;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
