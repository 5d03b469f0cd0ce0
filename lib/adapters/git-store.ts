// Bare repositories on disk, filled commit by commit: a cache that is bounded and safe to lose. What a network or a server does to a fetch
// leaves a clone as it was; only one that git finds damaged is made anew.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RepositoryAccess } from '../model/repository.ts';
import { SIZE_FILE, touch } from './cache-folder.ts';
import { type GitOptions, runGit } from './git-command.ts';
import { type ArgumentsFor, type RemoteOptions, reachGit } from './git-remote.ts';
import { DamagedClone } from './local-fault.ts';

const REFS = 'refs/evenkeel';
/** Commits that a clone keeps before it begins afresh: each is a `have` in the next fetch. */
const MAX_COMMITS = 200;
/** Nothing but objects, and no more than the refs name. */
const QUIET = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--no-auto-maintenance'];

/**
 * Has `work` use the bare repository `dir`, and once more from nothing when git finds that damaged. Its caller holds the repository's lock.
 * Throws what `work` throws.
 */
export async function mending<T>(dir: string, work: () => Promise<T>, onDamage: (damage: DamagedClone) => void): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DamagedClone)) throw error;
    onDamage(error);
    await rm(dir, { recursive: true, force: true });
    return work();
  }
}

/** Makes sure that a commit with all its files is in the bare repository `dir`. Its caller holds the repository's lock. */
export async function ensureCommit(options: RemoteOptions, dir: string, access: RepositoryAccess, commit: string): Promise<void> {
  if (existsSync(join(dir, REFS, commit))) return touch(dir);
  const commits = await readdir(join(dir, REFS)).catch(() => []);
  if (existsSync(join(dir, 'HEAD')) && commits.length <= MAX_COMMITS) return fetchCommit(options, dir, access, commit);
  await replaced(options, dir, (aside) => fetchCommit(options, aside, access, commit));
}

/** What `fill` made of an empty repository takes the place of the one in `dir`; when it throws, that stays as it was. */
async function replaced(options: GitOptions, dir: string, fill: (aside: string) => Promise<void>): Promise<void> {
  const aside = `${dir}.${process.pid}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true });
  try {
    await runGit(options, { args: ['init', '--quiet', '--bare', '--template=', '--', aside] });
    await fill(aside);
    await rm(dir, { recursive: true, force: true });
    await rename(aside, dir);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Depth one: what the earlier commits hold is not sent again, and nothing of the history is. */
async function fetchCommit(options: RemoteOptions, dir: string, access: RepositoryAccess, commit: string): Promise<void> {
  await fetchInto(options, dir, access, (url) => ['--depth=1', '--', url, `+${commit}:${REFS}/${commit}`]);
}

/** The commit whose id begins so, found in the history of all branches and tags; undefined when there is none or several. */
export async function findCommit(
  options: RemoteOptions,
  dir: string,
  access: RepositoryAccess,
  abbreviated: string,
): Promise<string | undefined> {
  if (!existsSync(join(dir, 'HEAD'))) await replaced(options, dir, async () => undefined);
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  await fetchInto(options, dir, access, (url) => ['--prune', '--filter=tree:0', '--', url, ...refs]);
  const log = await runGit(options, { args: ['--git-dir', dir, 'rev-list', '--all'] });
  const found = log
    .toString('latin1')
    .split('\n')
    .filter((commit) => commit.startsWith(abbreviated.toLowerCase()));
  return found.length === 1 ? found[0] : undefined;
}

async function fetchInto(options: RemoteOptions, dir: string, access: RepositoryAccess, args: ArgumentsFor): Promise<void> {
  await touch(dir);
  try {
    await reachGit(options, access, (url) => ['--git-dir', dir, 'fetch', ...QUIET, ...args(url)]);
  } catch (error) {
    await removeLeftovers(dir);
    throw error;
  }
  await recordSize(options, dir);
}

/** A git that was killed leaves half a pack, and locks that would stop the next. */
async function removeLeftovers(dir: string): Promise<void> {
  for (const folder of [dir, join(dir, 'objects', 'pack'), join(dir, REFS)]) {
    const names = await readdir(folder).catch(() => []);
    const left = names.filter((name) => name.startsWith('tmp_') || name.endsWith('.lock'));
    for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function recordSize(options: GitOptions, dir: string): Promise<void> {
  const counted = (await runGit(options, { args: ['--git-dir', dir, 'count-objects', '-v'] })).toString('utf8');
  const kibibytes = [...counted.matchAll(/^size(?:-pack)?: (\d+)$/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
  await writeFile(join(dir, SIZE_FILE), String(kibibytes * 1024));
}
