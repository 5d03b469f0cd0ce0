// A chart in a folder: what `helm template` is asked, as data (spec/rendering.md §3.2, §3.4).
import { InvalidInput } from '../model/errors.ts';
import type { HelmJob, RootFile } from '../model/rendering.ts';
import { isFile } from '../model/tree.ts';
import { printYaml } from '../model/yaml.ts';
import { substituted } from './environment.ts';
import { type HelmParameters, helmParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';
import { type Consulted, consultedFiles, type FileRef, resolveFile, resolveValueFiles } from './value-files.ts';

export interface HelmPlan {
  readonly type: 'Helm';
  readonly folder: string;
  readonly job: HelmJob;
  /** Whether the credential of a dependency's repository goes to whatever host its index names. */
  readonly passCredentials: boolean;
  /** What the choice of value files depended on, whether it is there or not. */
  readonly consulted: readonly Consulted[];
}

const NO_CHART = 'error getting helm repos: error retrieving helm dependency repos: error reading helm chart from';
const VERSIONS = new Set(['', 'v3', 'v4']);

/** Throws InvalidInput for a parameter that is wrong, and for value files that are missing or lead outside. */
export function planHelm(input: PlanInput): HelmPlan {
  const parameters = helmParameters(input.source);
  if (!VERSIONS.has(parameters.version)) throw new InvalidInput(`helm version '${parameters.version}' is not supported`);
  const chart = input.folder === '' ? 'Chart.yaml' : `${input.folder}/Chart.yaml`;
  if (!isFile(input.files.tree, chart)) throw new InvalidInput(`${NO_CHART} ${chart}: no such file`);
  const { passCredentials } = parameters;
  const consulted = consultedFiles(parameters, input);
  return { type: 'Helm', folder: input.folder, job: jobOf(parameters, input), passCredentials, consulted };
}

function jobOf(parameters: HelmParameters, input: PlanInput): HelmJob {
  return {
    type: 'helm',
    folder: input.folder,
    releaseName: parameters.releaseName || input.instanceName.replace(/^[^_]*_/, ''),
    namespace: parameters.namespace || input.destinationNamespace,
    kubeVersion: kubeVersion(parameters.kubeVersion || input.kubeVersion),
    apiVersions: parameters.apiVersions.length > 0 ? parameters.apiVersions : input.apiVersions,
    set: setValues(parameters, input),
    setFiles: parameters.fileParameters.map(({ name, path }) => ({ name, file: inRoot(resolveFile(path, input)) })),
    valueFiles: resolveValueFiles(parameters, input).map(inRoot),
    values: valuesText(parameters),
    includeCrds: !parameters.skipCrds,
    skipSchemaValidation: parameters.skipSchemaValidation,
    skipTests: parameters.skipTests,
    charts: {},
  };
}

function inRoot({ ref, path }: FileRef): RootFile {
  return { root: ref, path };
}

/** `valuesObject` replaces `values`, even when it is empty. */
function valuesText(parameters: HelmParameters): string | undefined {
  if (parameters.valuesObject) return printYaml(parameters.valuesObject);
  return parameters.values === '' ? undefined : parameters.values;
}

/** `v1.30.2+k3s1` is `1.30.2`: helm takes the leading numbers. */
function kubeVersion(text: string): string {
  if (text === '') return '';
  const numbers = /^v?(\d+(?:\.\d+){0,2})/.exec(text)?.[1];
  if (numbers === undefined) throw new InvalidInput(`could not parse kubernetes version ${text}`);
  return numbers;
}

/** `forceString` parameters come after the others, whatever their order. */
function setValues({ parameters }: HelmParameters, input: PlanInput): HelmJob['set'] {
  const plain = parameters.filter(({ forceString }) => !forceString);
  const forced = parameters.filter(({ forceString }) => forceString);
  return [...lastOfEach(plain, false, input), ...lastOfEach(forced, true, input)];
}

/** Of parameters with one name the last counts. */
function lastOfEach(parameters: HelmParameters['parameters'], string: boolean, { environment }: PlanInput): HelmJob['set'] {
  const values = new Map(parameters.map(({ name, value }) => [name, escapedCommas(substituted(value, environment))]));
  return [...values].map(([name, value]) => ({ name, value, string }));
}

/** A comma would begin the next parameter; a value in braces is a list and keeps its commas. */
function escapedCommas(value: string): string {
  return value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,');
}
