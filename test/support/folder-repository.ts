// A repository that is nothing but files in memory, written to a folder for whoever renders it: for tests that change one file a thousand times.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Repositories } from '../../lib/ports.ts';
import { sourceFiles } from './source-files.ts';

export type Files = Readonly<Record<string, string | { readonly link: string }>>;

/** Repositories whose every source has these files, at a commit that is made from them. */
export function folderRepositories(files: Files): { readonly repositories: Repositories; readonly close: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'evk-folder-'));
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    if (typeof file === 'string') writeFileSync(join(dir, path), file);
    else symlinkSync(file.link, join(dir, path));
  }
  const revision = createHash('sha1')
    .update(JSON.stringify(Object.entries(files).sort()))
    .digest('hex');
  return {
    repositories: {
      resolveRevision: async () => revision,
      checkout: async () => ({ dir, revision, files: sourceFiles(files), release: () => undefined }),
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}
