// The repository that a golden case stands in: its folder `repo` as a change for a Git server, and as a folder on disk.
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { GoldenCase } from './cases.ts';
import type { Change } from './git-remote.ts';

type Content = Exclude<Change, undefined>;

/** Every file and link of a case by its path. A folder whose name ends in `.tgz` becomes the archive of what is in it, so that cases hold only text. */
export function repositoryOf(golden: GoldenCase): Readonly<Record<string, Content>> {
  return contentBelow(join(golden.dir, 'repo'), '');
}

function contentBelow(dir: string, prefix: string): Readonly<Record<string, Content>> {
  const parts = readdirSync(dir).map((name): Readonly<Record<string, Content>> => {
    const path = join(dir, name);
    const kind = lstatSync(path);
    if (kind.isSymbolicLink()) return { [prefix + name]: { link: readlinkSync(path) } };
    if (!kind.isDirectory()) return { [prefix + name]: readFileSync(path) };
    return name.endsWith('.tgz') ? { [prefix + name]: packed(path) } : contentBelow(path, `${prefix}${name}/`);
  });
  return Object.assign({}, ...parts);
}

function packed(dir: string): Buffer {
  return execFileSync('tar', ['-czf', '-', '-C', dir, ...readdirSync(dir)]);
}

/** The same content below a folder on disk. */
export function writeRepository(content: Readonly<Record<string, Content>>, dir: string): void {
  for (const [path, change] of Object.entries(content)) {
    const file = join(dir, path);
    mkdirSync(dirname(file), { recursive: true });
    if (typeof change === 'object' && 'link' in change) symlinkSync(change.link, file);
    else writeFileSync(file, change);
  }
}
