// What a source asks for: its type, the folder that it reads, and what is refused before anything runs (spec/application.md §2, rendering.md §10).
import type { ApplicationSource, SourceType } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { isFolder, joined, namesIn, realPath, type SourceFiles, type Tree } from '../model/tree.ts';
import { type DirectoryPlan, planDirectory } from './directory.ts';
import type { BuildEnvironment } from './environment.ts';
import { type HelmPlan, planHelm } from './helm.ts';
import { type KustomizePlan, planKustomize } from './kustomize.ts';
import type { RefSources } from './value-files.ts';

export type RenderPlan = HelmPlan | KustomizePlan | DirectoryPlan;

export interface PlanInput {
  /** With the override files merged in. */
  readonly source: ApplicationSource;
  readonly files: SourceFiles;
  readonly folder: string;
  readonly environment: BuildEnvironment;
  readonly instanceName: string;
  readonly destinationNamespace: string;
  readonly kubeVersion: string | undefined;
  readonly apiVersions: readonly string[];
  readonly refs: RefSources;
}

const KUSTOMIZATIONS = new Set(['kustomization.yaml', 'kustomization.yml', 'Kustomization']);
const BLOCKS = [
  ['Kustomize', 'kustomize'],
  ['Helm', 'helm'],
  ['Directory', 'directory'],
  ['Plugin', 'plugin'],
] as const;

/** Why a source cannot be rendered here, whatever its content; undefined when nothing speaks against it. */
export function sourceRefusal(source: ApplicationSource): string | undefined {
  if (source.repoURL.startsWith('oci://')) return 'repoURL: OCI artifacts are not supported yet; keep the manifests in a Git repository';
  if (source.chart) return 'chart: charts from Helm repositories are not supported yet; keep the chart in a Git repository and use path';
  if (source.plugin) return 'plugin: config management plugins are not supported; commit what the plugin renders';
  if (!/^https?:\/\//i.test(source.repoURL))
    return `repoURL: only http and https repositories are supported yet, not ${schemeOf(source.repoURL)}`;
  return undefined;
}

function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1] ?? 'this form';
}

/** The block that is set decides, else the names directly in the folder: of several, the last in byte order. Throws InvalidInput for two blocks. */
export function detectSourceType(source: ApplicationSource, names: readonly string[]): Exclude<SourceType, ''> {
  const explicit = BLOCKS.filter(([, block]) => source[block] !== undefined && source[block] !== null).map(([type]) => type);
  if (explicit.length > 1) throw new InvalidInput(`multiple application sources defined: ${explicit.join(',')}`);
  return (
    explicit[0] ??
    [...names]
      .sort()
      .map(typeOfName)
      .findLast((type) => type !== undefined) ??
    'Directory'
  );
}

function typeOfName(name: string): 'Helm' | 'Kustomize' | undefined {
  if (name.endsWith('Chart.yaml')) return 'Helm';
  return KUSTOMIZATIONS.has(name) ? 'Kustomize' : undefined;
}

/** The folder of a source, links followed. Throws InvalidInput when the path is absolute, leads outside, is missing or is a file. */
export function sourceFolder(tree: Tree, path: string): string {
  if (path.startsWith('/')) throw new InvalidInput(`${path}: app path is absolute`);
  const lexical = joined('', path);
  const real = lexical === undefined ? undefined : realPath(tree, lexical);
  if (real === undefined) throw new InvalidInput(`${path}: app path outside root`);
  if (tree.entries.has(real)) throw new InvalidInput(`${path}: app path is not a directory`);
  if (!isFolder(tree, real)) throw new InvalidInput(`${path}: app path does not exist`);
  return real;
}

/** What to run for a source, as data. Throws InvalidInput for a parameter that is wrong or leads outside. */
export function planSource(input: PlanInput): RenderPlan {
  const type = detectSourceType(input.source, namesIn(input.files.tree, input.folder));
  switch (type) {
    case 'Helm':
      return planHelm(input);
    case 'Kustomize':
      return planKustomize(input);
    case 'Directory':
      return planDirectory(input);
    case 'Plugin':
      throw new InvalidInput(sourceRefusal({ ...input.source, plugin: {} }) ?? 'plugin');
    default:
      return type satisfies never;
  }
}
