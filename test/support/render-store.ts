// What every render store keeps to, whatever it keeps things on; and a store on a folder for tests that are about something else.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../lib/adapters/log.ts';
import { createFolderShelf } from '../../lib/adapters/render-folder.ts';
import { createRenderStore, MAX_INLINE_CHARACTERS, type Shelf } from '../../lib/adapters/render-store.ts';
import { createSeal, MAX_SEALED_TEXT_BYTES } from '../../lib/adapters/seal.ts';
import type { Log, RenderStore } from '../../lib/ports.ts';

/** A place to keep things on, as somebody finds it who can do to it what they like. */
export interface Place {
  shelf(): Shelf;
  names(): Promise<readonly string[]>;
  read(name: string): Promise<Buffer>;
  replace(name: string, bytes: Buffer): Promise<void>;
  remove(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface Logged {
  readonly log: Log;
  readonly lines: string[];
}

export function recordedLog(): Logged {
  const lines: string[] = [];
  return { log: createLog({ level: 'info', write: (line) => lines.push(line) }), lines };
}

export function folderStore(cacheDir: string): RenderStore {
  const shelf = createFolderShelf(join(cacheDir, 'renders'));
  return createRenderStore({ shelf, secret: 'test', clock: Date.now, log: recordedLog().log });
}

const LONG = JSON.stringify(Array.from({ length: 200 }, (_, index) => ({ kind: 'ConfigMap', name: `name-${index}`, data: 'ä\u0000🙂' })));
const OTHER = LONG.replaceAll('name-', 'other-');

/** Each store that is opened is another container: nothing in memory, the same place. */
export function renderStoreContract(name: string, open: () => Promise<Place>): void {
  describe(`a render store on ${name}`, () => {
    let place: Place;
    let logged: Logged;
    const store = (secret: string | undefined = 'secret') =>
      createRenderStore({ shelf: place.shelf(), secret, clock: Date.now, log: logged.log });
    const empty = async () => void (await Promise.all((await place.names()).map((one) => place.remove(one))));
    const only = async (kind: string) => {
      const [first, ...others] = (await place.names()).filter((one) => one.startsWith(kind));
      expect(others).toEqual([]);
      return first ?? '';
    };

    beforeAll(async () => {
      place = await open();
    });
    afterAll(() => place.close());
    beforeEach(async () => {
      logged = recordedLog();
      await empty();
    });

    it.each([
      ['an empty text', ''],
      ['a short text', '[{"a":"ä"}]'],
      ['the longest text of an entry', 'x'.repeat(MAX_INLINE_CHARACTERS)],
      ['a long text', LONG],
      ['a text of megabytes', LONG.repeat(300)],
    ])('gives another container exactly what was written: %s', async (_, text) => {
      expect(await store().read('key')).toBeUndefined();
      await store().write('key', text);
      expect(await store().read('key')).toBe(text);
      expect(await store().read('other key')).toBeUndefined();
      expect(logged.lines).toEqual([]);
    });

    it('takes any text for a key, and shows none of it', async () => {
      for (const key of ['../../etc/passwd', 'a/b', '', 'ä'.repeat(500)]) {
        await store().write(key, key);
        expect(await store().read(key)).toBe(key);
      }
      for (const one of await place.names()) expect(one).toMatch(/^entry-[0-9a-f]{64}$/);
    });

    it('keeps equal output once, however many keys it has', async () => {
      const first = store();
      for (let key = 0; key < 20; key += 1) await first.write(`commit-${key}`, LONG);
      await store().write('of another container', LONG);
      await only('body');
      expect(await Promise.all(['commit-0', 'commit-19', 'of another container'].map((key) => store().read(key)))).toEqual([
        LONG,
        LONG,
        LONG,
      ]);
    });

    it('gives what was written last', async () => {
      const one = store();
      await one.write('key', LONG);
      await one.write('key', OTHER);
      expect([await one.read('key'), await store().read('key')]).toEqual([OTHER, OTHER]);
    });

    const flipped = (bytes: Buffer, at: number) => {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      return changed;
    };
    const damages: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
      ['its code changed', (bytes) => flipped(bytes, 0)],
      ['its content changed', (bytes) => flipped(bytes, bytes.length - 1)],
      ['cut short', (bytes) => bytes.subarray(0, -1)],
      ['cut to its code', (bytes) => bytes.subarray(0, 32)],
      ['cut within its code', (bytes) => bytes.subarray(0, 31)],
      ['emptied', () => Buffer.alloc(0)],
      ['something appended', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
      ['words in its place', () => Buffer.from('[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"planted"}}]')],
    ];
    const kinds = [
      ['entry', '=planted'],
      ['body', 'planted'],
    ] as const;
    for (const [kind, planted] of kinds) {
      it.each(damages)(`refuses an object with %s (${kind}), says so, and takes it anew`, async (_, damage) => {
        await store().write('key', LONG);
        const target = await only(kind);
        await place.replace(target, damage(await place.read(target)));
        const later = store();
        expect(await later.read('key')).toBeUndefined();
        expect(logged.lines.filter((line) => line.includes('refused') && line.includes(target))).toHaveLength(1);
        await later.write('key', LONG);
        expect(await store().read('key')).toBe(LONG);
      });

      it(`refuses an object that belongs under another name (${kind})`, async () => {
        const before = store();
        await before.write('key', LONG);
        const target = await only(kind);
        const kept = await place.read(target);
        await empty();
        await before.write('other', OTHER);
        const swapped = await only(kind);
        await place.replace(target, await place.read(swapped));
        await place.replace(swapped, kept);
        expect(await store().read('other')).toBeUndefined();
        expect(logged.lines.some((line) => line.includes('refused') && line.includes(swapped))).toBe(true);
      });

      it(`refuses what was sealed for its very name with another secret (${kind})`, async () => {
        await store().write('key', LONG);
        const target = await only(kind);
        for (const seal of [createSeal('stranger'), createSeal(''), createSeal(undefined)]) {
          await place.replace(target, await seal.close(target, planted));
          expect(await store().read('key')).toBeUndefined();
        }
        expect(logged.lines.filter((line) => line.includes('refused') && line.includes(target))).toHaveLength(3);
        await place.replace(target, await createSeal('secret').close(target, planted));
        expect(await store().read('key')).toBe('planted');
      });
    }

    it('finds nothing of another secret, nor of a process without one', async () => {
      await store('rotated').write('key', LONG);
      expect(await store().read('key')).toBeUndefined();
      const alone = { shelf: place.shelf(), secret: undefined, clock: Date.now, log: logged.log };
      await createRenderStore(alone).write('key', LONG);
      expect(await createRenderStore(alone).read('key')).toBeUndefined();
      expect(logged.lines.filter((line) => line.includes('no secret to seal with'))).toHaveLength(2);
    });

    it('loses nothing but time when everything is removed between two uses', async () => {
      const one = store();
      await one.write('key', LONG);
      await empty();
      expect(await one.read('key')).toBe(LONG);
      expect(await store().read('key')).toBeUndefined();
      await store().write('key', LONG);
      expect(await store().read('key')).toBe(LONG);
      for (const kind of ['body', 'entry']) {
        await place.remove(await only(kind));
        expect(await store().read('key')).toBeUndefined();
        await store().write('key', LONG);
        expect(await store().read('key')).toBe(LONG);
      }
      expect(logged.lines).toEqual([]);
    });

    const use = async (number: number) => {
      const [one, key, text] = [store(), `key-${number % 3}`, number % 3 === 0 ? LONG : OTHER];
      expect([undefined, text]).toContain(await one.read(key));
      await one.write(key, text);
      expect(await one.read(key)).toBe(text);
    };

    it('loses nothing but time when everything is removed again and again while it is used', async () => {
      let working = true;
      const work = async (worker: number) => {
        for (let turn = 0; turn < 8; turn += 1) await use(worker + turn);
      };
      const workers = Promise.all([0, 1, 2, 3].map(work)).finally(() => {
        working = false;
      });
      while (working) await empty();
      await workers;
      expect(logged.lines.filter((line) => line.includes('refused'))).toEqual([]);
    });

    it('keeps what is too long, or no text, for itself alone, and says so once', async () => {
      const one = store();
      const tooLong = 'ä'.repeat(MAX_SEALED_TEXT_BYTES / 2 + 1);
      const noText = `${LONG}\ud800`;
      for (const [key, text] of [['long', tooLong] as const, ['broken', noText] as const, ['broken too', `${noText}!`] as const]) {
        await one.write(key, text);
        expect((await one.read(key)) === text).toBe(true);
        expect(await store().read(key)).toBeUndefined();
      }
      expect(logged.lines.filter((line) => line.includes(String(MAX_SEALED_TEXT_BYTES)))).toHaveLength(1);
      expect(logged.lines.filter((line) => line.includes('no valid Unicode'))).toHaveLength(1);
    });
  });
}
