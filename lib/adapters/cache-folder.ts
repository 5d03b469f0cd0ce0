// Folders of things that can be made again: how old and how large they are, and how the oldest go when there are too many.
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** In an entry that is a folder: how many bytes it holds, written by whoever filled it. */
export const SIZE_FILE = 'evenkeel-size';

export interface CacheLimits {
  readonly maxBytes: number;
  readonly maxCount: number;
  /** What was used within this time stays: another process may be reading it. */
  readonly idleMs: number;
}

interface Entry {
  readonly path: string;
  readonly usedAt: number;
  readonly bytes: number;
  /** A folder whose size nobody recorded: it is being filled, or was when its process ended. */
  readonly unfinished: boolean;
}

/** Longer than anything takes to be filled. */
const ABANDONED_MS = 15 * 60_000;

/** Marks an entry as used now. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Removes what was left half done, and what was used longest ago until the folder is within its limits; `keep` ones stay. */
export async function shrink(
  folder: string,
  limits: CacheLimits,
  now: number,
  keep: (path: string) => boolean = () => false,
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const entries = (await Promise.all(names.map((name) => entryAt(join(folder, name))))).filter((entry) => entry !== undefined);
  let bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  let count = entries.length;
  for (const entry of entries.sort((a, b) => a.usedAt - b.usedAt)) {
    const abandoned = entry.unfinished && now - entry.usedAt > ABANDONED_MS;
    if (bytes <= limits.maxBytes && count <= limits.maxCount && !abandoned) continue;
    if (keep(entry.path) || (entry.unfinished && !abandoned) || now - entry.usedAt < limits.idleMs) continue;
    await removeWhole(entry.path);
    bytes -= entry.bytes;
    count -= 1;
  }
}

async function entryAt(path: string): Promise<Entry | undefined> {
  try {
    const found = await stat(path);
    const recorded = found.isDirectory() ? await readFile(join(path, SIZE_FILE), 'utf8').catch(() => undefined) : String(found.size);
    const bytes = Number(recorded ?? 0);
    return { path, usedAt: found.mtimeMs, bytes: Number.isFinite(bytes) ? bytes : 0, unfinished: recorded === undefined };
  } catch {
    return undefined; // Another process removed it.
  }
}

/** It goes from its name at once, so that nobody finds half of it. */
async function removeWhole(path: string): Promise<void> {
  const aside = `${path}.gone-${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
}
