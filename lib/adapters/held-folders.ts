// Folders of a cache that are being read: made once for all who ask at the same time, counted while anybody holds them, and their trees
// kept in memory a little longer.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkout } from '../ports.ts';
import { touch } from './cache-folder.ts';
import { type CommitFolder, readCheckout } from './checkouts.ts';

interface Held {
  readonly folder: Promise<CommitFolder>;
  holders: number;
}

/** Trees of folders that nobody holds, kept in memory. */
const MAX_FOLDERS = 16;

export class HeldFolders {
  readonly #held = new Map<string, Held>();

  /** The folder at `path`, which `make` puts there whole unless it is there. What `make` throws goes to everyone who waits for it. */
  async checkout(path: string, revision: string, make: () => Promise<void>): Promise<Checkout> {
    const held = this.#take(path, make);
    const release = once(() => {
      held.holders -= 1;
    });
    try {
      const folder = await held.folder;
      await touch(path);
      return { dir: folder.dir, files: folder.files, revision, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  inUse(path: string): boolean {
    return (this.#held.get(path)?.holders ?? 0) > 0;
  }

  #take(path: string, make: () => Promise<void>): Held {
    const known = this.#held.get(path);
    const usable = known !== undefined && (known.holders > 0 || existsSync(join(path, 'list')));
    const held = usable ? known : { folder: folderAt(path, make), holders: 0 };
    held.holders += 1;
    remember(this.#held, path, held, MAX_FOLDERS, (other) => other.holders > 0);
    if (!usable) {
      held.folder.catch(() => {
        if (this.#held.get(path) === held) this.#held.delete(path);
      });
    }
    return held;
  }
}

async function folderAt(path: string, make: () => Promise<void>): Promise<CommitFolder> {
  if (!existsSync(join(path, 'list'))) await make();
  return readCheckout(path);
}

/** Keeps the latest entries; the oldest that `keep` does not hold go. */
export function remember<T>(map: Map<string, T>, key: string, value: T, most: number, keep: (value: T) => boolean = () => false): void {
  map.delete(key);
  map.set(key, value);
  for (const [oldest, entry] of map) {
    if (map.size <= most) return;
    if (!keep(entry)) map.delete(oldest);
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
