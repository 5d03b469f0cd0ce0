// Sealed renders in a folder of this machine, bounded by bytes and by count.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { CACHE_MIB, cacheBudget } from './cache-budget.ts';
import { shrink, touch } from './cache-folder.ts';
import type { Shelf } from './render-store.ts';
import { MAX_SEALED_BYTES } from './seal.ts';
import { writeWhole } from './whole-file.ts';

const LIMITS = { maxCount: 5000, idleMs: 0 };
/** Writes between two looks at the size of the folder, and the part of its bound that they may fill. */
const SHRINK_EVERY = 500;
const SHRINK_PART = 1 / 8;

/** Reading marks a file as used, so nothing need be written again for it to stay. */
export function createFolderShelf(folder: string, maxBytes: number = cacheBudget(CACHE_MIB).renders): Shelf {
  let [writes, looked, written] = [0, 0, 0];
  const shrunk = async () => {
    [looked, written] = [writes, 0];
    await shrink(folder, { ...LIMITS, maxBytes: maxBytes * (1 - SHRINK_PART) }, Date.now());
  };
  return {
    place: folder,
    renewAfterMs: Number.POSITIVE_INFINITY,
    get: (name) => read(join(folder, name)),
    put: async (name, bytes) => {
      writes += 1;
      await writeWhole(join(folder, name), bytes);
      written += bytes.length;
      if (writes - looked >= SHRINK_EVERY || written > maxBytes * SHRINK_PART) await shrunk();
    },
  };
}

async function read(path: string): Promise<Awaited<ReturnType<Shelf['get']>>> {
  try {
    const found = await stat(path);
    if (!found.isFile() || found.size > MAX_SEALED_BYTES) throw new InvalidInput(`${path} is none of ours: remove it`);
    const bytes = await readFile(path);
    await touch(path);
    return { bytes, writtenAt: found.mtimeMs };
  } catch (thrown) {
    if (isRecord(thrown) && thrown['code'] === 'ENOENT') return undefined;
    throw thrown;
  }
}
