// Which files a source reads: kept with its render, so that a push wakes just the Applications that read what changed, and part of
// the render's key. Too many is a needless look; too few would be a missed deployment, so what is not understood counts whole.
import type { Closure } from '../model/desired.ts';
import { sameGitUrl } from '../model/git-url.ts';
import { entriesBelow, isFolder, joined, parentOf, realPath, type SourceFiles, type Tree } from '../model/tree.ts';
import { kustomizeClosure } from './kustomize-closure.ts';
import { overrideFiles } from './parameters.ts';
import type { RenderPlan } from './source.ts';

/** Paths that end in `/` stand for everything below them, and `/` for the whole repository. */
export type Paths = readonly string[];

/** What a render of a plan reads in its own repository, and in those of `$ref` sources by their names. */
export interface PlanClosure {
  readonly own: Paths;
  readonly refs: ReadonlyMap<string, Paths>;
}

export interface ClosureInput {
  readonly plan: RenderPlan;
  readonly files: SourceFiles;
  /** The repositories of `$ref` sources. */
  readonly refs: ReadonlyMap<string, SourceFiles>;
  readonly instanceName: string;
  /** The source's path as it is written: links on it count too. */
  readonly path: string;
}

/**
 * The closure of a plan: files that are read, and those that would be if they were there.
 * Throws InvalidInput for a kustomization that names something outside the repository or on another server.
 */
export function planClosure({ plan, files, refs, instanceName, path }: ClosureInput): PlanClosure {
  const always = [...overrideFiles(plan.folder, instanceName), ...linksTo(plan.folder, path)];
  if (plan.type === 'Kustomize') {
    const paths = kustomizeClosure(plan.folder, files, plan.edited?.text);
    return { own: settled([...always, ...paths], files.tree), refs: new Map() };
  }
  const consulted = Map.groupBy(plan.type === 'Helm' ? plan.consulted : [], ({ ref }) => ref);
  const pathsIn = (ref: string) => (consulted.get(ref) ?? []).map((file) => file.path);
  return {
    own: settled([...always, `${plan.folder}/`, ...pathsIn('')], files.tree),
    refs: new Map([...refs].map(([ref, other]) => [ref, settled(pathsIn(ref), other.tree)])),
  };
}

function linksTo(folder: string, path: string): Paths {
  const named = joined('', path) ?? folder;
  return named === folder ? [] : [named];
}

/** Sorted, each once, with the targets of links, and without what a folder in it covers already. */
export function settled(paths: Paths, tree: Tree): Paths {
  const all = new Set<string>();
  const add = (path: string) => {
    if (all.has(path)) return;
    all.add(path);
    for (const target of linkTargets(path, tree)) add(target);
  };
  for (const path of paths) add(path);
  const folders = [...all].filter((path) => path.endsWith('/'));
  const covered = (path: string) => folders.some((folder) => folder !== path && (folder === '/' || path.startsWith(folder)));
  return [...all].filter((path) => !covered(path)).sort();
}

/** Where links lead: the path itself when a link is in it, and each link below a folder. */
function linkTargets(path: string, tree: Tree): readonly string[] {
  const bare = path.replace(/\/$/, '');
  const below = path.endsWith('/') ? entriesBelow(tree, bare).filter((entry) => tree.entries.get(entry)?.kind === 'link') : [];
  return [bare, ...below].flatMap((link) => {
    const real = realPath(tree, link);
    if (real === undefined || real === link) return [];
    return isFolder(tree, real) ? [`${real}/`, link] : [real, link];
  });
}

/** What the closure holds at one commit, as text: equal texts, equal content. A file that is not there is part of it. */
export function closureContent(paths: Paths, tree: Tree): string {
  const line = (path: string) => `${path} ${tree.entries.get(path)?.hash ?? '-'}`;
  return paths.flatMap((path) => (path.endsWith('/') ? entriesBelow(tree, path.replace(/\/$/, '')).map(line) : [line(path)])).join('\n');
}

/** The entries of a tree that a closure covers. */
export function closureEntries(paths: Paths, tree: Tree): readonly string[] {
  return paths.flatMap((path) => (path.endsWith('/') ? entriesBelow(tree, path.replace(/\/$/, '')) : tree.entries.has(path) ? [path] : []));
}

/** Whether changed files of a repository concern a closure: one of them is in it, or became a folder or a link on the way to it. */
export function closureTouches(closure: Closure, repoURL: string, changedPaths: readonly string[]): boolean {
  return closure.sources.filter((source) => sameGitUrl(source.repoURL, repoURL)).some((source) => touches(source.paths, changedPaths));
}

function touches(paths: Paths, changedPaths: readonly string[]): boolean {
  if (paths.includes('/')) return true;
  const files = new Set(paths);
  const folders = paths.filter((path) => path.endsWith('/'));
  const ancestors = new Set(paths.flatMap(ancestorsOf));
  return changedPaths.some(
    (changed) => files.has(changed) || ancestors.has(changed) || folders.some((folder) => changed.startsWith(folder)),
  );
}

/** A file that takes the place of a folder shows up under the folder's own name. */
function ancestorsOf(path: string): readonly string[] {
  const bare = path.replace(/\/$/, '');
  const parent = parentOf(bare);
  return parent === '' ? [bare] : [bare, ...ancestorsOf(parent)];
}
