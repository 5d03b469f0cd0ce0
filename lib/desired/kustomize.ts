// A kustomization in a folder: what a source adds to it, with the meaning of `kustomize edit` (spec/rendering.md §5).
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import type { KustomizeJob } from '../model/rendering.ts';
import { isFile, isFolder, joined, realPath, type SourceFiles } from '../model/tree.ts';
import { parseYaml, printYaml } from '../model/yaml.ts';
import { type BuildEnvironment, substituted } from './environment.ts';
import { type KustomizeParameters, kustomizeParameters } from './parameters.ts';
import type { PlanInput } from './source.ts';

export interface KustomizePlan {
  readonly type: 'Kustomize';
  readonly folder: string;
  /** The kustomization as the source wants it; undefined when it is taken as it is. */
  readonly edited: { readonly file: string; readonly text: string } | undefined;
  /** Components that are left out because they are not there. */
  readonly missing: readonly string[];
  readonly job: KustomizeJob;
}

type Kustomization = Readonly<Record<string, unknown>>;
type Edit = (kustomization: Kustomization) => Kustomization;

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Where kustomize looks for the kustomization of a folder. */
export function kustomizationFiles(folder: string): readonly string[] {
  return NAMES.map((name) => (folder === '' ? name : `${folder}/${name}`));
}

/** Throws InvalidInput for a parameter that kustomize would refuse, and when there is no kustomization to edit. */
export function planKustomize(input: PlanInput): KustomizePlan {
  const parameters = kustomizeParameters(input.source);
  if (parameters.version !== '') {
    throw new InvalidInput(`error getting kustomize binary path: kustomize version ${parameters.version} is not registered`);
  }
  const components = componentsOf(parameters, input);
  const plan = { type: 'Kustomize', folder: input.folder, missing: components.missing, job: jobOf(parameters, input) } as const;
  const edits = editsOf(parameters, components.wanted, input);
  if (edits.length === 0) return { ...plan, edited: undefined };
  const { file, kustomization } = readKustomization(input.files, input.folder);
  const edited = edits.reduce((current, edit) => edit(current), kustomization);
  return { ...plan, edited: { file, text: printYaml(edited) } };
}

function readKustomization(files: SourceFiles, folder: string): { readonly file: string; readonly kustomization: Kustomization } {
  const file = kustomizationFiles(folder).find((path) => isFile(files.tree, path));
  if (file === undefined) throw new InvalidInput('kustomization file not found in the path');
  const kustomization = parseYaml(files.read(file) ?? '', file) ?? {};
  if (!isRecord(kustomization)) throw new InvalidInput(`Failed to unmarshal "${file}": line 1: the document is no object`);
  return { file, kustomization };
}

/** In the order in which Argo CD runs `kustomize edit`. */
function editsOf(parameters: KustomizeParameters, components: readonly string[], { environment }: PlanInput): readonly Edit[] {
  const images = parameters.images.map((image) => parseImage(substituted(image, environment)));
  const annotations = parameters.commonAnnotationsEnvsubst
    ? substitutedValues(parameters.commonAnnotations, environment)
    : parameters.commonAnnotations;
  return [
    ...when(parameters.namePrefix !== '', setField('namePrefix', parameters.namePrefix)),
    ...when(parameters.nameSuffix !== '', setField('nameSuffix', parameters.nameSuffix)),
    ...when(images.length > 0, (kustomization) => ({ ...kustomization, images: withImages(listIn(kustomization, 'images'), images) })),
    ...when(parameters.replicas.length > 0, setReplicas(parameters)),
    ...when(
      Object.keys(parameters.commonLabels).length > 0,
      addLabels(parameters, substitutedValues(parameters.commonLabels, environment)),
    ),
    ...when(Object.keys(annotations).length > 0, (kustomization) => ({
      ...kustomization,
      commonAnnotations: added(kustomization['commonAnnotations'], annotations, 'annotation', parameters.forceCommonAnnotations),
    })),
    ...when(parameters.namespace !== '', setField('namespace', parameters.namespace)),
    ...when(parameters.patches.length > 0, appended('patches', parameters.patches)),
    ...when(components.length > 0, appended('components', components)),
  ];
}

function when(condition: boolean, edit: Edit): readonly Edit[] {
  return condition ? [edit] : [];
}

function setField(field: string, value: string): Edit {
  return (kustomization) => ({ ...kustomization, [field]: value });
}

/** Adds what is not yet there to a list. */
function appended(field: string, items: readonly unknown[]): Edit {
  return (kustomization) => {
    const before = listIn(kustomization, field);
    return { ...kustomization, [field]: [...before, ...items.filter((item) => typeof item !== 'string' || !before.includes(item))] };
  };
}

function listIn(kustomization: Kustomization, field: string): readonly unknown[] {
  const value = kustomization[field] ?? [];
  if (Array.isArray(value)) return value;
  throw new InvalidInput(`expected '${field}' field in kustomization.yaml to be []any, but got ${goType(value)}`);
}

/** The message is Argo CD's own, with Go's names. */
function goType(value: unknown): string {
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' || typeof value === 'bigint' ? 'float64' : 'string';
}

function substitutedValues(values: Readonly<Record<string, string>>, environment: BuildEnvironment): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, substituted(value, environment)]));
}

