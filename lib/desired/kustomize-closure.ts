// What `kustomize build` reads: the kustomization, and all that it names, folder after folder (the Kustomization reference of kustomize 5).
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { isFile, isFolder, joined, realPath, type SourceFiles } from '../model/tree.ts';
import { parseYaml, readYaml } from '../model/yaml.ts';
import { kustomizationFiles } from './kustomize.ts';

interface Found {
  readonly paths: Set<string>;
  readonly visited: Set<string>;
}

interface Place {
  readonly files: SourceFiles;
  readonly folder: string;
  /** The kustomization that is being read, for messages. */
  readonly file: string;
  readonly found: Found;
}

type Read = (value: unknown, place: Place) => void;

const MAX_FOLDERS = 2000;
const NAMES_FILES = /^(?:paths?|files?|envs?|resources)$/i;
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|git::|gh:|git@|[^/]+@[^/]+:|(?:www\.)?github\.com[/:]|gitlab\.com\/|bitbucket\.org\/)/i;

/** Fields that name nothing in the repository. */
const PLAIN = [
  ...['apiVersion', 'kind', 'metadata', 'namespace', 'namePrefix', 'nameSuffix', 'commonLabels', 'commonAnnotations', 'labels'],
  ...['images', 'imageTags', 'replicas', 'generatorOptions', 'buildMetadata', 'sortOptions', 'vars', 'inventory'],
];

/** Go's JSON reader takes field names in any case. */
const READERS: ReadonlyMap<string, Read> = byField({
  ...Object.fromEntries(PLAIN.map((field) => [field, () => undefined])),
  resources: each(readResource),
  bases: each(readResource),
  components: each(readResource),
  generators: each(readPlugin),
  transformers: each(readPlugin),
  validators: each(readPlugin),
  crds: each(readFile),
  configurations: each(readFile),
  patchesStrategicMerge: each(readFileOrInline),
  patches: each(readPathOf),
  patchesJson6902: each(readPathOf),
  replacements: each(readPathOf),
  openapi: readPathOf,
  configMapGenerator: each(readGenerator),
  secretGenerator: each(readGenerator),
});

function byField(readers: Readonly<Record<string, Read>>): ReadonlyMap<string, Read> {
  return new Map(Object.entries(readers).map(([field, read]) => [field.toLowerCase(), read]));
}

function valuesOf(entry: unknown, field: string): readonly unknown[] {
  if (!isRecord(entry)) return [];
  return Object.entries(entry).flatMap(([key, value]) => (key.toLowerCase() === field && value !== null ? [value] : []));
}

/**
 * The paths that are read, or would be if they were there; a folder where a part is not understood.
 * Throws InvalidInput for an entry that leads outside the repository or to another server.
 */
export function kustomizeClosure(folder: string, files: SourceFiles, edited?: string): readonly string[] {
  const found: Found = { paths: new Set(), visited: new Set() };
  readFolder(folder, files, found, edited);
  return [...found.paths];
}

function readFolder(folder: string, files: SourceFiles, found: Found, edited?: string): void {
  const real = realPath(files.tree, folder) ?? folder;
  if (found.visited.has(real)) return;
  found.visited.add(real);
  for (const path of kustomizationFiles(real)) found.paths.add(path);
  if (found.visited.size > MAX_FOLDERS) found.paths.add('/');
  const file = kustomizationFiles(real).find((path) => isFile(files.tree, path));
  if (file === undefined || found.visited.size > MAX_FOLDERS) {
    found.paths.add(`${real}/`);
    return;
  }
  readKustomization(edited ?? files.read(file) ?? '', { files, folder: real, file, found });
}

/** Throws InvalidInput with file and line for text that is no YAML: what cannot be read here could lead anywhere. */
function readKustomization(text: string, place: Place): void {
  refuseMergeKeys(text, place);
  const kustomization = parseYaml(text, place.file);
  if (!isRecord(kustomization)) {
    place.found.paths.add(`${place.folder}/`);
    return;
  }
  for (const [field, value] of Object.entries(kustomization)) {
    const read = READERS.get(field.toLowerCase());
    if (read) read(value, place);
    else place.found.paths.add('/');
  }
}

