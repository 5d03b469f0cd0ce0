// Which files a source reads: found by the render, kept with it, so that a push wakes just the Applications that read what changed, and
// part of the render's key. Too many is a needless look; too few would be a missed deployment, so what is not understood counts whole.
import type { Closure, FileMatch, RootClosure } from '../model/desired.ts';
import { sameGitUrl } from '../model/git-url.ts';
import { fileMatches } from '../model/path-pattern.ts';
import { entriesBelow, isFolder, joined, linksOn, parentOf, realPath, type SourceFiles, type Tree } from '../model/tree.ts';
import type { HelmPlan } from './helm.ts';
import { kustomizationFiles } from './kustomize.ts';
import { kustomizeClosure } from './kustomize-closure.ts';
import { overrideFiles } from './parameters.ts';
import type { RenderPlan } from './source.ts';

/** Paths that end in `/` stand for everything below them, and `/` for the whole repository. */
type Paths = readonly string[];

/** What a render reads in each of its roots, by their names: `''` is the source's own repository. */
export type RenderClosure = ReadonlyMap<string, RootClosure>;

export interface ClosureInput {
  readonly plan: RenderPlan;
  readonly instanceName: string;
  /** The source's path as it is written: links on it count too. */
  readonly path: string;
  /** Whether the names in the folder decided what type of source it is. */
  readonly detected: boolean;
}

/**
 * What a plan rests on by itself, by root: override files, the names that make it what it is, value files that are there or could be.
 * `reads`: what the render read besides, by root.
 */
export function renderClosure(
  input: ClosureInput,
  reads: Readonly<Record<string, Paths>>,
  trees: ReadonlyMap<string, Tree>,
): RenderClosure {
  const consulted = consultedBy(input);
  const names = new Set([...consulted.keys(), ...Object.keys(reads)]);
  return new Map(
    [...names].map((name) => {
      const { paths = [], matching = [] } = consulted.get(name) ?? {};
      const tree = trees.get(name);
      const all = [...paths, ...(reads[name] ?? []), ...(tree ? matchingLinks(matching, tree) : [])];
      return [name, { paths: tree ? settled(all, tree) : [...new Set(all)].sort(), ...(matching.length > 0 ? { matching } : {}) }];
    }),
  );
}

function consultedBy({ plan, instanceName, path, detected }: ClosureInput): RenderClosure {
  const own: RootClosure = {
    paths: [
      ...overrideFiles(plan.folder, instanceName),
      ...linksTo(plan.folder, path),
      ...(detected || plan.type === 'Kustomize' ? kustomizationFiles(plan.folder) : []),
      ...(plan.type === 'Kustomize' ? plan.missing.flatMap((missing) => [missing, `${missing}/`]) : []),
    ],
    matching: [...(detected ? [{ folder: plan.folder, pattern: '*Chart.yaml' }] : []), ...(plan.type === 'Directory' ? [plan.match] : [])],
  };
  const consulted = Map.groupBy(plan.type === 'Helm' ? plan.consulted : [], ({ ref }) => ref);
  const withFiles = (name: string, base: RootClosure): RootClosure => {
    const entries = consulted.get(name) ?? [];
    return {
      paths: [...base.paths, ...entries.flatMap((entry) => entry.path ?? [])],
      matching: [...(base.matching ?? []), ...entries.flatMap((entry) => entry.match ?? [])],
    };
  };
  return new Map([...new Set(['', ...consulted.keys()])].map((name) => [name, withFiles(name, name === '' ? own : { paths: [] })]));
}

/**
 * What a render of a plan may read, by the plan alone: for a renderer that does not see to it by itself.
 * Throws InvalidInput for a kustomization that names something outside the repository or on another server.
 */
export function expectedReads(plan: RenderPlan, files: SourceFiles): Readonly<Record<string, Paths>> {
  switch (plan.type) {
    case 'Directory':
      return { '': plan.files };
    case 'Helm':
      return chartReads(plan);
    case 'Kustomize':
      return { '': kustomizeClosure(plan.folder, files, plan.edited?.text) };
    default:
      return plan satisfies never;
  }
}

function chartReads({ folder, job }: HelmPlan): Readonly<Record<string, Paths>> {
  const files = Map.groupBy(
    [{ root: '', path: `${folder}/` }, ...job.valueFiles, ...job.setFiles.map(({ file }) => file)],
    ({ root }) => root,
  );
  return Object.fromEntries([...files].map(([root, found]) => [root, found.map(({ path }) => path)]));
}

function linksTo(folder: string, path: string): Paths {
  const named = joined('', path) ?? folder;
  return named === folder ? [] : [named];
}

/**
 * Sorted, each once, with the targets of links, and without what another covers: a folder what is below it, and a path what would be below it
 * if a folder came to be there.
 */
