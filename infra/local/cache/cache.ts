// What takes long to make is made once and kept in the user's cache folder: complete under its final name, or not there at all.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { withLock } from './lock.ts';

/** Takes one line for a person at a time. */
export type Progress = (line: string) => void;

export interface CacheEntry {
  /** What it is, a folder name: `programs`, `layer`. */
  readonly name: string;
  /** What it was made from; another key is another entry. */
  readonly key: string;
}

/** `$XDG_CACHE_HOME/evenkeel`, or `~/.cache/evenkeel` (XDG Base Directory Specification: a relative path is to be ignored). */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const configured = env['XDG_CACHE_HOME'];
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.cache');
  return join(base, 'evenkeel');
}

/** Where an entry is, or will be. */
export function entryFolder(root: string, entry: CacheEntry): string {
  return join(root, entry.name, entry.key);
}

/**
 * Returns the folder of an entry, making it if it is not there. `make` fills a folder beside it, which is renamed into place at the end:
 * whatever interrupts it leaves nothing that looks complete, and the next one to hold the lock sweeps what was left.
 */
export async function cached(
  root: string,
  entry: CacheEntry,
  make: (folder: string) => Promise<void>,
  options: { readonly progress: Progress; readonly signal?: AbortSignal },
): Promise<string> {
  const folder = entryFolder(root, entry);
  if (existsSync(folder)) return folder;
  const parent = join(root, entry.name);
  await mkdir(parent, { recursive: true });
  await withLock(join(parent, 'lock'), options, async () => {
    if (existsSync(folder)) return;
    await sweepUnfinished(parent);
    const unfinished = `${folder}${UNFINISHED}`;
    try {
      await mkdir(unfinished);
      await make(unfinished);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  });
  return folder;
}

const UNFINISHED = '.unfinished';

async function sweepUnfinished(parent: string): Promise<void> {
  const left = (await readdir(parent)).filter((name) => name.endsWith(UNFINISHED));
  await Promise.all(left.map((name) => rm(join(parent, name), { recursive: true, force: true })));
}
