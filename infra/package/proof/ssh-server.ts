// A Git server over SSH (RFC 4252, RFC 4254) for the proof: one user, known by a key, who may run git-upload-pack on one repository.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import ssh2 from 'ssh2';
import { sshKeyPair } from './ssh-key.ts';

export interface SshServer {
  readonly port: number;
  /** What a client's known_hosts must say of it. */
  readonly knownHost: string;
  /** The private key of the one who may fetch, in OpenSSH's format. */
  readonly clientKey: string;
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. `git` is the program that serves, `repository` the folder that it may serve. */
export async function startSshServer(git: string, repository: string): Promise<SshServer> {
  const [host, client] = [sshKeyPair(), sshKeyPair()];
  const server = new ssh2.Server({ hostKeys: [host.private] }, (connection) => {
    // A client that goes away, or refuses this server, is what some checks are about.
    connection.on('error', () => undefined);
    connection.on('authentication', (attempt) => (isClient(attempt, client.public) ? attempt.accept() : attempt.reject(['publickey'])));
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, rejectExec, { command }) => {
        if (command === `git-upload-pack '${repository}'`) serve(acceptExec(), git, repository);
        else rejectExec();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    port,
    knownHost: `[127.0.0.1]:${port} ${host.public}\n`,
    clientKey: client.private,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Without a signature the client only asks whether the key would do. */
function isClient(attempt: ssh2.AuthContext, publicKey: string): boolean {
  const known = ssh2.utils.parseKey(publicKey);
  if (known instanceof Error || attempt.method !== 'publickey' || !known.getPublicSSH().equals(attempt.key.data)) return false;
  return attempt.signature === undefined || known.verify(attempt.blob ?? Buffer.alloc(0), attempt.signature, attempt.hashAlgo) === true;
}

function serve(channel: ssh2.ServerChannel, git: string, repository: string): void {
  const child = spawn(git, ['upload-pack', '--strict', repository], { env: { PATH: '' } });
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.stdin.on('error', () => undefined);
  child.once('close', (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}
