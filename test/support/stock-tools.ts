// What a person would type for the source of an Application: `helm template`, or `kustomize edit` and `kubectl kustomize`, in a folder of
// their own. Written from spec/rendering.md alone and by other means than lib/desired, so that it can find what is wrong there.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseDocument, stringify } from 'yaml';

export interface StockTools {
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize: string;
}

/** A source as cases write it. */
export interface StockSource {
  readonly path: string;
  readonly ref?: string;
  readonly targetRevision?: string;
  readonly helm?: HelmBlock;
  readonly kustomize?: KustomizeBlock;
}

interface HelmBlock {
  readonly releaseName?: string;
  readonly namespace?: string;
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly valueFiles?: readonly string[];
  readonly ignoreMissingValueFiles?: boolean;
  readonly values?: string;
  readonly valuesObject?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly value: string; readonly forceString?: boolean }[];
  readonly fileParameters?: readonly { readonly name: string; readonly path: string }[];
  readonly skipCrds?: boolean;
  readonly skipTests?: boolean;
  readonly skipSchemaValidation?: boolean;
}

interface KustomizeBlock {
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly namespace?: string;
  readonly images?: readonly string[];
  readonly replicas?: readonly { readonly name: string; readonly count: number | string }[];
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly labelWithoutSelector?: boolean;
  readonly labelIncludeTemplates?: boolean;
  readonly forceCommonLabels?: boolean;
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly forceCommonAnnotations?: boolean;
  readonly commonAnnotationsEnvsubst?: boolean;
  readonly patches?: readonly unknown[];
  readonly components?: readonly string[];
  readonly ignoreMissingComponents?: boolean;
}

/** Where and for what a source is rendered; `root` holds a writable copy of the repository. */
export interface StockJob {
  readonly tools: StockTools;
  readonly root: string;
  readonly source: StockSource;
  readonly isMulti: boolean;
  readonly instanceName: string;
  readonly namespace: string;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
}

/** The output of the stock tool. Throws with what the tool says. */
export function renderByHand(job: StockJob, type: 'Helm' | 'Kustomize'): string {
  return type === 'Helm' ? helmTemplate(job) : kustomizeBuild(job);
}

function run(program: string, args: readonly string[], cwd: string): string {
  const home = mkdtempSync(join(tmpdir(), 'evk-hand-'));
  const env = { PATH: home, HOME: home, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home };
  return execFileSync(program, args, { cwd, env, encoding: 'utf8', stdio: 'pipe', maxBuffer: 1 << 28 });
}

/** `$name` and `${name}`; the shell's special names have no value, and `$$` is a dollar. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  const parts = text
    .split('$$')
    .map((part) =>
      part.replace(/\$(\{[^}]*\}|[A-Za-z_]\w*|[\d*#@!?-])/g, (_all, name: string) => variables.get(name.replace(/[{}]/g, '')) ?? ''),
    );
  return parts.join('$');
}

function helmTemplate(job: StockJob): string {
  const { helm = {} } = job.source;
  const cwd = join(job.root, job.source.path);
  const isMissingNeighbours = readFileSync(join(cwd, 'Chart.yaml'), 'utf8').includes('file://') && !existsSync(join(cwd, 'charts'));
  if (isMissingNeighbours) run(job.tools.helm, ['dependency', 'build', '.'], cwd);
  const flags: (readonly [string, string])[] = [
    ['--name-template', helm.releaseName ?? job.instanceName.split('_').at(-1) ?? ''],
    ['--namespace', helm.namespace ?? job.namespace],
    ['--kube-version', /\d+(\.\d+){0,2}/.exec(helm.kubeVersion ?? job.kubeVersion)?.[0] ?? ''],
    ...setFlags(job, helm),
    ...(helm.fileParameters ?? []).map(({ name, path }) => ['--set-file', `${name}=${located(path, job)}`] as const),
    ...valueFilesOf(job, helm).map((file) => ['--values', file] as const),
    ...givenValues(helm).map((file) => ['--values', file] as const),
    ...(helm.apiVersions ?? job.apiVersions).map((version) => ['--api-versions', version] as const),
  ];
  const switches = [
    !helm.skipCrds && '--include-crds',
    helm.skipSchemaValidation && '--skip-schema-validation',
    helm.skipTests && '--skip-tests',
  ];
  return run(job.tools.helm, ['template', '.', ...flags.flat(), ...switches.filter((flag) => typeof flag === 'string')], cwd);
}

function setFlags(job: StockJob, helm: HelmBlock): (readonly [string, string])[] {
  const all = helm.parameters ?? [];
  return [false, true].flatMap((forced) =>
    all
      .filter(({ name, forceString }, index) => {
        const isRepeated = all.slice(index + 1).some((later) => later.name === name && Boolean(later.forceString) === forced);
        return Boolean(forceString) === forced && !isRepeated;
      })
      .map(({ name, value }) => [forced ? '--set-string' : '--set', `${name}=${withCommas(expand(value, job.environment))}`] as const),
  );
}

function withCommas(value: string): string {
  if (/^\{.*\}$/s.test(value)) return value;
  return value
    .split('\\,')
    .map((part) => part.replaceAll(',', '\\,'))
    .join('\\,');
}

/** Values in the spec as a file; JSON is YAML. */
function givenValues(helm: HelmBlock): readonly string[] {
  const text = helm.valuesObject === undefined ? (helm.values ?? '') : JSON.stringify(helm.valuesObject);
  if (text === '') return [];
  const file = join(mkdtempSync(join(tmpdir(), 'evk-hand-')), 'values.yaml');
  writeFileSync(file, text);
  return [file];
}

