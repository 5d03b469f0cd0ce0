// Rendered output by key: in the memory of this process, and sealed on a shelf (folder or bucket) that outlives it.
// Equal texts are kept once, under a name made from the text, with a short entry for each key. What fails here costs a render, no more.
import { Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import type { Clock, Log, RenderStore } from '../ports.ts';
import { createSeal, MAX_SEALED_TEXT_BYTES, type Seal } from './seal.ts';

export interface Shelved {
  readonly bytes: Buffer;
  /** When it was last written, in ms. */
  readonly writtenAt: number;
}

/** Where sealed things are kept by name. Both methods throw what stands in the way, Unavailable when it is worth a rest. */
export interface Shelf {
  /** For the log. */
  readonly place: string;
  /** Something in use is written again when its last write is so long ago, so that it does not expire. */
  readonly renewAfterMs: number;
  /** Undefined for what is not there. */
  get(name: string): Promise<Shelved | undefined>;
  put(name: string, bytes: Buffer): Promise<void>;
}

export interface RenderStoreOptions {
  readonly shelf: Shelf;
  /** What only those know who may fill the store; undefined: what this process writes is for itself alone. */
  readonly secret: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_CHARACTERS_IN_MEMORY = 64 * 1024 * 1024;
/** A text up to this length is in the entry itself: a second object would cost more than it saves. */
export const MAX_INLINE_CHARACTERS = 1024;
/** A shelf that did not answer is left alone for so long: each request would wait for its time limit. */
const REST_MS = 30_000;
/** First character of an entry that holds its text, which no name begins with. */
const INLINE = '=';

/** A store whose `read` and `write` never throw; what goes wrong is in the log, once for each cause. */
export function createRenderStore(options: RenderStoreOptions): RenderStore {
  if (options.secret === undefined)
    options.log.warn('render store: there is no secret to seal with, so only this process reads what it keeps');
  return new ShelfStore(options);
}

class ShelfStore implements RenderStore {
  readonly #options: RenderStoreOptions;
  readonly #seal: Seal;
  readonly #memory = new Memory();
  readonly #loading = new Map<string, Promise<string | undefined>>();
  readonly #told = new Set<string>();
  #restUntil = 0;

  constructor(options: RenderStoreOptions) {
    this.#options = options;
    this.#seal = createSeal(options.secret);
  }

  async read(key: string): Promise<string | undefined> {
    const entry = await this.#find(this.#seal.nameOf('entry', key));
    if (entry === undefined) return undefined;
    return entry.startsWith(INLINE) ? entry.slice(INLINE.length) : this.#find(entry);
  }

  async write(key: string, text: string): Promise<void> {
    const name = this.#seal.nameOf('entry', key);
    if (text.length <= MAX_INLINE_CHARACTERS) return this.#keep(name, `${INLINE}${text}`);
    const body = this.#seal.nameOf('body', text);
    await Promise.all([this.#keep(body, text), this.#keep(name, body)]);
  }

  async #find(name: string): Promise<string | undefined> {
    const known = this.#memory.get(name);
    if (known !== undefined) {
      if (this.#isOld(known.writtenAt)) await this.#put(name, known.text);
      return known.text;
    }
    const loading = this.#loading.get(name) ?? this.#load(name).finally(() => this.#loading.delete(name));
    this.#loading.set(name, loading);
    return loading;
  }

  /** Those who ask for one thing at the same time wait for one answer. */
  async #load(name: string): Promise<string | undefined> {
    const { shelf, log } = this.#options;
    const found = await this.#attempt('read', async () => {
      const shelved = await shelf.get(name);
      return shelved && { text: await this.#seal.open(name, shelved.bytes), writtenAt: shelved.writtenAt };
    });
    if (found === undefined) return undefined;
    const { text, writtenAt } = found;
    if (text === undefined) {
      log.warn('render store: refused what is not as it was written', { place: shelf.place, name });
      return undefined;
    }
    const written = this.#memory.get(name);
    if (written !== undefined) return written.text; // by somebody here, meanwhile
    this.#memory.set(name, { text, writtenAt });
    if (this.#isOld(writtenAt)) await this.#put(name, text);
    return text;
  }

  async #keep(name: string, text: string): Promise<void> {
    const known = this.#memory.get(name);
    if (known?.text === text && known.writtenAt !== undefined && !this.#isOld(known.writtenAt)) return;
    const fault = faultOf(text);
    if (fault === undefined) return this.#put(name, text);
    this.#memory.set(name, { text, writtenAt: undefined });
    this.#tell('write', fault, fault);
  }

  /** Until it fails it counts as written, so that nobody writes it a second time meanwhile. */
  async #put(name: string, text: string): Promise<void> {
    this.#memory.set(name, { text, writtenAt: this.#options.clock() });
    const done = await this.#attempt('write', async () => {
      await this.#options.shelf.put(name, await this.#seal.close(name, text));
      return true;
    });
    if (!done) this.#memory.set(name, { text, writtenAt: undefined });
  }

  #isOld(writtenAt: number | undefined): boolean {
    return writtenAt !== undefined && this.#options.clock() - writtenAt > this.#options.shelf.renewAfterMs;
  }

  /** Undefined for what failed, and while the shelf rests. */
  async #attempt<T>(action: 'read' | 'write', work: () => Promise<T>): Promise<T | undefined> {
    if (this.#options.clock() < this.#restUntil) return undefined;
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof Unavailable) this.#restUntil = this.#options.clock() + REST_MS;
      this.#tell(action, causeOf(thrown), thrown);
      return undefined;
    }
  }

  #tell(action: 'read' | 'write', cause: string, reason: unknown): void {
    const told = `${action} ${cause}`;
    if (this.#told.has(told)) return;
    this.#told.add(told);
    this.#options.log.warn(`render store: cannot ${action}; such failures are not told again`, {
      place: this.#options.shelf.place,
      reason,
    });
  }
}

interface Known {
  readonly text: string;
  /** When the shelf got it; undefined when it did not. */
  readonly writtenAt: number | undefined;
}

/** What was used last, within a number of characters. */
class Memory {
  readonly #known = new Map<string, Known>();
  #characters = 0;

  get(name: string): Known | undefined {
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    this.#known.delete(name);
    this.#known.set(name, known);
    return known;
  }

  set(name: string, known: Known): void {
    this.#characters += known.text.length - (this.#known.get(name)?.text.length ?? 0);
    this.#known.delete(name);
    this.#known.set(name, known);
    for (const [oldest, { text }] of this.#known) {
      if (this.#characters <= MAX_CHARACTERS_IN_MEMORY) return;
      this.#known.delete(oldest);
      this.#characters -= text.length;
    }
  }
}

function faultOf(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_SEALED_TEXT_BYTES)
    return `an output of more than ${MAX_SEALED_TEXT_BYTES} bytes is rendered again by every container`;
  return text.isWellFormed() ? undefined : 'an output that is no valid Unicode is rendered again by every container';
}

/** What failures are told apart by: the code of the system or of the service, which says less than a message that names an object. */
function causeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown';
  if (isRecord(thrown) && typeof thrown['code'] === 'string') return thrown['code'];
  return thrown.cause instanceof Error ? causeOf(thrown.cause) : thrown.name;
}
