// Room on the disk for what is about to be fetched: made before, held to the bounds afterwards however that ended, and made again when
// the disk turns out to be full.
import { messageOf, Unavailable } from '../model/errors.ts';
import { type CacheLimits, shrink } from './cache-folder.ts';
import { isDiskFull } from './local-fault.ts';

export interface RoomFolder {
  readonly path: string;
  readonly limits: CacheLimits;
  /** What is being read or written to. */
  readonly inUse: (path: string) => boolean;
}

/** So much of a bound is left for what comes next, whose size nobody knows before. */
const LEFT = 1 / 4;

export class CacheRoom {
  readonly #folders: readonly RoomFolder[];

  constructor(folders: readonly RoomFolder[]) {
    this.#folders = folders;
  }

  /** Has `work` fetch something large into the folders. */
  async filling<T>(work: () => Promise<T>): Promise<T> {
    await this.#shrink(1 - LEFT);
    try {
      return await work();
    } finally {
      await this.#shrink(1);
    }
  }

  /** Where the disk is full, what nobody uses goes. Throws Unavailable that says what to change; else what `work` throws. */
  async relieving<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (!isDiskFull(cause)) throw cause;
      await this.#shrink(0);
      const way =
        'what nobody uses of the cache was removed; if this comes again, give EVENKEEL_CACHE_DIR more room, or set EVENKEEL_CACHE_MIB lower';
      throw new Unavailable(`no space left on the disk: ${way}: ${messageOf(cause)}`, { cause });
    }
  }

  async #shrink(part: number): Promise<void> {
    const now = Date.now(); // Files carry the machine's own time.
    for (const { path, limits, inUse } of this.#folders) {
      await shrink(path, { ...limits, maxBytes: limits.maxBytes * part }, now, inUse);
    }
  }
}
