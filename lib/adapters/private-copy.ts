// A writable copy of some files of a checkout, with texts in place of some of them: for tools that read nothing but a disk.
import { copyFile, lstat, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RenderRequest } from '../model/rendering.ts';
import { type PrivateFolder, privateFolder } from './sealed-environment.ts';

/** Files and links below a folder of their own, at the same paths. Paths that are not there are left out. */
export async function copyOf(root: string, paths: readonly string[], files: RenderRequest['files']): Promise<PrivateFolder> {
  const copy = await privateFolder('evenkeel-copy-');
  for (const path of paths) await copyEntry(join(root, path), await placed(copy.dir, path));
  for (const [path, text] of Object.entries(files)) {
    const target = await placed(copy.dir, path);
    await rm(target, { force: true });
    await writeFile(target, text);
  }
  return copy;
}

/** The text of a file of the source's own repository, as the request has it. */
export async function textIn(request: RenderRequest, path: string): Promise<string> {
  return request.files[path] ?? (await readFile(join(request.roots[''] ?? '', path), 'utf8'));
}

async function placed(dir: string, path: string): Promise<string> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  return join(dir, path);
}

async function copyEntry(from: string, to: string): Promise<void> {
  const found = await lstat(from).catch(() => undefined);
  if (found?.isFile()) await copyFile(from, to);
  if (found?.isSymbolicLink()) await symlink(await readlink(from), to);
}
