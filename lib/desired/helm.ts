// A chart in a folder: the arguments of `helm template`, as data (spec/rendering.md §3.2, §3.4).
import { InvalidInput } from '../model/errors.ts';
import { isFile } from '../model/tree.ts';
import { printYaml } from '../model/yaml.ts';
import { substituted } from './environment.ts';
import { type HelmParameters, helmParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';
import { consultedPaths, type FileRef, resolveFile, resolveValueFiles } from './value-files.ts';

/** An argument, or one that ends with the absolute path of a file in a checkout. */
export type HelmArgument = string | { readonly prefix: string; readonly file: FileRef };

export interface HelmPlan {
  readonly type: 'Helm';
  readonly folder: string;
  readonly args: readonly HelmArgument[];
  /** Values given in the spec, for helm's standard input: they may be secret and never become a file or an argument. */
  readonly input: string | undefined;
  /** What the choice of value files depended on, whether it is there or not. */
  readonly consulted: readonly FileRef[];
}

const VERSIONS = new Set(['', 'v3', 'v4']);

/** Throws InvalidInput for a parameter that is wrong, and for value files that are missing or lead outside. */
export function planHelm(input: PlanInput): HelmPlan {
  const parameters = helmParameters(input.source);
  if (!VERSIONS.has(parameters.version)) throw new InvalidInput(`helm version '${parameters.version}' is not supported`);
  const chart = input.folder === '' ? 'Chart.yaml' : `${input.folder}/Chart.yaml`;
  if (!isFile(input.files.tree, chart)) throw new InvalidInput(`error reading helm chart from ${chart}: no such file`);
  const values = valuesText(parameters);
  return {
    type: 'Helm',
    folder: input.folder,
    args: [
      'template',
      '.',
      ...option('--name-template', parameters.releaseName || input.instanceName.replace(/^[^_]*_/, '')),
      ...option('--namespace', parameters.namespace || input.destinationNamespace),
      ...option('--kube-version', kubeVersion(parameters.kubeVersion || (input.kubeVersion ?? ''))),
      ...setArguments(parameters, input),
      ...fileArguments(parameters, input),
      ...resolveValueFiles(parameters, input).flatMap(({ ref, path }): HelmArgument[] => ['--values', { prefix: '', file: { ref, path } }]),
      ...(values === undefined ? [] : ['--values', '-']),
      ...(parameters.apiVersions.length > 0 ? parameters.apiVersions : input.apiVersions).flatMap((version) =>
        option('--api-versions', version),
      ),
      ...(parameters.skipCrds ? [] : ['--include-crds']),
      ...(parameters.skipSchemaValidation ? ['--skip-schema-validation'] : []),
      ...(parameters.skipTests ? ['--skip-tests'] : []),
    ],
    input: values,
    consulted: consultedPaths(parameters, input),
  };
}

/** `valuesObject` replaces `values`, even when it is empty. */
function valuesText(parameters: HelmParameters): string | undefined {
  if (parameters.valuesObject) return printYaml(parameters.valuesObject);
  return parameters.values === '' ? undefined : parameters.values;
}

/** As one argument, so that a value which begins with `-` stays a value. */
function option(name: string, value: string): readonly string[] {
  return value === '' ? [] : [`${name}=${value}`];
}

/** `v1.30.2+k3s1` is `1.30.2`: helm takes the leading numbers. */
function kubeVersion(text: string): string {
  if (text === '') return '';
  const numbers = /^v?(\d+(?:\.\d+){0,2})/.exec(text)?.[1];
  if (numbers === undefined) throw new InvalidInput(`could not parse kubernetes version ${text}`);
  return numbers;
}

/** Of parameters with one name the last counts; `forceString` ones come after the others. */
function setArguments(parameters: HelmParameters, input: PlanInput): readonly string[] {
  const last = [...new Map(parameters.parameters.map((parameter) => [parameter.name, parameter])).values()];
  const argument = (name: string, value: string) => `${name}=${escapedCommas(substituted(value, input.environment))}`;
  const plain = last.filter((parameter) => !parameter.forceString);
  const forced = last.filter((parameter) => parameter.forceString);
  return [
    ...plain.flatMap(({ name, value }) => option('--set', argument(name, value))),
    ...forced.flatMap(({ name, value }) => option('--set-string', argument(name, value))),
  ];
}

/** A comma would begin the next parameter; a value in braces is a list and keeps its commas. */
function escapedCommas(value: string): string {
  return value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,');
}

function fileArguments(parameters: HelmParameters, input: PlanInput): readonly HelmArgument[] {
  return parameters.fileParameters.map((parameter) => {
    const { ref, path } = resolveFile(parameter.path, input);
    return { prefix: `--set-file=${parameter.name}=`, file: { ref, path } };
  });
}
