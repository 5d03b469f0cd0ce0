// Fetched charts and artifacts on disk, as the same kind of folder that a commit has: whole or not there, shared, never written to again.
// Files are named by the sha256 of their content.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, readlink, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { publish } from './checkouts.ts';

/** Has `fill` fill an empty folder, and makes that the folder at `path`. When it throws, nothing is left. */
export async function writeChart(path: string, fill: (into: string) => Promise<void>): Promise<void> {
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