function setReplicas(parameters: KustomizeParameters): Edit {
  const replicas = parameters.replicas.map(({ name, count }) => {
    if (!/^\d+$/.test(String(count))) throw new InvalidInput(`expected integer value for count. Received: ${count}`);
    return { name, count: Number(count) };
  });
  return (kustomization) => ({ ...kustomization, replicas: byName(listIn(kustomization, 'replicas'), replicas) });
}

/** Sorted by name, as `kustomize edit` leaves them: an image that one entry renames may be found by the next. */
function byName(before: readonly unknown[], after: readonly { readonly name: string }[]): readonly unknown[] {
  const nameOf = (item: unknown) => (isRecord(item) ? String(item['name']) : '');
  const names = new Set(after.map(({ name }) => name));
  const all = [...before.filter((item) => !names.has(nameOf(item))), ...after];
  return all.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : Number(nameOf(a) > nameOf(b))));
}

function addLabels(parameters: KustomizeParameters, labels: Readonly<Record<string, string>>): Edit {
  const { labelWithoutSelector, labelIncludeTemplates, forceCommonLabels } = parameters;
  if (labelIncludeTemplates && !labelWithoutSelector) throw new InvalidInput('labelIncludeTemplates requires labelWithoutSelector');
  if (!labelWithoutSelector) {
    return (kustomization) => ({
      ...kustomization,
      commonLabels: added(kustomization['commonLabels'], labels, 'label', forceCommonLabels),
    });
  }
  return (kustomization) => {
    const before = listIn(kustomization, 'labels');
    const fits = (item: unknown) => isRecord(item) && !item['includeSelectors'] && !item['includeTemplates'] === !labelIncludeTemplates;
    const existing = before.find(fits);
    const entry = isRecord(existing) ? existing : labelIncludeTemplates ? { includeTemplates: true } : {};
    const labelled = { ...entry, pairs: added(entry['pairs'], labels, 'label', forceCommonLabels) };
    return { ...kustomization, labels: existing ? before.map((item) => (item === existing ? labelled : item)) : [...before, labelled] };
  };
}

function added(before: unknown, values: Readonly<Record<string, string>>, what: string, force: boolean): Readonly<Record<string, unknown>> {
  const current = isRecord(before) ? before : {};
  const taken = Object.keys(values).find((key) => Object.hasOwn(current, key));
  if (taken !== undefined && !force) throw new InvalidInput(`${what} ${taken} already in kustomization file. Use --force to override.`);
  return { ...current, ...values };
}

interface Components {
  readonly wanted: readonly string[];
  /** As paths of the repository. */
  readonly missing: readonly string[];
}

/** Throws InvalidInput for a component that is not there, unless such are to be left out. */
function componentsOf(parameters: KustomizeParameters, input: PlanInput): Components {
  const { tree } = input.files;
  const pathOf = (component: string) => joined(input.folder, component);
  const isThere = (component: string) => {
    const path = pathOf(component);
    return path !== undefined && realPath(tree, path) !== undefined && isFolder(tree, path);
  };
  const missing = parameters.components.filter((component) => !isThere(component));
  if (missing[0] !== undefined && !parameters.ignoreMissingComponents)
    throw new InvalidInput(`component ${missing[0]} is not a directory in the repository`);
  return { wanted: parameters.components.filter(isThere), missing: missing.flatMap((component) => pathOf(component) ?? []) };
}

function jobOf(parameters: KustomizeParameters, input: PlanInput): KustomizeJob {
  const { loadRestrictionsNone, enableHelm } = input.settings;
  return {
    type: 'kustomize',
    folder: input.folder,
    loadRestrictionsNone,
    enableHelm,
    helmKubeVersion: enableHelm ? parameters.kubeVersion || input.kubeVersion : '',
    helmApiVersions: enableHelm ? (parameters.apiVersions.length > 0 ? parameters.apiVersions : input.apiVersions) : [],
    remotes: {},
    charts: {},
  };
}

interface Image {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/** `[old=]name[:tag][@digest]`; throws InvalidInput when there is no name, or nothing else. */
function parseImage(text: string): Image {
  const equals = text.indexOf('=');
  const whole = text.slice(equals + 1);
  const at = whole.indexOf('@');
  const tagged = at < 0 ? whole : whole.slice(0, at);
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  const newName = colon < 0 ? tagged : tagged.slice(0, colon);
  const name = equals < 0 ? newName : text.slice(0, equals);
  if (name === '' || name === text) throw new InvalidInput(`kustomize.images: ${text} is no image; write [old=]name[:tag][@digest]`);
  return {
    name,
    ...(equals < 0 || newName === '' ? {} : { newName }),
    ...(colon < 0 ? {} : { newTag: tagged.slice(colon + 1) }),
    ...(at < 0 ? {} : { digest: whole.slice(at + 1) }),
  };
}

/** An entry replaces the one of its name; `*` keeps that part of it. */
function withImages(before: readonly unknown[], images: readonly Image[]): readonly unknown[] {
  return images.reduce<readonly unknown[]>((list, image) => {
    const existing = list.find((item) => isRecord(item) && item['name'] === image.name);
    const kept = Object.entries(image).map(([field, value]) => [
      field,
      value === '*' ? (isRecord(existing) ? existing[field] : undefined) : value,
    ]);
    return byName(list, [{ name: image.name, ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)) }]);
  }, before);
}
