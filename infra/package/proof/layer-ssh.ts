// The layer's ssh on its own: which libraries it loads, whom it trusts, and a repository fetched with it.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../lib/model/errors.ts';
import { LOADER, SSH_FOLDER } from '../layers/ssh.ts';
import { layerGit, listed } from './layer-git.ts';
import { startSshServer } from './ssh-server.ts';
import type { Unpacked } from './unpacked.ts';

const run = promisify(execFile);

/** "Using Lambda environment variables": where the runtime lets programs look for libraries before they look elsewhere. */
const LAMBDA_LIBRARIES = '/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib';

/** Asks ssh's loader what it would load, and ssh for its version; throws unless all of it is the layer's. How many libraries, which version. */
export async function checkSshLibraries({ opt, ssh }: Unpacked): Promise<{ readonly count: number; readonly version: string }> {
  const env = { PATH: '', LD_LIBRARY_PATH: LAMBDA_LIBRARIES };
  const folder = join(opt, SSH_FOLDER);
  const loaded = await listed(join(folder, LOADER), ['--library-path', folder, '--list', join(folder, 'ssh')], env);
  const strangers = loaded.filter(({ place }) => !place.startsWith(`${folder}/`));
  if (strangers.length > 0 || loaded.length === 0)
    throw new Error(`ssh would load ${strangers.map(({ name, place }) => `${name} from ${place}`).join(', ') || 'nothing'}`);
  const { stderr } = await run(ssh, ['-V'], { env });
  return { count: loaded.length, version: stderr.trim() };
}

/** Throws unless git refuses a server over ssh that it does not know, and clones from it below `folder` once it knows its key. */
export async function checkSsh(unpacked: Unpacked, folder: string, repository: string): Promise<void> {
  const server = await startSshServer(unpacked.git, repository);
  try {
    const [key, knownHosts] = [join(folder, 'ssh-key'), join(folder, 'known-hosts')];
    await writeFile(key, server.clientKey, { mode: 0o600 });
    await writeFile(knownHosts, '');
    const options = [
      'BatchMode=yes',
      'StrictHostKeyChecking=yes',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      `UserKnownHostsFile=${knownHosts}`,
    ];
    const ssh = [unpacked.ssh, '-F', 'none', '-i', key, ...options.flatMap((option) => ['-o', option])].join(' ');
    const environment = { GIT_SSH_COMMAND: ssh, LD_LIBRARY_PATH: LAMBDA_LIBRARIES };
    const url = `ssh://git@127.0.0.1:${server.port}${repository}`;
    const answer = await layerGit(unpacked, ['ls-remote', url], { environment }).catch(messageOf);
    if (!/Host key verification failed/.test(answer))
      throw new Error(`ssh should have refused ${url}, whose key nobody vouches for: ${answer}`);
    await writeFile(knownHosts, server.knownHost);
    await layerGit(unpacked, ['clone', '--quiet', '--bare', '--depth=1', url, join(folder, 'clone-over-ssh.git')], { environment });
  } finally {
    await server.close();
  }
}
