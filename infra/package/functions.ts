// The functions' archives: each bundle under the path that its handler names, source maps beside it.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Bundle } from './bundle.ts';
import type { PlannedFunction } from './plan.ts';
import type { PackedFile } from './zip.ts';

const BESIDE = ['', '.map', '.LEGAL.txt'];

/** Path of a function's module once its archive is unpacked. */
export function modulePath({ module }: PlannedFunction): string {
  return `${module}.mjs`;
}

/** What goes into the archive of a function. */
export async function packedBundle(planned: PlannedFunction, bundle: Bundle): Promise<readonly PackedFile[]> {
  const paths = bundle.files.flatMap((file) => BESIDE.map((suffix) => file + suffix)).filter((path) => existsSync(path));
  const folder = dirname(planned.module);
  return Promise.all(
    paths.map(async (path) => ({
      path: path === bundle.file ? modulePath(planned) : join(folder, basename(path)),
      content: await readFile(path),
    })),
  );
}
