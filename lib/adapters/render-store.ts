// Rendered output in memory and in a folder, each entry held against its own hash when it is read. Losing it costs only time.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderStore } from '../ports.ts';
import { shrink, touch } from './cache-folder.ts';

const MAX_CHARACTERS_IN_MEMORY = 64 * 1024 * 1024;
const LIMITS = { maxBytes: 256 * 1024 * 1024, maxCount: 5000, idleMs: 0 };
/** Writes between two looks at the size of the folder. */
const SHRINK_EVERY = 500;

export function createRenderStore({ cacheDir }: { readonly cacheDir: string }): RenderStore {
  return new FolderStore(join(cacheDir, 'renders'));
}

class FolderStore implements RenderStore {
  readonly #dir: string;
  readonly #memory = new Map<string, string>();
  #characters = 0;
  #writes = 0;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async read(key: string): Promise<string | undefined> {
    const known = this.#memory.get(key);
    if (known !== undefined) {
      this.#keep(key, known);
      return known;
    }
    const path = join(this.#dir, key);
    const text = verified(key, await readFile(path, 'utf8').catch(() => ''));
    if (text === undefined) return undefined;
    this.#keep(key, text);
    await touch(path);
    return text;
  }

  /** A folder that cannot be written to leaves what is in memory. */
  async write(key: string, text: string): Promise<void> {
    this.#keep(key, text);
    const path = join(this.#dir, key);
    const aside = `${path}.${process.pid}.${this.#writes}`;
    try {
      await mkdir(this.#dir, { recursive: true });
      await writeFile(aside, `${hashOf(key, text)}\n${text}`, { mode: 0o600 });
      await rename(aside, path);
    } catch {
      return;
    }
    this.#writes += 1;
    if (this.#writes % SHRINK_EVERY === 0) await shrink(this.#dir, LIMITS, Date.now());
  }

  #keep(key: string, text: string): void {
    this.#characters += text.length - (this.#memory.get(key)?.length ?? 0);
    this.#memory.delete(key);
    this.#memory.set(key, text);
    for (const [oldest, { length }] of this.#memory) {
      if (this.#characters <= MAX_CHARACTERS_IN_MEMORY) return;
      this.#memory.delete(oldest);
      this.#characters -= length;
    }
  }
}

/** Undefined for an entry that is cut short, tampered with, or that belongs to another key. */
function verified(key: string, stored: string): string | undefined {
  const end = stored.indexOf('\n');
  const text = stored.slice(end + 1);
  return end > 0 && stored.slice(0, end) === hashOf(key, text) ? text : undefined;
}

function hashOf(key: string, text: string): string {
  return createHash('sha256').update(`${key}\n${text}`).digest('hex');
}
