// The annotation `manifest-generate-paths`: which pushes concern an Application, in its owner's words (spec/webhook.md §6.3).
import { posix } from 'node:path';
import { globMatches } from '../model/glob.ts';

/** Absolute paths and globs, from the repository root; relative items are taken from the source's own path. */
export function refreshPaths(annotation: string, sourcePath: string): readonly string[] {
  const items = annotation.split(';').map((item) => item.trim());
  return items.filter((item) => item !== '').map((item) => absolute(item.startsWith('/') ? item : posix.join('/', sourcePath, item)));
}

/** Whether a changed file is one of the paths, lies below one, or matches one as a glob in which `*` stays within a folder. */
export function touchesRefreshPaths(paths: readonly string[], changedPaths: readonly string[]): boolean {
  const globs = paths.map(portableGlob);
  return changedPaths.some((changed) => {
    const file = absolute(changed);
    return paths.some((path, index) => file === path || file.startsWith(below(path)) || globMatches(globs[index] ?? '', file, '/'));
  });
}

function absolute(path: string): string {
  const clean = posix.normalize(posix.join('/', path));
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}

function below(path: string): string {
  return path === '/' ? '/' : `${path}/`;
}

/** Go's filepath.Match knows neither braces nor `**`, and negates a set with `^`. */
function portableGlob(pattern: string): string {
  return pattern.replace(/\\.|\*+|[{}]|\[\^/gs, (found) => {
    if (found.startsWith('*')) return '*';
    if (found === '[^') return '[!';
    return found.startsWith('\\') ? found : `\\${found}`;
  });
}
