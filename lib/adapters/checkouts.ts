// The files of one commit on disk: written once from the bare repository, shared by every render of that commit, never written to again.
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import { realPath, type SourceFiles, type Tree, type TreeEntry, treeOf } from '../model/tree.ts';
import { SIZE_FILE } from './cache-folder.ts';
import { type GitOptions, runGit } from './git-command.ts';

/** A commit's folder below `dir`: `tree` holds its files, `list` what git says of them. It is there whole or not at all. */
export interface CommitFolder {
  readonly dir: string;
  readonly files: SourceFiles;
}

const KINDS = { '100644': 'file', '100755': 'file', '120000': 'link', '160000': 'module' } as const;

/**
 * Files are written as Git stores them: what a `.gitattributes` would make of them is in no hash, so that a change of it would go unseen.
 * This file of a repository counts before any other (gitattributes, "the highest precedence").
 */
const AS_STORED = '* -text -ident -filter -working-tree-encoding\n';

/** Writes the files of a commit that the bare repository has. When it throws, nothing is left. */
export async function writeCheckout(options: GitOptions, repository: string, commit: string, path: string): Promise<void> {
  const aside = `${path}.${process.pid}.new`;
  await rm(aside, { recursive: true, force: true });
  try {
    await writeAside(options, repository, commit, aside, path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

async function writeAside(options: GitOptions, repository: string, commit: string, aside: string, path: string): Promise<void> {
  await mkdir(join(aside, 'tree'), { recursive: true });
  await mkdir(join(repository, 'info'), { recursive: true });
  await writeFile(join(repository, 'info', 'attributes'), AS_STORED);
  const git = (...args: string[]) => ['--git-dir', repository, ...args];
  const listing = runGit(options, { args: git('ls-tree', '-r', '-l', '-z', '--full-tree', commit) });
  const written = runGit(options, {
    args: git('--work-tree', join(aside, 'tree'), 'read-tree', '--reset', '-u', commit),
    cwd: join(aside, 'tree'),
    indexFile: join(aside, 'index'),
  });
  await Promise.allSettled([listing, written]); // one that fails leaves the other at work in a folder that is about to go
  const [list] = await Promise.all([listing, written]);
  await rm(join(aside, 'index'), { force: true });
  await publish(aside, list, path);
}

/** Makes a finished `tree` and what it lists, in the words of `git ls-tree -l -z`, the folder at `path`; the first who does so wins. */
export async function publish(aside: string, list: Buffer, path: string): Promise<void> {
  await writeFile(join(aside, 'list'), list);
  await writeFile(join(aside, SIZE_FILE), String(sizeOf(list.toString('utf8'))));
  await rename(aside, path).catch(async (cause: unknown) => {
    await rm(aside, { recursive: true, force: true });
    if (!existsSync(join(path, 'list'))) throw cause;
  });
}

/** Reads back what `publish` wrote. */
export async function readCheckout(path: string): Promise<CommitFolder> {
  const dir = join(path, 'tree');
  const tree = treeFrom(await readFile(join(path, 'list'), 'utf8'), dir);
  return { dir, files: { tree, read: (name) => readText(dir, tree, name) } };
}

/** What a file takes is whole blocks of the disk. */
const BLOCK_BYTES = 4096;

function sizeOf(list: string): number {
  const sizes = [...list.matchAll(/(?:^|\0)\S+ \S+ \S+ +(\d+)\t/g)].map(([, size]) => Number(size));
  return sizes.reduce((sum, size) => sum + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES, 0);
}

function treeFrom(list: string, dir: string): Tree {
  const entries = new Map<string, TreeEntry>();
  for (const line of list.split('\0')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const path = line.slice(tab + 1);
    const [mode = '', , hash = ''] = line.slice(0, tab).split(/ +/);
    const kind = mode in KINDS ? KINDS[mode as keyof typeof KINDS] : 'file'; // `in` has just said so
    entries.set(path, kind === 'link' ? { hash, kind, target: targetOf(dir, path) } : { hash, kind });
  }
  return treeOf(entries);
}

function targetOf(dir: string, path: string): string {
  try {
    return readlinkSync(join(dir, path));
  } catch (cause) {
    throw new InvalidInput(`${path}: the link cannot be read; its name has to be UTF-8`, { cause });
  }
}

function readText(dir: string, tree: Tree, name: string): string | undefined {
  const real = realPath(tree, name);
  return real !== undefined && tree.entries.get(real)?.kind === 'file' ? readFileSync(join(dir, real), 'utf8') : undefined;
}
