// The render store on a folder: what every store keeps to, and what a folder can do to it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFolderShelf } from '../../lib/adapters/render-folder.ts';
import { createRenderStore } from '../../lib/adapters/render-store.ts';
import { recordedLog, renderStoreContract } from '../support/render-store.ts';

const LONG = 'long '.repeat(1000);

renderStoreContract('a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-renders-'));
  return {
    shelf: () => createFolderShelf(folder),
    names: async () => (await readdir(folder)).filter((name) => !name.includes('.')),
    read: (name) => readFile(join(folder, name)),
    replace: (name, bytes) => writeFile(join(folder, name), bytes),
    remove: (name) => rm(join(folder, name), { force: true }),
    close: () => rm(folder, { recursive: true }),
  };
});

describe('a folder of renders', () => {
  let root: string;
  let logged: ReturnType<typeof recordedLog>;
  const folder = () => join(root, 'renders');
  const store = () => createRenderStore({ shelf: createFolderShelf(folder()), secret: 'secret', clock: Date.now, log: logged.log });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'evenkeel-renders-'));
    logged = recordedLog();
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is made when it is needed, and is nobody else’s to read', async () => {
    await store().write('key', LONG);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder()).map((name) => statSync(join(folder(), name)).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('comes back after it was removed', async () => {
    const one = store();
    await one.write('key', LONG);
    rmSync(folder(), { recursive: true });
    await one.write('other', LONG.slice(1));
    expect(await store().read('other')).toBe(LONG.slice(1));
  });

  it('stops no render when it cannot be written to or read, and says so once', async () => {
    writeFileSync(folder(), 'a file in its place');
    const one = store();
    for (const key of ['a', 'b', 'c']) {
      await one.write(key, `${LONG}${key}`);
      expect(await one.read(key)).toBe(`${LONG}${key}`);
      expect(await store().read(key)).toBeUndefined();
    }
    expect(logged.lines.filter((line) => line.includes('cannot write'))).toHaveLength(1);
    expect(logged.lines.find((line) => line.includes('cannot write'))).toContain(folder());
    expect(logged.lines.some((line) => line.includes('cannot read'))).toBe(true);
  });

  it('takes no folder, device or endless file for an entry, and waits for none', async () => {
    await store().write('key', 'short');
    const [name = ''] = readdirSync(folder());
    const path = join(folder(), name);
    for (const plant of [() => mkdirSync(path), () => symlinkSync('/dev/zero', path)]) {
      rmSync(path);
      plant();
      expect(await store().read('key')).toBeUndefined();
      rmSync(path, { recursive: true });
      await store().write('key', 'short');
    }
    expect(logged.lines.filter((line) => line.includes('is none of ours'))).toHaveLength(2);
  });

  it('keeps what was used last when there is too much', async () => {
    await store().write('lost', 'lost');
    const [lost = ''] = readdirSync(folder());
    await store().write('kept', 'kept');
    for (let file = 0; file < 4600; file += 1) writeFileSync(join(folder(), `more-${file}`), '');
    const aged = (name: string, seconds: number) => utimesSync(join(folder(), name), 0, Date.now() / 1000 - seconds);
    for (const name of readdirSync(folder())) aged(name, name === lost ? 2000 : 1000);
    expect(await store().read('kept')).toBe('kept');
    const one = store();
    for (let key = 0; key < 500; key += 1) await one.write(`new-${key}`, 'new');
    expect(readdirSync(folder())).toHaveLength(5000);
    expect([await store().read('lost'), await store().read('kept')]).toEqual([undefined, 'kept']);
  });
});
