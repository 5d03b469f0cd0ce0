// The git layer: this machine's git with its helpers for http and https, the libraries that they are linked with, and Mozilla's roots;
// and its ssh.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { PackedFile } from '../zip.ts';
import { type Binary, librariesOf } from './libraries.ts';
import { sshFiles } from './ssh.ts';

const run = promisify(execFile);

/** All that a fetch runs; everything else that the functions ask of git is built into `git` itself. */
const PROGRAMS = ['git', 'git-remote-http', 'git-remote-https'] as const;

/** Libraries are named to the loader by the environment, since the programs look for them in the build machine's folders. */
const LAUNCHER = `#!/bin/sh
root=\${0%/bin/git}
export LD_LIBRARY_PATH="$root/lib"
export GIT_EXEC_PATH="$root/libexec/git-core"
export GIT_SSL_CAINFO="\${GIT_SSL_CAINFO:-$root/etc/roots.pem}"
exec "$GIT_EXEC_PATH/git" "$@"
`;

/** Path of the launcher in the layer. */
export const GIT = 'git/bin/git';
/** Path of the certificates that git trusts. */
export const GIT_ROOTS = 'git/etc/roots.pem';

/** Files of the layer. Throws InvalidInput when this machine has no ssh, no git with https, or one that the Lambda runtime cannot run. */
export async function gitLayer(): Promise<readonly PackedFile[]> {
  const programs = programsIn(await execPath());
  const libraries = librariesOf(programs);
  return [
    { path: GIT, content: Buffer.from(LAUNCHER), executable: true },
    { path: GIT_ROOTS, content: Buffer.from(`${getCACertificates('bundled').join('\n')}\n`) },
    ...programs.map(({ name, content }) => ({ path: `git/libexec/git-core/${name}`, content, executable: true })),
    ...libraries.map(({ name, content }) => ({ path: `git/lib/${name}`, content, executable: true })),
    ...sshFiles(),
  ];
}

async function execPath(): Promise<string> {
  try {
    return (await run('git', ['--exec-path'])).stdout.trim();
  } catch (cause) {
    throw new InvalidInput('the git layer is collected from this machine, and git --exec-path does not answer: install git', { cause });
  }
}

/** Links are followed: the layer holds plain files only. */
function programsIn(folder: string): readonly Binary[] {
  return PROGRAMS.map((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) throw new InvalidInput(`${path} is not there: install a git that fetches over https (Debian: git)`);
    return { name, path: realpathSync(path), content: readFileSync(path) };
  });
}
