// An archive unpacked the way Lambda does it: files with their permission bits.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listZipped, readZipped } from '../local/cache/zip.ts';

/** Writes every file of the archive below `folder`. Throws InvalidInput when it is damaged. */
export async function unpack(archivePath: string, folder: string): Promise<void> {
  const archive = await readFile(archivePath);
  for (const { name, mode } of listZipped(archive)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, await readZipped(archive, name), { mode });
  }
}

/** Bytes of all files of an archive once unpacked. */
export async function unpackedSize(archivePath: string): Promise<number> {
  return listZipped(await readFile(archivePath)).reduce((sum, { size }) => sum + size, 0);
}
