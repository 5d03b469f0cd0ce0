// The helm, kustomize and directory blocks of a source as typed data, after the override files of the repository (spec/rendering.md §6.1).
import * as z from 'zod';
import type { ApplicationSource } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import type { SourceFiles } from '../model/tree.ts';
import { parseYaml } from '../model/yaml.ts';

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const textMap = z
  .record(z.string(), z.coerce.string())
  .nullish()
  .transform((map) => map ?? {});
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items): readonly z.output<T>[] => items ?? []);

const helm = z.looseObject({
  releaseName: text,
  valueFiles: texts,
  ignoreMissingValueFiles: flag,
  values: text,
  valuesObject: z.record(z.string(), z.unknown()).nullish(),
  parameters: list(z.object({ name: z.string(), value: text, forceString: flag })),
  fileParameters: list(z.object({ name: z.string(), path: z.string() })),
  version: text,
  passCredentials: flag,
  skipCrds: flag,
  skipTests: flag,
  skipSchemaValidation: flag,
  namespace: text,
  kubeVersion: text,
  apiVersions: texts,
});

const kustomize = z.looseObject({
  namePrefix: text,
  nameSuffix: text,
  images: texts,
  replicas: list(z.object({ name: z.string(), count: z.union([z.number().int(), z.string()]) })),
  commonLabels: textMap,
  labelWithoutSelector: flag,
  labelIncludeTemplates: flag,
  forceCommonLabels: flag,
  commonAnnotations: textMap,
  forceCommonAnnotations: flag,
  commonAnnotationsEnvsubst: flag,
  namespace: text,
  components: texts,
  ignoreMissingComponents: flag,
  patches: list(z.record(z.string(), z.unknown())),
  version: text,
  kubeVersion: text,
  apiVersions: texts,
});

const jsonnetVariables = list(z.object({ name: z.string(), value: text, code: flag }));

const directory = z.looseObject({
  jsonnet: z
    .looseObject({ extVars: jsonnetVariables, tlas: jsonnetVariables, libs: texts })
    .nullish()
    .transform((jsonnet) => jsonnet ?? { extVars: [], tlas: [], libs: [] }),
  recurse: flag,
  include: text,
  exclude: text,
  disableExtensionFilter: flag,
});

export type HelmParameters = z.output<typeof helm>;
export type KustomizeParameters = z.output<typeof kustomize>;
export type DirectoryParameters = z.output<typeof directory>;

export function helmParameters(source: ApplicationSource): HelmParameters {
  return parsed(helm, source.helm, 'helm');
}

export function kustomizeParameters(source: ApplicationSource): KustomizeParameters {
  return parsed(kustomize, source.kustomize, 'kustomize');
}

export function directoryParameters(source: ApplicationSource): DirectoryParameters {
  return parsed(directory, source.directory, 'directory');
}

function parsed<T extends z.ZodType>(schema: T, block: unknown, field: string): z.output<T> {
  const result = schema.safeParse(block ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${[field, ...issue.path].join('.')}: ${issue.message}`);
  throw new InvalidInput(`source is not valid: ${faults.join('; ')}`);
}

/** The override files of a source, in the order in which they count; they need not be there. */
export function overrideFiles(folder: string, instanceName: string): readonly string[] {
  const inFolder = (name: string) => (folder === '' ? name : `${folder}/${name}`);
  return [inFolder('.argocd-source.yaml'), inFolder(`.argocd-source-${instanceName}.yaml`)];
}

/**
 * The source with the override files of its folder merged in; where it comes from cannot be overridden, nor where credentials go.
 * Throws InvalidInput with the file that does not parse.
 */
export function withOverrides(source: ApplicationSource, files: SourceFiles, folder: string, instanceName: string): ApplicationSource {
  let merged: Readonly<Record<string, unknown>> = { ...source };
  for (const file of overrideFiles(folder, instanceName)) {
    const text = files.read(file);
    if (text !== undefined) merged = mergedObject(merged, overrideFrom(text, file), false);
  }
  const { repoURL, path, targetRevision, chart } = source;
  const passing = { passCredentials: source.helm?.['passCredentials'] };
  const helmBlock = isRecord(merged['helm']) ? { helm: { ...merged['helm'], ...passing } } : {};
  return { ...merged, ...helmBlock, repoURL, path, targetRevision, chart };
}

function overrideFrom(text: string, file: string): Readonly<Record<string, unknown>> {
  const where = `error getting app source type: error while parsing source parameters: ${file}`;
  let value: unknown;
  try {
    value = parseYaml(text) ?? {};
  } catch (cause) {
    throw new InvalidInput(`${where}: ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
  if (!isRecord(value)) throw new InvalidInput(`${where}: the document is no object`);
  return value;
}

type Data = Readonly<Record<string, unknown>>;

/** Lists are replaced. `null` keeps what the spec says, except inside valuesObject, where it removes. */
function mergedObject(base: Data, patch: Data, removes: boolean): Data {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    const before = merged.get(key);
    if (value === null && removes) merged.delete(key);
    else if (isRecord(value)) merged.set(key, mergedObject(isRecord(before) ? before : {}, value, removes || key === 'valuesObject'));
    else if (value !== null) merged.set(key, value);
  }
  return Object.fromEntries(merged);
}
