// https for the Git server: TLS ends here, and what was inside goes on to the server.
import { once } from 'node:events';
import { connect } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.ts';

export interface TlsFront {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port for `target`, an `http://127.0.0.1:PORT`. */
export async function startTlsFront(target: string, certificate: Certificate): Promise<TlsFront> {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (socket) => {
    sockets.add(socket);
    const onward = connect(Number(new URL(target).port), '127.0.0.1');
    pipeline(socket, onward, () => undefined);
    pipeline(onward, socket, () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
