// Fetched charts and artifacts on disk, as the same kind of folder that a commit has: whole or not there, shared, never written to again.
// One that is fetched again has a folder of its own, named by when. Files are named by the sha256 of their content.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Checkout, Clock } from '../ports.ts';
import type { CacheLimits } from './cache-folder.ts';
import { CacheRoom } from './cache-room.ts';
import { publish } from './checkouts.ts';
import { HeldFolders } from './held-folders.ts';
import { Locks } from './locks.ts';
import { Readings } from './readings.ts';

export interface ChartStoreOptions {
  /** May be deleted at any time. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly limits: CacheLimits;
  /** The longest that a fetch takes. */
  readonly maxHeldMs: number;
}

/** Fills an empty folder. */
type Fill = (into: string) => Promise<void>;

export class ChartStore {
  readonly #options: ChartStoreOptions;
  readonly #folder: string;
  readonly #held = new HeldFolders();
  readonly #locks: Locks;
  readonly #fetched: Readings<string>;
  readonly #room: CacheRoom;

  constructor(options: ChartStoreOptions) {
    this.#options = options;
    this.#folder = join(options.cacheDir, 'charts');
    this.#locks = new Locks(options.maxHeldMs);
    this.#fetched = new Readings(options.clock);
    this.#room = new CacheRoom([{ path: this.#folder, limits: options.limits, inUse: (path) => this.#held.inUse(path) }]);
  }

  /**
   * The newest copy under `key`, which is letters and digits, if it was fetched at or after `notBefore` (ms); else what `fill` brings, once
   * for all who ask at the same time. Throws what `fill` throws, and Unavailable where the disk is full.
   */
  checkout(key: string, revision: string, notBefore: number, fill: Fill): Promise<Checkout> {
    return this.#room.relieving(() => this.#checkout(key, revision, notBefore, fill));
  }

  async #checkout(key: string, revision: string, notBefore: number, fill: Fill): Promise<Checkout> {
    const locked = <T>(work: () => Promise<T>) => this.#locks.hold(join(this.#options.cacheDir, 'locks', `chart-${key}.lock`), work);
    const fetched = () =>
      locked(async () => {
        const path = (await this.#latest(key, notBefore)) ?? join(this.#folder, `${key}-${this.#options.clock()}`);
        await this.#make(path, fill);
        return path;
      });
    const path = (await this.#latest(key, notBefore)) ?? (await this.#fetched.at(key, notBefore, fetched));
    // It may have had to make room meanwhile.
    return this.#held.checkout(path, revision, () => locked(() => this.#make(path, fill)));
  }

  async #latest(key: string, notBefore: number): Promise<string | undefined> {
    const names = await readdir(this.#folder).catch(() => []);
    const times = names.flatMap((name) =>
      /^[0-9a-z]+-\d+$/.test(name) && name.startsWith(`${key}-`) ? [Number(name.slice(key.length + 1))] : [],
    );
    const newest = Math.max(...times);
    const path = join(this.#folder, `${key}-${newest}`);
    return newest >= notBefore && existsSync(join(path, 'list')) ? path : undefined;
  }

  async #make(path: string, fill: Fill): Promise<void> {
    if (existsSync(join(path, 'list'))) return;
    await mkdir(this.#folder, { recursive: true });
    await this.#room.filling(() => writeChart(path, fill));
  }
}

/** Has `fill` fill an empty folder, and makes that the folder at `path`. When it throws, nothing is left. */
async function writeChart(path: string, fill: Fill): Promise<void> {
  const aside = `${path}.${process.pid}.new`;
  const tree = join(aside, 'tree');
  await rm(aside, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
  try {
    await fill(tree);
    await publish(aside, await listOf(tree), path);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Every file and link below a folder, one line each as `git ls-tree -l -z` has it. */
async function listOf(tree: string): Promise<Buffer> {
  const found = await readdir(tree, { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => !entry.isDirectory()).map((entry) => relative(tree, join(entry.parentPath, entry.name)));
  const lines: string[] = [];
  for (const path of paths.sort()) lines.push(await lineOf(tree, path));
  return Buffer.from(lines.join(''));
}

async function lineOf(tree: string, path: string): Promise<string> {
  const { mode, size } = await lstat(join(tree, path));
  const link = (mode & 0o170000) === 0o120000;
  const kind = link ? '120000' : mode & 0o111 ? '100755' : '100644';
  const hash = createHash('sha256');
  if (link) hash.update(await readlink(join(tree, path)));
  else await pipeline(createReadStream(join(tree, path)), hash);
  return `${kind} blob ${hash.digest('hex')} ${size}\t${path}\0`;
}
