// Objects that syncs pruned, kept for a day, each closed by a cipher: there are Secrets among them. On a shelf, a folder or a bucket, with a
// compartment for each Application.
import { createHash } from 'node:crypto';
import type { ApplicationRef } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { parseJson } from '../model/json.ts';
import { isRecord, keyOf, keyText, type LiveObject, objectName } from '../model/manifest.ts';
import type { Clock, Log, PrunedObject, PrunedObjects } from '../ports.ts';
import type { Cipher } from './cipher.ts';
import { Turns } from './turns.ts';

/** Where closed things are kept by name, `compartment/name`. Throws what stands in the way, Unavailable when it may pass. */
export interface PrunedShelf {
  readonly place: string;
  put(name: string, bytes: Buffer): Promise<void>;
  get(name: string): Promise<Buffer | undefined>;
  /** Names in a compartment, with the time (ms) of their writing. */
  list(compartment: string): Promise<readonly { readonly name: string; readonly writtenAt: number }[]>;
}

export const KEPT_MS = 24 * 3_600_000;
const CONCURRENCY = 16;
const UNREADABLE = 'unreadable';

export interface PrunedStorage {
  readonly shelf: PrunedShelf;
  readonly cipher: Cipher;
}

interface Options {
  readonly storage: () => Promise<PrunedStorage>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createPrunedObjects({ storage, clock, log }: Options): PrunedObjects {
  /** Undefined for what is gone; what cannot be opened is in the log, and the rest can still come back. */
  const opened = async (name: string, { shelf, cipher }: PrunedStorage): Promise<PrunedObject | typeof UNREADABLE | undefined> => {
    const bytes = await shelf.get(name);
    if (bytes === undefined) return undefined;
    try {
      return parsed(await cipher.open(name, bytes));
    } catch (thrown) {
      if (!(thrown instanceof InvalidInput)) throw thrown;
      log.warn('pruned objects: one cannot be restored', { place: shelf.place, reason: thrown });
      return UNREADABLE;
    }
  };
  return {
    keep: async (application, server, object) => {
      const { shelf, cipher } = await storage();
      const name = `${compartmentOf(application, server)}/${nameOf(object)}`;
      const text = JSON.stringify({ prunedAt: clock(), object });
      await shelf.put(name, await cipher.close(name, text));
    },
    kept: async (application, server) => {
      const stored = await storage();
      const listed = await stored.shelf.list(compartmentOf(application, server));
      const recent = listed.filter(({ writtenAt }) => clock() - writtenAt < KEPT_MS);
      const turns = new Turns(CONCURRENCY);
      const found = await Promise.all(recent.map(({ name }) => turns.take(() => opened(name, stored))));
      const objects = newestOfEach(found.filter((entry) => entry !== undefined && entry !== UNREADABLE));
      return { objects, unreadable: found.filter((entry) => entry === UNREADABLE).length };
    },
  };
}

/** Nobody learns names of Applications and objects from those of files. */
function compartmentOf({ namespace, name }: ApplicationRef, server: string): string {
  return digest(`${server}\n${namespace}/${name}`);
}

/** An object that is pruned again by a repeated step is the same entry; another of its name is another. */
function nameOf(object: LiveObject): string {
  return digest(`${keyText(keyOf(object))}\n${object.metadata.uid ?? ''}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

function parsed(text: string): PrunedObject {
  const entry = parseJson(text);
  if (isRecord(entry) && typeof entry['prunedAt'] === 'number' && isRecord(entry['object'])) return entry as unknown as PrunedObject; // closed by us
  throw new InvalidInput('an entry that is no object');
}

/** Newest first; of several of one name the one that went last. */
function newestOfEach(entries: readonly PrunedObject[]): readonly PrunedObject[] {
  const oldestFirst = [...entries].sort(
    (a, b) => a.prunedAt - b.prunedAt || (objectName(keyOf(a.object)) < objectName(keyOf(b.object)) ? 1 : -1),
  );
  return [...new Map(oldestFirst.map((entry) => [keyText(keyOf(entry.object)), entry])).values()].reverse();
}
