// The files of one commit by name, as `git ls-tree` lists them: what path guards, closures and render keys look at instead of a disk.

export interface TreeEntry {
  /** Git's name for the content. */
  readonly hash: string;
  readonly kind: 'file' | 'link' | 'module';
  /** Where a symbolic link points. */
  readonly target?: string | undefined;
}

/** Paths have no leading and no trailing `/`; the root is `''`. */
export interface Tree {
  readonly entries: ReadonlyMap<string, TreeEntry>;
  /** The names directly in each folder. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
}

/** A tree whose files can be read. Text that is not there, or is a folder, is undefined. */
export interface SourceFiles {
  readonly tree: Tree;
  read(path: string): string | undefined;
}

const MAX_HOPS = 40;

export function treeOf(entries: ReadonlyMap<string, TreeEntry>): Tree {
  const folders = new Map<string, Set<string>>([['', new Set()]]);
  for (const path of entries.keys()) addToFolders(folders, path);
  return { entries, folders: new Map([...folders].map(([folder, names]) => [folder, [...names].sort()])) };
}

function addToFolders(folders: Map<string, Set<string>>, path: string): void {
  const slash = path.lastIndexOf('/');
  const folder = slash < 0 ? '' : path.slice(0, slash);
  const names = folders.get(folder);
  if (names) {
    names.add(path.slice(slash + 1));
    return;
  }
  folders.set(folder, new Set([path.slice(slash + 1)]));
  addToFolders(folders, folder);
}

/** `folder/path` with `.` and `..` taken out; undefined when it is absolute or leads above the root at any step. */
export function joined(folder: string, path: string): string | undefined {
  if (path.startsWith('/')) return undefined;
  let parts: readonly string[] | undefined = folder === '' ? [] : folder.split('/');
  for (const part of path.split('/')) parts &&= stepped(parts, part);
  return parts?.join('/');
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Where a path leads once every link on the way is followed, whether something is there or not; undefined when that is outside the tree. */
export function realPath(tree: Tree, path: string): string | undefined {
  return path.startsWith('/') ? undefined : followed(tree, [], path.split('/'), MAX_HOPS)?.join('/');
}

/** Every link that is followed on the way of a path, in order; those until it leaves the tree, if it does. */
export function linksOn(tree: Tree, path: string): readonly string[] {
  const links: string[] = [];
  if (!path.startsWith('/')) followed(tree, [], path.split('/'), MAX_HOPS, (link) => links.push(link));
  return links;
}

function followed(
  tree: Tree,
  real: readonly string[],
  rest: readonly string[],
  hops: number,
  onLink: (link: string) => void = () => undefined,
): readonly string[] | undefined {
  const [first, ...later] = rest;
  if (first === undefined) return real;
  const path = [...real, first].join('/');
  const target = tree.entries.get(path)?.target;
  if (target === undefined) {
    const next = stepped(real, first);
    return next && followed(tree, next, later, hops, onLink);
  }
  onLink(path);
  return hops === 0 || target.startsWith('/') ? undefined : followed(tree, real, [...target.split('/'), ...later], hops - 1, onLink);
}

function stepped(folder: readonly string[], part: string): readonly string[] | undefined {
  if (part === '' || part === '.') return folder;
  if (part !== '..') return [...folder, part];
  return folder.length === 0 ? undefined : folder.slice(0, -1);
}

/** Whether a folder is there, links followed. */
export function isFolder(tree: Tree, path: string): boolean {
  const real = realPath(tree, path);
  return real !== undefined && tree.folders.has(real);
}

/** Whether a file is there, links followed. */
export function isFile(tree: Tree, path: string): boolean {
  const real = realPath(tree, path);
  return real !== undefined && tree.entries.get(real)?.kind === 'file';
}

/** The names directly in a folder, links followed; none when it is not there. */
export function namesIn(tree: Tree, folder: string): readonly string[] {
  const real = realPath(tree, folder);
  return real === undefined ? [] : (tree.folders.get(real) ?? []);
}

/** Every entry below a folder in lexical order, a folder's names in turn; links are listed, not entered. */
export function entriesBelow(tree: Tree, folder: string): readonly string[] {
  return (tree.folders.get(folder) ?? []).flatMap((name) => {
    const path = folder === '' ? name : `${folder}/${name}`;
    return tree.entries.has(path) ? [path] : entriesBelow(tree, path);
  });
}

/** The first symbolic link that is absolute, or leaves the tree at any step (spec/rendering.md §10). */
export function outOfBoundsLink(tree: Tree): string | undefined {
  for (const [path, entry] of tree.entries) {
    if (entry.kind === 'link' && realPath(tree, path) === undefined) return path;
  }
  return undefined;
}
