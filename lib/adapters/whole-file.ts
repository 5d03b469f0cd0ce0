// Files that are complete under their names, or not there: written aside, then renamed.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

let writes = 0;

/** For its owner alone; folders above it are made. Nothing is left of what fails. */
export async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  writes += 1;
  const aside = `${path}.${process.pid}.${writes}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(aside, bytes, { mode: 0o600 });
    await rename(aside, path);
  } catch (thrown) {
    await rm(aside, { force: true }).catch(() => undefined); // the reason that counts is the first
    throw thrown;
  }
}
