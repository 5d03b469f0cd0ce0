// Plain manifests in a folder: which files count, and what is read from them (spec/rendering.md §6).
import { InvalidInput } from '../model/errors.ts';
import { globMatches } from '../model/glob.ts';
import type { Manifest } from '../model/manifest.ts';
import { entriesBelow, realPath, type SourceFiles } from '../model/tree.ts';
import { manifestFrom, readYaml, type YamlStream } from '../model/yaml.ts';
import { type DirectoryParameters, directoryParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';

export interface DirectoryPlan {
  readonly type: 'Directory';
  readonly folder: string;
  /** In lexical order. */
  readonly files: readonly string[];
}

const EXTENSIONS = /\.(?:yaml|yml|json|jsonnet)$/;
const SKIP = '+argocd:skip-file-rendering';
const MAX_CHARACTERS = 10 * 1024 * 1024;

export function planDirectory(input: Pick<PlanInput, 'source' | 'files' | 'folder'>): DirectoryPlan {
  const parameters = directoryParameters(input.source);
  const { tree } = input.files;
  const paths = entriesBelow(tree, input.folder).filter((path) => counts(inFolder(input.folder, path), parameters));
  const files = paths.filter((path) => tree.entries.get(realPath(tree, path) ?? '')?.kind === 'file');
  return { type: 'Directory', folder: input.folder, files };
}

function inFolder(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** Globs see the path relative to the folder, and `*` crosses `/` in them. */
function counts(path: string, parameters: DirectoryParameters): boolean {
  if (!parameters.recurse && path.includes('/')) return false;
  if (!parameters.disableExtensionFilter && !EXTENSIONS.test(path)) return false;
  if (parameters.exclude !== '' && globMatches(parameters.exclude, path)) return false;
  return parameters.include === '' || globMatches(parameters.include, path);
}

/** The manifests in the files of a plan, in order. Throws InvalidInput that names file and line. */
export function readDirectory(plan: DirectoryPlan, files: SourceFiles): readonly Manifest[] {
  let size = 0;
  return plan.files.flatMap((path) => {
    const text = files.read(path) ?? '';
    if (text.includes(SKIP)) return [];
    const name = inFolder(plan.folder, path);
    if (name.endsWith('.jsonnet'))
      throw new InvalidInput(`Failed to evaluate jsonnet "${name}": jsonnet is not supported yet; exclude it with directory.exclude`);
    size += text.length;
    if (size > MAX_CHARACTERS)
      throw new InvalidInput('failed to get potentially valid manifests: exceeded max combined manifest file size');
    return name.endsWith('.json') ? [readJson(text, name)] : readStream(text, name);
  });
}

function readJson(text: string, name: string): Manifest {
  const { documents, fault } = readYaml(text, name);
  if (fault) throw fault;
  if (documents.length > 1) throw new InvalidInput(`Found multiple objects in "${name}". Only single objects are allowed in JSON files.`);
  return manifestFrom(documents[0]?.value, name, documents[0]?.line ?? 1);
}

/** A file that neither begins with manifests nor has the words of one is none, whatever is wrong with it. */
function readStream(text: string, name: string): readonly Manifest[] {
  const manifests: Manifest[] = [];
  try {
    readInto(manifests, readYaml(text, name), name);
    return manifests;
  } catch (error) {
    const looksLikeOne = ['apiVersion:', 'kind:', 'metadata:'].every((word) => text.includes(word));
    if (manifests.length > 0 || looksLikeOne) throw error;
    return [];
  }
}

function readInto(manifests: Manifest[], { documents, fault }: YamlStream, name: string): void {
  for (const { value, line } of documents) if (value !== null && value !== undefined) manifests.push(manifestFrom(value, name, line));
  if (fault) throw fault;
}