/** The file that an entry of valueFiles or fileParameters names: all refs of a case are its own repository. */
function located(entry: string, job: StockJob): string {
  const [, ref, below = ''] = /^\$(\w+)\/(.*)$/.exec(entry) ?? [];
  if (job.isMulti && ref !== undefined) return join(job.root, expand(below, job.environment));
  const path = expand(entry, job.environment);
  return path.startsWith('/') ? join(job.root, path) : join(job.root, job.source.path, path);
}

function valueFilesOf(job: StockJob, helm: HelmBlock): readonly string[] {
  const real = (file: string) => (existsSync(file) ? realpathSync(file) : file);
  const isPattern = (entry: string) => /[*?[]/.test(entry);
  const entries = helm.valueFiles ?? [];
  const listed = entries.filter((entry) => !isPattern(entry)).map((entry) => real(located(entry, job)));
  const files = entries.flatMap((entry) => {
    const file = located(entry, job);
    if (!isPattern(entry)) return existsSync(file) || !helm.ignoreMissingValueFiles ? [real(file)] : [];
    const found = globSync(file).filter((path) => statSync(path).isFile());
    return inOrder(found, job.root)
      .map(real)
      .filter((path) => !listed.includes(path));
  });
  return [...new Set(files)];
}

/** Byte order, but what is directly in a folder comes before its folders. */
function inOrder(files: readonly string[], root: string): readonly string[] {
  const rank = (file: string) => {
    const names = relative(root, file).split('/');
    return names.map((name, index) => (index === names.length - 1 ? `\u0000${name}` : `\u0001${name}`)).join('/');
  };
  return files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function kustomizeBuild(job: StockJob): string {
  const { kustomize = {} } = job.source;
  const folder = join(job.root, job.source.path);
  for (const edit of editsBeforePatches(kustomize, job.environment)) run(job.tools.kustomize, ['edit', ...edit], folder);
  if (kustomize.patches) addPatches(folder, kustomize.patches);
  const components = (kustomize.components ?? []).filter(
    (path) => !kustomize.ignoreMissingComponents || isBelow(job.root, join(folder, path)),
  );
  if (components.length > 0) run(job.tools.kustomize, ['edit', 'add', 'component', ...components], folder);
  return run(job.tools.kubectl, ['kustomize', folder], job.root);
}

function isBelow(root: string, path: string): boolean {
  return existsSync(path) && !relative(root, path).startsWith('..');
}

function editsBeforePatches(kustomize: KustomizeBlock, environment: ReadonlyMap<string, string>): readonly (readonly string[])[] {
  const pairs = (map: Readonly<Record<string, string>> = {}, expanded = true) =>
    Object.entries(map).map(([key, value]) => `${key}:${expanded ? expand(value, environment) : value}`);
  const flag = (isSet: boolean | undefined, name: string) => (isSet ? [name] : []);
  const images = kustomize.images?.map((image) => expand(image, environment)) ?? [];
  const replicas = kustomize.replicas?.map(({ name, count }) => `${name}=${count}`) ?? [];
  const annotations = pairs(kustomize.commonAnnotations, kustomize.commonAnnotationsEnvsubst ?? false);
  const labelFlags = [
    ...flag(kustomize.forceCommonLabels, '--force'),
    ...flag(kustomize.labelWithoutSelector, '--without-selector'),
    ...flag(kustomize.labelIncludeTemplates, '--include-templates'),
  ];
  const edits: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['set', 'nameprefix', '--'], kustomize.namePrefix ? [kustomize.namePrefix] : []],
    [['set', 'namesuffix', '--'], kustomize.nameSuffix ? [kustomize.nameSuffix] : []],
    [['set', 'image'], images],
    [['set', 'replicas'], replicas],
    [['add', 'label', ...labelFlags], pairs(kustomize.commonLabels)],
    [['add', 'annotation', ...flag(kustomize.forceCommonAnnotations, '--force')], annotations],
    [['set', 'namespace', '--'], kustomize.namespace ? [kustomize.namespace] : []],
  ];
  return edits.filter(([, values]) => values.length > 0).map(([command, values]) => [...command, ...values]);
}

function addPatches(folder: string, patches: readonly unknown[]): void {
  const file =
    ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].map((name) => join(folder, name)).find((path) => existsSync(path)) ?? '';
  const document = parseDocument(readFileSync(file, 'utf8'));
  const before = (document.toJS() as { patches?: unknown[] }).patches ?? []; // a case's own file
  document.set('patches', [...before, ...patches]);
  writeFileSync(file, stringify(document));
}
