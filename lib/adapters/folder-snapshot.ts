// The files of a folder as Git would take them now, or those of a commit in its repository, as a checkout in a folder of their own.
// Nothing is written into the folder: what Git needs to write goes into a repository aside that borrows the folder's objects.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInput, messageOf } from '../model/errors.ts';
import { type CommitFolder, readCheckout, writeCheckout } from './checkouts.ts';
import { type GitOptions, runGit } from './git-command.ts';

export interface SnapshotOptions extends GitOptions {
  /** Holds what is made here; its owner removes it. */
  readonly workDir: string;
}

export interface Snapshot extends CommitFolder {
  /** The commit: the one asked for, else what HEAD names; zeros where there is none. */
  readonly revision: string;
}

const NO_COMMIT = '0'.repeat(40);

/**
 * The folder's files now, uncommitted ones too but none that Git ignores; with `revision`, and in a bare repository, those of a commit.
 * Throws InvalidInput when there is no such revision, or when a file cannot be read.
 */
export async function snapshotOf(options: SnapshotOptions, dir: string, revision: string | undefined): Promise<Snapshot> {
  const path = join(options.workDir, randomUUID());
  await mkdir(path);
  const gitDir = gitDirOf(dir);
  if (revision === undefined && gitDir !== dir) return workTreeOf(options, dir, gitDir, path);
  if (gitDir === undefined) throw new InvalidInput(`${dir} is no Git repository: it has no revision '${revision}'`);
  const name = revision ?? 'HEAD';
  const commit = await commitNamed(options, gitDir, [`refs/heads/${name}`, name, `refs/remotes/origin/${name}`]);
  if (commit === undefined) throw new InvalidInput(`unable to resolve '${name}' to a commit SHA: revision not found`);
  return { ...(await checkedOut(options, gitDir, commit, path)), revision: commit };
}

/** All files of a folder that is none of Git's, whatever a `.gitignore` in it says. */
export async function filesBelow(options: SnapshotOptions, dir: string): Promise<CommitFolder> {
  const path = join(options.workDir, randomUUID());
  await mkdir(path);
  return workTreeOf(options, dir, undefined, path);
}

/** Whether the folder's repository has a branch and no tag by that name. */
export async function isBranch(options: GitOptions, dir: string, name: string): Promise<boolean> {
  const gitDir = gitDirOf(dir);
  if (gitDir === undefined || (await commitNamed(options, gitDir, [`refs/tags/${name}`])) !== undefined) return false;
  return (await commitNamed(options, gitDir, [`refs/heads/${name}`, `refs/remotes/origin/${name}`])) !== undefined;
}

/** Of the folder itself: a folder somewhere in a work tree is no repository of its own. */
function gitDirOf(dir: string): string | undefined {
  if (existsSync(join(dir, '.git'))) return join(dir, '.git');
  return ['HEAD', 'objects', 'refs'].every((name) => existsSync(join(dir, name))) ? dir : undefined;
}

/** The commit that the first of the names which is known stands for. Names reach git through its input, where none is an option. */
async function commitNamed(options: GitOptions, gitDir: string, names: readonly string[]): Promise<string | undefined> {
  const input = names.map((name) => `${name.replaceAll('\n', ' ')}^{commit}\n`).join('');
  const output = await runGit(options, { args: ['--git-dir', gitDir, 'cat-file', '--batch-check'], input });
  return /^([0-9a-f]{40,64}) commit \d+$/m.exec(output.toString('utf8'))?.[1];
}

async function checkedOut(options: GitOptions, gitDir: string, treeish: string, path: string): Promise<CommitFolder> {
  await writeCheckout(options, gitDir, treeish, join(path, 'checkout'));
  return readCheckout(join(path, 'checkout'));
}

async function workTreeOf(options: GitOptions, dir: string, gitDir: string | undefined, path: string): Promise<Snapshot> {
  const aside = join(path, 'repository');
  const indexFile = join(path, 'index');
  const commit = gitDir && (await commitNamed(options, gitDir, ['HEAD']));
  const own = gitDir === undefined ? undefined : await placesOf(options, gitDir);
  const format = own === undefined ? [] : [`--object-format=${own.format}`];
  await runGit(options, { args: ['init', '--quiet', '--bare', '--template=', ...format, '--', aside] });
  if (own !== undefined) await borrow(own.objects, aside);
  if (commit !== undefined) await runGit(options, { args: ['--git-dir', aside, 'read-tree', commit], indexFile });
  const ignore = own === undefined ? ['--force'] : [];
  const exclude = own === undefined ? [] : ['-c', `core.excludesFile=${own.exclude}`];
  const settings = ['-c', 'core.compression=0', '-c', 'advice.addEmbeddedRepo=false', ...exclude];
  const add = ['--git-dir', aside, '--work-tree', dir, ...settings, 'add', '--all', '--ignore-errors', ...ignore, '--', '.'];
  await runGit(options, { args: add, cwd: dir, indexFile }).catch((cause: unknown) => {
    throw new InvalidInput(`${dir} cannot be read: ${messageOf(cause)}`, { cause });
  });
  const tree = (await runGit(options, { args: ['--git-dir', aside, 'write-tree'], indexFile })).toString('latin1').trim();
  return { ...(await checkedOut(options, aside, tree, path)), revision: commit ?? NO_COMMIT };
}

interface GitPlaces {
  readonly format: string;
  readonly objects: string;
  /** What is ignored here, and not by the repository's own word. */
  readonly exclude: string;
}

async function placesOf(options: GitOptions, gitDir: string): Promise<GitPlaces> {
  const asked = ['--path-format=absolute', '--show-object-format', '--git-path', 'objects', '--git-path', 'info/exclude'];
  const output = await runGit(options, { args: ['--git-dir', gitDir, 'rev-parse', ...asked] });
  const [format = '', objects = '', exclude = ''] = output.toString('utf8').split('\n');
  return { format, objects, exclude };
}

async function borrow(objects: string, aside: string): Promise<void> {
  await mkdir(join(aside, 'objects', 'info'), { recursive: true });
  await writeFile(join(aside, 'objects', 'info', 'alternates'), `${objects}\n`);
}