function each(read: Read): Read {
  return (value, place) => {
    if (Array.isArray(value)) for (const item of value) read(item, place);
    else if (value !== null && value !== undefined) place.found.paths.add('/');
  };
}

/** A file, or a folder with a kustomization of its own. */
function readResource(entry: unknown, place: Place): void {
  const path = pathOf(entry, place);
  if (path === undefined) return;
  const { tree } = place.files;
  if (!isFolder(tree, path) || realPath(tree, path) !== path) place.found.paths.add(path);
  if (isFolder(tree, path)) readFolder(path, place.files, place.found);
  else if (!isFile(tree, path)) place.found.paths.add(`${path}/`);
}

/**
 * A plugin's configuration, inline or in a file. It may name files in turn, always below the kustomization that lists it.
 * One that a folder renders cannot be looked into before kustomize acts on it.
 */
function readPlugin(entry: unknown, place: Place): void {
  place.found.paths.add(`${place.folder}/`);
  if (typeof entry === 'string' && entry.includes('\n')) {
    checkPlugin(entry, place);
    return;
  }
  const path = pathOf(entry, place);
  if (path === undefined) return;
  if (isFolder(place.files.tree, path)) {
    throw new InvalidInput(`${place.file}: ${entry} is a folder; list the files of generators, transformers and validators themselves`);
  }
  place.found.paths.add(path);
  checkPlugin(place.files.read(path) ?? '', place);
}

/** kustomize itself would fetch an http URL in any place that takes a file. */
function checkPlugin(text: string, place: Place): void {
  const { documents, fault } = readYaml(text, place.file);
  if (fault) throw fault;
  refuseMergeKeys(text, place);
  const check = (field: string, item: string) => {
    if (NAMES_FILES.test(field)) for (const path of new Set([item, item.slice(item.indexOf('=') + 1)])) pathOf(path, place);
  };
  for (const { value } of documents) walk(value, check);
}

/** kustomize lets a merge key that comes later replace what is written out, other readers do not: what it reads would be in doubt. */
function refuseMergeKeys(text: string, place: Place): void {
  if (/<<\s*:/.test(text))
    throw new InvalidInput(`${place.file}: merge keys (<<) are not supported in kustomizations; write the fields out`);
}

function walk(value: unknown, visit: (field: string, text: string) => void, field = ''): void {
  if (typeof value === 'string') visit(field, value);
  else if (Array.isArray(value)) for (const item of value) walk(item, visit, field);
  else if (isRecord(value)) for (const [key, item] of Object.entries(value)) walk(item, visit, key);
}

function readFile(entry: unknown, place: Place): void {
  const path = pathOf(entry, place);
  if (path !== undefined) place.found.paths.add(path);
}

function readFileOrInline(entry: unknown, place: Place): void {
  const inline = typeof entry === 'string' && (entry.includes('\n') || isRecord(readYaml(entry).documents[0]?.value));
  if (!inline) readFile(entry, place);
}

function readPathOf(entry: unknown, place: Place): void {
  if (typeof entry === 'string') readFileOrInline(entry, place);
  for (const path of valuesOf(entry, 'path')) if (path !== '') readFile(path, place);
}

/** `files` entries may carry a key: `key=path`. */
function readGenerator(entry: unknown, place: Place): void {
  const file = (item: unknown) => readFile(typeof item === 'string' ? item.slice(item.indexOf('=') + 1) : item, place);
  for (const files of valuesOf(entry, 'files')) each(file)(files, place);
  for (const envs of valuesOf(entry, 'envs')) each(readFile)(envs, place);
  for (const env of valuesOf(entry, 'env')) readFile(env, place);
}

/** An entry as a path in the repository; what is no text counts as the whole of it. */
function pathOf(entry: unknown, place: Place): string | undefined {
  if (typeof entry !== 'string') {
    place.found.paths.add('/');
    return undefined;
  }
  if (REMOTE.test(entry)) {
    throw new InvalidInput(
      `${place.file}: ${withoutQuery(entry)} is not in the repository; kustomizations on other servers are not supported yet`,
    );
  }
  const path = joined(place.folder, entry);
  if (path === undefined || realPath(place.files.tree, path) === undefined) {
    throw new InvalidInput(`${place.file}: ${entry} leads outside the repository`);
  }
  return path;
}

function withoutQuery(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//').replace(/\?.*$/, '');
}