export function settled(paths: Paths, tree: Tree): Paths {
  const all = new Set<string>();
  const add = (path: string) => {
    if (all.has(path)) return;
    all.add(path);
    for (const target of linkTargets(path, tree)) add(target);
  };
  for (const path of paths) add(path);
  const folders = new Set([...all].filter((path) => path.endsWith('/')));
  const covered = (path: string) => (folders.has('/') && path !== '/') || coveringFolders(path).some((folder) => folders.has(folder));
  const awaited = (path: string) => path.endsWith('/') && all.has(path.slice(0, -1)) && !isFolder(tree, path.slice(0, -1));
  return [...all].filter((path) => !covered(path) && !awaited(path)).sort();
}

/** The folders above a path, as a closure writes them. */
function coveringFolders(path: string): Paths {
  const parent = parentOf(path.replace(/\/$/, ''));
  return parent === '' ? [] : [`${parent}/`, ...coveringFolders(parent)];
}

/** Where links lead: each link on the way, what is there in the end, and the same for each link below a folder. */
function linkTargets(path: string, tree: Tree): readonly string[] {
  const bare = path.replace(/\/$/, '');
  const whole = path.endsWith('/');
  const below = whole ? entriesBelow(tree, bare).filter((entry) => tree.entries.get(entry)?.kind === 'link') : [];
  return [bare, ...below].flatMap((link) => {
    const real = realPath(tree, link);
    if (real === undefined || real === link) return [];
    const target = !isFolder(tree, real) ? [real] : whole ? [`${real}/`] : [];
    return [...linksOn(tree, link), ...target];
  });
}

/** What a closure holds at one commit, as text: equal texts, equal content. A file that is not there is part of it. */
export function closureContent(closure: RootClosure, tree: Tree): string {
  const named = closure.paths.flatMap((path) => (path.endsWith('/') ? entriesBelow(tree, path.replace(/\/$/, '')) : [path]));
  return [...new Set([...named, ...matched(closure, tree)])].map((path) => lineOf(path, tree)).join('\n');
}

/** With the place that links lead to: a link that points elsewhere now is another content. */
function lineOf(path: string, tree: Tree): string {
  const real = realPath(tree, path);
  const entry = tree.entries.get(path) ?? (real === undefined ? undefined : tree.entries.get(real));
  const what = entry ? `${entry.kind} ${entry.hash}` : real !== undefined && tree.folders.has(real) ? 'folder' : '-';
  return `${path} ${real === path ? '' : real} ${what}`;
}

/** Links that count by their names: a file that comes to be where one leads counts too. */
function matchingLinks(matching: readonly FileMatch[], tree: Tree): Paths {
  const isLink = (path: string) => tree.entries.get(path)?.kind === 'link';
  return matching.flatMap((match) => entriesBelow(tree, match.folder).filter((path) => isLink(path) && fileMatches(match, path)));
}

function matched({ matching = [] }: RootClosure, tree: Tree): readonly string[] {
  return matching.flatMap((match) =>
    entriesBelow(tree, match.folder)
      .filter((path) => fileMatches(match, path))
      .flatMap((path) => [path, ...linkTargets(path, tree)]),
  );
}

/** The entries of a tree that paths of a closure cover. */
export function closureEntries(paths: Paths, tree: Tree): readonly string[] {
  return paths.flatMap((path) => (path.endsWith('/') ? entriesBelow(tree, path.replace(/\/$/, '')) : tree.entries.has(path) ? [path] : []));
}

/** Whether changed files of a repository concern a closure: one of them is in it, or became a folder or a link on the way to it. */
export function closureTouches(closure: Closure, repoURL: string, changedPaths: readonly string[]): boolean {
  return closure.sources.filter((source) => sameGitUrl(source.repoURL, repoURL)).some((source) => touches(source, changedPaths));
}

function touches({ paths, matching = [] }: RootClosure, changedPaths: readonly string[]): boolean {
  if (paths.includes('/')) return true;
  const files = new Set(paths);
  const folders = paths.map((path) => (path.endsWith('/') ? path : `${path}/`));
  const ancestors = new Set(paths.flatMap(ancestorsOf));
  return changedPaths.some(
    (changed) =>
      files.has(changed) ||
      ancestors.has(changed) ||
      folders.some((folder) => changed.startsWith(folder)) ||
      matching.some((match) => waitsFor(match, changed)),
  );
}

/** A file or link that takes the place of a folder in which files would match shows up under the folder's own name. */
function waitsFor(match: FileMatch, changed: string): boolean {
  return fileMatches(match, changed) || match.folder === changed || match.folder.startsWith(`${changed}/`);
}

/** A file that takes the place of a folder shows up under the folder's own name. */
function ancestorsOf(path: string): readonly string[] {
  const bare = path.replace(/\/$/, '');
  const parent = parentOf(bare);
  return parent === '' ? [bare] : [bare, ...ancestorsOf(parent)];
}
