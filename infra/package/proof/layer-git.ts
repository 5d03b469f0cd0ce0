// The layer's git on its own: which libraries it loads, whom it trusts, and a repository made and pushed with it.
import { execFile } from 'node:child_process';
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../lib/model/errors.ts';
import { isRuntimeLibrary } from '../layers/glibc.ts';
import type { Unpacked } from './unpacked.ts';

const run = promisify(execFile);

/** Nothing that the machine has set for git, and no way to its programs. */
const ENVIRONMENT = {
  PATH: '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Package',
  GIT_AUTHOR_EMAIL: 'package@example.com',
  GIT_COMMITTER_NAME: 'Package',
  GIT_COMMITTER_EMAIL: 'package@example.com',
};

interface GitRun {
  readonly cwd?: string;
  /** Beside what each run gets. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs the layer's git. Rejects with its message. */
export async function layerGit({ git }: Unpacked, args: readonly string[], { cwd, environment }: GitRun = {}): Promise<string> {
  const { stdout } = await run(git, [...args], { env: { ...ENVIRONMENT, ...environment }, ...(cwd !== undefined && { cwd }) });
  return stdout.trim();
}

/** What a dynamic loader that was asked to list a program's libraries (ld.so(8)) says: each one's name and where it is. */
export async function listed(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly { readonly name: string; readonly place: string }[]> {
  const { stdout } = await run(program, [...args], { env });
  return [...stdout.matchAll(/^\s*(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)].map(([, name = '', place = '']) => ({ name, place }));
}

/** Asks what git would load; throws unless all of it is the layer's or the runtime's. Returns how many are the layer's. */
export async function checkLibraries({ opt }: Unpacked): Promise<number> {
  const folder = join(opt, 'git', 'lib');
  const env = { LD_TRACE_LOADED_OBJECTS: '1', LD_LIBRARY_PATH: folder };
  const loaded = await listed(join(opt, 'git', 'libexec', 'git-core', 'git-remote-https'), [], env);
  const strangers = loaded.filter(({ name, place }) => !isRuntimeLibrary(name) && !place.startsWith(`${folder}/`));
  if (strangers.length > 0) throw new Error(`git would load ${strangers.map(({ name, place }) => `${name} from ${place}`).join(', ')}`);
  return loaded.filter(({ name }) => !isRuntimeLibrary(name)).length;
}

/** Throws unless git refuses the server for its certificate; trusts it from then on, and clones from it below `folder`. */
export async function checkTrust(unpacked: Unpacked, folder: string, url: string, certificate: string): Promise<void> {
  const answer = await layerGit(unpacked, ['ls-remote', url]).catch(messageOf);
  if (!/certificate/.test(answer)) throw new Error(`git should have refused ${url}, whose certificate nobody vouches for: ${answer}`);
  await appendFile(unpacked.roots, certificate);
  await layerGit(unpacked, ['clone', '--quiet', '--bare', '--depth=1', url, join(folder, 'clone.git')]);
}

/** Writes the files, commits them and pushes `main`. */
export async function pushFiles(unpacked: Unpacked, folder: string, url: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await layerGit(unpacked, ['init', '--quiet', '--template=', '--initial-branch=main'], { cwd: folder });
  await layerGit(unpacked, ['add', '--all'], { cwd: folder });
  await layerGit(unpacked, ['commit', '--quiet', '-m', 'what the proof deploys'], { cwd: folder });
  await layerGit(unpacked, ['push', '--quiet', url, 'HEAD:main'], { cwd: folder });
  return layerGit(unpacked, ['rev-parse', 'HEAD'], { cwd: folder });
}
