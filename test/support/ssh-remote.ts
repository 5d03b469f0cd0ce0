// A repository on a real SSH server: the protocol is ssh2's, what answers is git-upload-pack.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { gitEnvironment } from '../../infra/local/git/repository.ts';
import { type KeyPair, sshKeyPair } from '../../infra/package/proof/ssh-key.ts';

const { Server, utils } = ssh2;

export interface SshRemote {
  readonly port: number;
  /** The line of known_hosts for it. */
  readonly knownHosts: string;
  /** Users who came in, and what they asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Serves the repositories below `root` to whoever has that key. */
export async function startSshRemote(root: string, allowed: KeyPair, hostKey: KeyPair = sshKeyPair()): Promise<SshRemote> {
  const wanted = utils.parseKey(allowed.public);
  if (wanted instanceof Error) throw wanted;
  const requests: string[] = [];
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined).on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      if (context.method !== 'publickey' || !context.key.data.equals(wanted.getPublicSSH())) return context.reject(['publickey']);
      if (context.signature && !wanted.verify(context.blob ?? Buffer.alloc(0), context.signature, context.hashAlgo))
        return context.reject();
      context.accept();
    });
    connection.on('session', (accept) => {
      const environment: Record<string, string> = {};
      const session = accept();
      session.on('env', (acceptEnv, _reject, { key, val }) => {
        if (key === 'GIT_PROTOCOL') environment[key] = val;
        acceptEnv?.();
      });
      session.on('exec', (acceptExec, _reject, { command }) => {
        requests.push(command);
        uploadPack(acceptExec(), command, root, environment);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  return {
    port,
    knownHosts: `[127.0.0.1]:${port} ${hostKey.public}\n`,
    requests,
    close: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function uploadPack(channel: ServerChannel, command: string, root: string, environment: Readonly<Record<string, string>>): void {
  const path = /^git-upload-pack '\/?([\w.-]+)'$/.exec(command)?.[1];
  const child = spawn('git', ['-c', 'safe.directory=*', 'upload-pack', '--strict', `${root}/${path ?? 'nothing'}`], {
    env: { ...gitEnvironment(), ...environment },
  });
  channel.on('error', () => child.kill());
  channel.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.once('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}
