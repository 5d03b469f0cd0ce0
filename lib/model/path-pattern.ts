// Patterns over paths, name by name: the globs of value files, and what a closure waits for.
import type { FileMatch } from './desired.ts';
import { globMatches } from './glob.ts';

/** Whether a pattern covers a whole path: a glob for each name, and `**` for any number of folders, none too. */
export function patternMatches(pattern: string, path: string): boolean {
  const globs = pattern.split('/');
  let alive = skipping(globs, [0]);
  for (const name of path.split('/')) {
    const next = [...alive].flatMap((at) => {
      if (globs[at] === '**') return [at];
      return at < globs.length && globMatches(globs[at] ?? '', name) ? [at + 1] : [];
    });
    alive = skipping(globs, next);
  }
  return alive.has(globs.length);
}

function skipping(globs: readonly string[], from: readonly number[]): ReadonlySet<number> {
  const places = new Set(from);
  for (const at of places) if (globs[at] === '**') places.add(at + 1);
  return places;
}

/** Whether a path of the repository is one of those that a closure waits for by their names. */
export function fileMatches({ folder, pattern, include, exclude }: FileMatch, path: string): boolean {
  if (folder !== '' && !path.startsWith(`${folder}/`)) return false;
  const below = folder === '' ? path : path.slice(folder.length + 1);
  if (!patternMatches(pattern, below)) return false;
  return (include === undefined || globMatches(include, below)) && (exclude === undefined || !globMatches(exclude, below));
}
