// Which files a chart's valueFiles and fileParameters name, within the repository or that of a `$ref` (spec/rendering.md §3.4).
import type { ApplicationSource } from '../model/application.ts';
import type { FileMatch } from '../model/desired.ts';
import { InvalidInput } from '../model/errors.ts';
import { patternMatches } from '../model/path-pattern.ts';
import { DOWNLOADED_NAME } from '../model/rendering.ts';
import { entriesBelow, isFile, joined, realPath, type SourceFiles, type Tree } from '../model/tree.ts';
import { substituted } from './environment.ts';
import { type HelmParameters, helmParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';

/** A file in the source's own repository (`ref` is `''`), or in that of another source. */
export interface FileRef {
  readonly ref: string;
  readonly path: string;
}

/** A file with links followed in `path`, and the path by which it was named. */
interface NamedFile extends FileRef {
  readonly named: string;
}

/** The sources with a `ref`, by its name; undefined for an Application with a single source. */
export type RefSources = ReadonlyMap<string, SourceFiles> | undefined;

const FAULT = 'error resolving helm value files: error resolving value file path';
const GLOB = /[*?[]/;
/** What the refs of files at URLs begin with; no ref of a source may have a colon. */
const DOWNLOAD = 'url:';
const REFERENCE = /^\$([^/]*)(?:\/(.*))?$/;

/** The names of the refs that a source's value files use, which have to be checked out for it. */
export function usedRefs(source: ApplicationSource): readonly string[] {
  const parameters = helmParameters(source);
  const paths = [...parameters.valueFiles, ...parameters.fileParameters.map(({ path }) => path)];
  return [...new Set(paths.flatMap((path) => REFERENCE.exec(path)?.[1] ?? []))];
}

/** Why the refs of an Application's sources cannot be (spec/application.md §1.3); undefined when they can. */
export function refSourceFault(sources: readonly ApplicationSource[]): string | undefined {
  const refs = sources.filter((source) => source.ref);
  const odd = refs.find(({ ref }) => !/^[a-zA-Z0-9_-]+$/.test(ref ?? ''));
  if (odd) return `sources.ref ${odd.ref} cannot contain any special characters except '_' and '-'`;
  if (refs.some(({ chart }) => chart)) return "source has a 'chart' field defined, but Helm charts are not yet supported for 'ref' sources";
  if (new Set(refs.map(({ ref }) => ref)).size < refs.length) return 'invalid sources: multiple sources had the same `ref` key';
  return undefined;
}

/** What to say of refs that value files use and no source has (spec/application.md §1.3); undefined when there is none. */
export function unknownRefFault(used: readonly string[], known: readonly string[]): string | undefined {
  const ref = used.find((name) => !known.includes(name));
  if (ref === undefined) return undefined;
  if (known.length === 0) return `source referenced "$${ref}", but no source has a 'ref' field defined`;
  return `source referenced "$${ref}", which is not one of the available sources (${known.map((name) => `$${name}`).join(', ')})`;
}

/** The value files in order, each once: a file that is listed itself keeps its place, whatever globs find it too. */
export function resolveValueFiles(parameters: HelmParameters, input: PlanInput): readonly FileRef[] {
  const resolved = parameters.valueFiles.map((path) => ({ path, file: resolveFile(path, input) }));
  const isGlob = ({ path, file }: { readonly path: string; readonly file: FileRef }) =>
    GLOB.test(path) && downloadOf(file.ref) === undefined;
  const listed = new Set(resolved.filter((entry) => !isGlob(entry)).map(({ file }) => keyOf(file)));
  const found = resolved.flatMap((entry) => {
    const { path, file } = entry;
    if (downloadOf(file.ref) !== undefined) return [file];
    if (isGlob(entry)) return expanded(path, file, parameters, input).filter((match) => !listed.has(keyOf(match)));
    return parameters.ignoreMissingValueFiles && !isFile(treeOf(file, input), file.path) ? [] : [file];
  });
  const once = new Map<string, FileRef>();
  for (const file of found) if (!once.has(keyOf(file))) once.set(keyOf(file), file);
  return [...once.values()];
}

/** What the choice of value files depended on in one repository: a path, or the names that a glob takes. */
export interface Consulted {
  readonly ref: string;
  readonly path?: string;
  readonly match?: FileMatch;
}

/** Everything that decides what the value files and file parameters are, what is not there too. */
export function consultedFiles(parameters: HelmParameters, input: PlanInput): readonly Consulted[] {
  const entries = [...parameters.valueFiles, ...parameters.fileParameters.map(({ path }) => path)];
  return entries.flatMap((entry) => {
    const { ref, path, named } = resolveFile(entry, input);
    if (downloadOf(ref) !== undefined) return [];
    if (!GLOB.test(entry)) return [{ ref, path: named }];
    const links = named === path ? [] : [{ ref, path: fixedFolder(named) }];
    return [{ ref, match: { folder: '', pattern: path } }, ...links];
  });
}

/** The URL of a file that is fetched, out of the ref that stands for it; undefined for a repository's. */
export function downloadOf(ref: string): string | undefined {
  return ref.startsWith(DOWNLOAD) ? ref.slice(DOWNLOAD.length) : undefined;
}

/** One entry as a path in a repository, links followed, or a file at a URL. Throws InvalidInput for what is not allowed or leads outside. */
export function resolveFile(entry: string, input: PlanInput): NamedFile {
  const [, ref = '', below = ''] = REFERENCE.exec(entry) ?? [];
  if (ref !== '' && input.refs?.has(ref)) return inside({ ref, path: '' }, substituted(below, input.environment), entry, input);
  const path = substituted(entry, input.environment);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1];
  if (scheme !== undefined) return download(path, scheme, input);
  return inside({ ref: '', path: path.startsWith('/') ? '' : input.folder }, path.replace(/^\/+/, ''), entry, input);
}

function download(url: string, scheme: string, { settings }: PlanInput): NamedFile {
  if (!settings.valuesFileSchemes.includes(scheme)) throw new InvalidInput(`${FAULT}: the URL scheme '${scheme}' is not allowed`);
  if (!/^https?$/.test(scheme))
    throw new InvalidInput(`${FAULT}: files at ${scheme} URLs cannot be fetched; use https, or commit the file`);
  return { ref: DOWNLOAD + url, path: DOWNLOADED_NAME, named: url };
}

function inside(base: FileRef, path: string, entry: string, input: PlanInput): NamedFile {
  const lexical = joined(base.path, path);
  const real = lexical === undefined ? undefined : realPath(treeOf(base, input), lexical);
  if (!real || lexical === undefined) throw new InvalidInput(`${FAULT}: file '${entry}' resolved to outside repository root`);
  return { ref: base.ref, path: real, named: lexical };
}

function treeOf(file: FileRef, input: PlanInput): Tree {
  return (file.ref === '' ? undefined : input.refs?.get(file.ref)?.tree) ?? input.files.tree;
}

/** The files that a glob finds; a folder's own before those below it. */
function expanded(entry: string, glob: FileRef, parameters: HelmParameters, input: PlanInput): readonly FileRef[] {
  const tree = treeOf(glob, input);
  const paths = entriesBelow(tree, fixedFolder(glob.path)).filter((path) => isFile(tree, path) && patternMatches(glob.path, path));
  if (paths.length === 0 && !parameters.ignoreMissingValueFiles) {
    throw new InvalidInput(`error resolving helm value files: glob pattern "${entry}": values file glob "${entry}" matched no files`);
  }
  return paths.sort(ownFilesFirst).map((path) => ({ ref: glob.ref, path: realPath(tree, path) ?? path }));
}

/** The folders of a pattern before the first that has a wildcard. */
function fixedFolder(pattern: string): string {
  const folders = pattern.split('/').slice(0, -1);
  const wild = folders.findIndex((folder) => GLOB.test(folder));
  return (wild < 0 ? folders : folders.slice(0, wild)).join('/');
}

function ownFilesFirst(left: string, right: string): number {
  const [a, b] = [left.split('/'), right.split('/')];
  const at = a.findIndex((part, index) => part !== b[index]);
  const isOwn = (parts: readonly string[]) => Number(parts.length - 1 > at);
  return isOwn(a) - isOwn(b) || ((a[at] ?? '') < (b[at] ?? '') ? -1 : 1);
}

function keyOf(file: FileRef): string {
  return `${file.ref}:${file.path}`;
}
