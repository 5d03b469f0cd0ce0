// Copies the sample out of this repository into one of its own, under the URL that it is going to have.
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Stands for the sample's own repository in every manifest under `examples/`. */
const REPOSITORY_PLACEHOLDER = 'https://git.example.com/bookstore.git';

/** The folder of the sample in this repository. */
export const BOOKSTORE_DIR = join(import.meta.dirname, 'bookstore');

/** A manifest of `examples/` with the URL that the sample's repository really has. */
export function withRepository(text: string, url: string): string {
  return text.replaceAll(REPOSITORY_PLACEHOLDER, url);
}

/** Writes the sample's files into `target` (made when missing), each with `url` in place of the placeholder. File modes stay. */
export async function copyBookstore(target: string, url: string, from: string = BOOKSTORE_DIR): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(target, entry.name)];
    if (entry.isDirectory()) await copyBookstore(copy, url, source);
    else await copyFile(source, copy, url);
  }
}

async function copyFile(source: string, copy: string, url: string): Promise<void> {
  await writeFile(copy, withRepository(await readFile(source, 'utf8'), url));
  await chmod(copy, (await stat(source)).mode);
}
