// What a source asks for: its type, the folder that it reads, and what is refused before anything runs (spec/application.md §2, rendering.md §10).
import type { ApplicationSource, SourceType } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { isFolder, joined, namesIn, realPath, type SourceFiles, type Tree } from '../model/tree.ts';
import { type DirectoryPlan, planDirectory } from './directory.ts';
import type { BuildEnvironment } from './environment.ts';
import { type HelmPlan, planHelm } from './helm.ts';
import { type KustomizePlan, planKustomize } from './kustomize.ts';
import type { RenderSettings } from './settings.ts';
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
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly refs: RefSources;
  readonly settings: RenderSettings;
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
  if (source.plugin) return 'plugin: config management plugins are not supported, since they are programs; commit what the plugin renders';
  return undefined;
}

/** The block that is set decides, else the names directly in the folder: of several, the last in byte order. Throws InvalidInput for two blocks. */
export function detectSourceType(source: ApplicationSource, names: readonly string[], settings: RenderSettings): Exclude<SourceType, ''> {
  const explicit = blocksOf(source);
  if (explicit.length > 1) throw new InvalidInput(`multiple application sources defined: ${explicit.join(',')}`);
  const isOn = (type: string) => (type !== 'Kustomize' || settings.kustomize) && (type !== 'Helm' || settings.helm);
  const [type] = explicit;
  if (type !== undefined) return isOn(type) ? type : 'Directory';
  return (
    [...names]
      .sort()
      .map(typeOfName)
      .findLast((found) => found !== undefined && isOn(found)) ?? 'Directory'
  );
}

/** Whether the names in its folder decide the type of a source, since no block of it does. */
export function isDetected(source: ApplicationSource): boolean {
  return blocksOf(source).length === 0;
}

function blocksOf(source: ApplicationSource) {
  return BLOCKS.filter(([, block]) => source[block] !== undefined && source[block] !== null).map(([type]) => type);
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
  const type = detectSourceType(input.source, namesIn(input.files.tree, input.folder), input.settings);
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
