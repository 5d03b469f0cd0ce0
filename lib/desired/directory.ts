// Plain manifests in a folder: which files count, and what is read from them (spec/rendering.md §6).
import type { FileMatch } from '../model/desired.ts';
import { InvalidInput } from '../model/errors.ts';
import type { Manifest } from '../model/manifest.ts';
import { fileMatches } from '../model/path-pattern.ts';
import type { FilesJob, ReadFile } from '../model/rendering.ts';
import { entriesBelow, joined, realPath, type SourceFiles } from '../model/tree.ts';
import { manifestFrom } from '../model/yaml.ts';
import { substituted } from './environment.ts';
import { flattened } from './manifests.ts';
import { type DirectoryParameters, directoryParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';

export interface DirectoryPlan {
  readonly type: 'Directory';
  readonly folder: string;
  /** In lexical order. */
  readonly files: readonly string[];
  /** Which files would count. */
  readonly match: FileMatch;
  readonly jsonnet: FilesJob['jsonnet'];
}

const SKIP = '+argocd:skip-file-rendering';
const MAX_CHARACTERS = 10 * 1024 * 1024;

/** Throws InvalidInput when the manifests are larger than they may be together, and for a jsonnet library that leads outside. */
export function planDirectory(input: PlanInput): DirectoryPlan {
  const parameters = directoryParameters(input.source);
  const { tree } = input.files;
  const match = directoryMatch(input.folder, parameters);
  const isOn = (path: string) => input.settings.jsonnet || !path.endsWith('.jsonnet');
  const paths = entriesBelow(tree, input.folder).filter((path) => fileMatches(match, path) && isOn(path));
  const files = paths.filter((path) => tree.entries.get(realPath(tree, path) ?? '')?.kind === 'file');
  return {
    type: 'Directory',
    folder: input.folder,
    files: withinSize(files, input.files),
    match,
    jsonnet: jsonnetOf(parameters, input),
  };
}

/** Those that do not ask to be left out. Jsonnet does not count towards the size. */
function withinSize(paths: readonly string[], files: SourceFiles): readonly string[] {
  let size = 0;
  return paths.filter((path) => {
    const text = files.read(path) ?? '';
    if (text.includes(SKIP)) return false;
    if (!path.endsWith('.jsonnet')) size += text.length;
    if (size > MAX_CHARACTERS)
      throw new InvalidInput('failed to get potentially valid manifests: exceeded max combined manifest file size');
    return true;
  });
}

function jsonnetOf({ jsonnet }: DirectoryParameters, { environment, files }: PlanInput): FilesJob['jsonnet'] {
  const variables = (list: DirectoryParameters['jsonnet']['extVars']) =>
    list.map(({ name, value, code }) => ({ name, value: substituted(value, environment), code }));
  const libs = jsonnet.libs.map((lib) => {
    const path = joined('', lib.replace(/^\/+/, ''));
    const real = path === undefined ? undefined : realPath(files.tree, path);
    if (real === undefined) throw new InvalidInput(`file '${lib}' resolved to outside repository root`);
    return real;
  });
  return { extVars: variables(jsonnet.extVars), tlas: variables(jsonnet.tlas), libs };
}

function inFolder(folder: string, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** The files that such a source takes, for its closure: what appears among them counts. */
function directoryMatch(folder: string, parameters: DirectoryParameters): FileMatch {
  const names = parameters.disableExtensionFilter ? '*' : '*.{yaml,yml,json,jsonnet}';
  const { include, exclude } = parameters;
  return {
    folder,
    pattern: parameters.recurse ? `**/${names}` : names,
    ...(include === '' ? {} : { include }),
    ...(exclude === '' ? {} : { exclude }),
  };
}

/** What a render of a plan is asked; files that say so themselves, and those that are too many, are left to it. */
export function directoryJob(plan: DirectoryPlan): FilesJob {
  return { type: 'files', folder: plan.folder, paths: plan.files, jsonnet: plan.jsonnet };
}

/**
 * The manifests in the files of a plan, in order. Throws InvalidInput that names file and line.
 * A file that neither begins with manifests nor has the words of one is none, whatever is wrong with it.
 */
export function manifestsIn(plan: DirectoryPlan, files: readonly ReadFile[], textOf: (path: string) => string): readonly Manifest[] {
  return files.flatMap((file) => {
    const name = inFolder(plan.folder, file.path);
    if (name.endsWith('.jsonnet')) return evaluated(file, name);
    return flattened(name.endsWith('.json') ? [single(file, name)] : several(file, name, () => textOf(file.path)), name);
  });
}

function evaluated({ documents, fault }: ReadFile, name: string): readonly Manifest[] {
  if (fault) throw new InvalidInput(`Failed to evaluate jsonnet "${name}": ${fault.message}`);
  try {
    return flattened(
      documents.filter(({ value }) => value !== null).map(({ value }) => manifestFrom(value, name, 1)),
      name,
    );
  } catch (cause) {
    if (!(cause instanceof InvalidInput)) throw cause;
    throw new InvalidInput(cause.message.replace(/^Failed to unmarshal ("[^"]*"): line \d+/, 'Failed to unmarshal generated json $1'), {
      cause,
    });
  }
}

function single({ documents, fault }: ReadFile, name: string): Manifest {
  if (fault) throw unreadable(name, fault);
  if (documents.length > 1) throw new InvalidInput(`Found multiple objects in "${name}". Only single objects are allowed in JSON files.`);
  return manifestFrom(documents[0]?.value, name, documents[0]?.line ?? 1);
}

function several({ documents, fault }: ReadFile, name: string, text: () => string): readonly Manifest[] {
  const manifests: Manifest[] = [];
  try {
    for (const { value, line } of documents) if (value !== null && value !== undefined) manifests.push(manifestFrom(value, name, line));
    if (fault) throw unreadable(name, fault);
    return manifests;
  } catch (error) {
    if (manifests.length > 0 || looksLikeManifest(text())) throw error;
    return [];
  }
}

function unreadable(name: string, { line, message }: NonNullable<ReadFile['fault']>): InvalidInput {
  return new InvalidInput(`Failed to unmarshal "${name}": line ${line}: ${message}`);
}

function looksLikeManifest(text: string): boolean {
  return ['apiVersion:', 'kind:', 'metadata:'].every((word) => text.includes(word));
}
