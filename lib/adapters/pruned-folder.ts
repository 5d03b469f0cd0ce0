// Closed objects in a folder of this machine. What is too old to be restored goes with the first write of a process.
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../model/manifest.ts';
import { KEPT_MS, type PrunedShelf } from './pruned-objects.ts';
import { writeWhole } from './whole-file.ts';

export function createPrunedFolder(folder: string): PrunedShelf {
  const list = async (compartment: string) => {
    const names = await absentAs([], () => readdir(join(folder, compartment)));
    const found = await Promise.all(names.map((name) => entryAt(folder, `${compartment}/${name}`)));
    return found.filter((entry) => entry !== undefined);
  };
  let swept = false;
  return {
    place: folder,
    list,
    get: (name) => absentAs(undefined, () => readFile(join(folder, name))),
    put: async (name, bytes) => {
      await writeWhole(join(folder, name), bytes);
      if (!swept) await withoutExpired(folder, list);
      swept = true;
    },
  };
}

async function withoutExpired(folder: string, list: PrunedShelf['list']): Promise<void> {
  const before = Date.now() - KEPT_MS;
  for (const compartment of await readdir(folder)) {
    const old = (await list(compartment)).filter(({ writtenAt }) => writtenAt < before);
    await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
  }
}

async function entryAt(folder: string, name: string): Promise<{ readonly name: string; readonly writtenAt: number } | undefined> {
  const found = await absentAs(undefined, () => stat(join(folder, name)));
  return found && { name, writtenAt: found.mtimeMs };
}

async function absentAs<T, Absent>(absent: Absent, work: () => Promise<T>): Promise<T | Absent> {
  try {
    return await work();
  } catch (thrown) {
    if (isRecord(thrown) && (thrown['code'] === 'ENOENT' || thrown['code'] === 'ENOTDIR')) return absent;
    throw thrown;
  }
}
