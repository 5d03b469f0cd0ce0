// Bare repositories on disk, filled commit by commit: a cache that is bounded and safe to lose.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { SIZE_FILE, touch } from './cache-folder.ts';
import { runGit } from './git-command.ts';
import { type RemoteOptions, reachGit } from './git-remote.ts';

const REFS = 'refs/evenkeel';
/** Commits that a clone keeps before it begins afresh: each is a `have` in the next fetch. */
const MAX_COMMITS = 200;

/** Makes sure that a commit with all its files is in the bare repository `dir`. Its caller holds the repository's lock. */
export async function ensureCommit(options: RemoteOptions, dir: string, access: RepositoryAccess, commit: string): Promise<void> {
  if (existsSync(join(dir, REFS, commit))) return touch(dir);
  const fresh = await prepared(options, dir);
  await touch(dir);
  try {
    await fetchCommit(options, dir, access, commit);
  } catch (error) {
    if (fresh || error instanceof InvalidInput) throw error;
    await rm(dir, { recursive: true, force: true });
    await prepared(options, dir);
    await fetchCommit(options, dir, access, commit);
  }
  await recordSize(options, dir);
}

/** Whether the repository was made just now; one with too many commits is. */
async function prepared(options: RemoteOptions, dir: string): Promise<boolean> {
  const commits = await readdir(join(dir, REFS)).catch(() => []);
  if (commits.length > MAX_COMMITS) await rm(dir, { recursive: true, force: true });
  if (existsSync(join(dir, 'HEAD'))) return false;
  const aside = `${dir}.${process.pid}.new`;
  await rm(aside, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true });
  await runGit(options, { args: ['init', '--quiet', '--bare', '--template=', '--', aside] });
  await rename(aside, dir);
  return true;
}

/** Depth one: what the earlier commits hold is not sent again, and nothing of the history is. */
async function fetchCommit(options: RemoteOptions, dir: string, access: RepositoryAccess, commit: string): Promise<void> {
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance', '--depth=1'];
  await reachGit(options, access, (url) => ['--git-dir', dir, 'fetch', ...quiet, '--', url, `+${commit}:${REFS}/${commit}`]);
}

/** The commit whose id begins so, found in the history of all branches and tags; undefined when there is none or several. */
export async function findCommit(
  options: RemoteOptions,
  dir: string,
  access: RepositoryAccess,
  abbreviated: string,
): Promise<string | undefined> {
  await prepared(options, dir);
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  const quiet = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    '--no-auto-maintenance',
    '--prune',
    '--filter=tree:0',
  ];
  await reachGit(options, access, (url) => ['--git-dir', dir, 'fetch', ...quiet, '--', url, ...refs]);
  const log = await runGit(options, { args: ['--git-dir', dir, 'rev-list', '--all'] });
  const found = log
    .toString('latin1')
    .split('\n')
    .filter((commit) => commit.startsWith(abbreviated.toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

async function recordSize(options: RemoteOptions, dir: string): Promise<void> {
  const counted = (await runGit(options, { args: ['--git-dir', dir, 'count-objects', '-v'] })).toString('utf8');
  const kibibytes = [...counted.matchAll(/^size(?:-pack)?: (\d+)$/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
  await writeFile(join(dir, SIZE_FILE), String(kibibytes * 1024));
}
