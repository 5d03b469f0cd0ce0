// One render as data: what a renderer is asked, and what it answers. Plans become requests, answers become manifests.

/** A file in one of the folders of a request. */
export interface RootFile {
  /** Name of the folder in `roots`: `''` is the source's own repository. */
  readonly root: string;
  /** Relative to that folder, `/`-separated. */
  readonly path: string;
}

/** A chart dependency: as Chart.yaml writes it, and the version that the lock file pins, where there is one in step. */
export interface ChartNeed {
  readonly kind: 'chart';
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  readonly locked: string;
  /** Set where the source says so: the credential goes to whatever host the index names. */
  readonly passCredentials?: boolean;
}

/** An entry of a kustomization that is not in the repository, as it stands there. */
export interface RemoteNeed {
  readonly kind: 'remote';
  readonly text: string;
}

/** What has to be fetched, outside the seal, before the render can be asked for again. */
export type Need = ChartNeed | RemoteNeed;

export interface KustomizeJob {
  readonly type: 'kustomize';
  readonly folder: string;
  /** `--load-restrictor LoadRestrictionsNone`: still nothing outside the roots. */
  readonly loadRestrictionsNone: boolean;
  /** `--enable-helm`. */
  readonly enableHelm: boolean;
  readonly helmKubeVersion: string;
  readonly helmApiVersions: readonly string[];
  /** Entries that were needed, and where they are now. */
  readonly remotes: Readonly<Record<string, RootFile>>;
  /** Charts that were needed, by `chartKey`. */
  readonly charts: Readonly<Record<string, RootFile>>;
}

export interface HelmJob {
  readonly type: 'helm';
  readonly folder: string;
  readonly releaseName: string;
  readonly namespace: string;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  /** Values are escaped as `--set` wants them; those with `string` come last. */
  readonly set: readonly { readonly name: string; readonly value: string; readonly string: boolean }[];
  readonly setFiles: readonly { readonly name: string; readonly file: RootFile }[];
  readonly valueFiles: readonly RootFile[];
  /** YAML of the spec, after the files. May be secret. */
  readonly values: string | undefined;
  readonly includeCrds: boolean;
  readonly skipSchemaValidation: boolean;
  readonly skipTests: boolean;
  readonly charts: Readonly<Record<string, RootFile>>;
}

export interface JsonnetVariable {
  readonly name: string;
  readonly value: string;
  readonly code: boolean;
}

export interface FilesJob {
  readonly type: 'files';
  readonly folder: string;
  /** Relative to the repository. */
  readonly paths: readonly string[];
  readonly jsonnet: {
    readonly extVars: readonly JsonnetVariable[];
    readonly tlas: readonly JsonnetVariable[];
    /** Folders relative to the repository. */
    readonly libs: readonly string[];
  };
}

export type RenderJob = KustomizeJob | HelmJob | FilesJob;

export interface RenderRequest {
  /** Absolute folders by name; nothing outside of them exists for the render. */
  readonly roots: Readonly<Record<string, string>>;
  /** Texts that stand in place of files of the source's own repository, or beside them. */
  readonly files: Readonly<Record<string, string>>;
  /** What the render may read of its own repository, for a renderer that cannot see to that by itself. */
  readonly allowed: readonly string[];
  readonly job: RenderJob;
}

/** The documents of one file, and what is wrong with the first that could not be read. */
export interface ReadFile {
  readonly path: string;
  readonly documents: readonly { readonly value: unknown; readonly line: number }[];
  readonly fault: { readonly line: number; readonly message: string } | undefined;
}

/**
 * What each root's render read or looked for, relative to it; a path that ends in `/` stands for everything below.
 * Undefined where the renderer does not know.
 */
export type Reads = Readonly<Record<string, readonly string[]>>;

export type RenderAnswer =
  | { readonly kind: 'documents'; readonly documents: readonly unknown[]; readonly reads: Reads | undefined }
  | { readonly kind: 'files'; readonly files: readonly ReadFile[]; readonly reads: Reads | undefined }
  | { readonly kind: 'needs'; readonly needs: readonly Need[] };

/** The name of a file that was downloaded, in the folder that holds it alone. */
export const DOWNLOADED_NAME = 'file.yaml';

/** How `charts` names a dependency. */
export function chartKey({ repository, name, version }: Pick<ChartNeed, 'repository' | 'name' | 'version'>): string {
  return `${repository}|${name}|${version}`;
}

/** The command line that a person would type for a job, in the order of spec/rendering.md §3.2; `place` says where a file is. */
export function commandLine(job: KustomizeJob | HelmJob, place: (file: RootFile) => string): readonly string[] {
  if (job.type === 'kustomize') return ['build', `./${job.folder}`, ...kustomizeFlags(job)];
  const option = (name: string, value: string) => (value === '' ? [] : [`${name}=${value}`]);
  return [
    'template',
    '.',
    ...option('--name-template', job.releaseName),
    ...option('--namespace', job.namespace),
    ...option('--kube-version', job.kubeVersion),
    ...job.set.map(({ name, value, string }) => `${string ? '--set-string' : '--set'}=${name}=${value}`),
    ...job.setFiles.map(({ name, file }) => `--set-file=${name}=${place(file)}`),
    ...job.valueFiles.flatMap((file) => ['--values', place(file)]),
    ...(job.values === undefined ? [] : ['--values', '-']),
    ...job.apiVersions.map((version) => `--api-versions=${version}`),
    ...(job.includeCrds ? ['--include-crds'] : []),
    ...(job.skipSchemaValidation ? ['--skip-schema-validation'] : []),
    ...(job.skipTests ? ['--skip-tests'] : []),
  ];
}

function kustomizeFlags(job: KustomizeJob): readonly string[] {
  return [
    ...(job.loadRestrictionsNone ? ['--load-restrictor=LoadRestrictionsNone'] : []),
    ...(job.enableHelm ? ['--enable-helm', `--helm-kube-version=${job.helmKubeVersion}`] : []),
    ...(job.enableHelm ? job.helmApiVersions.map((version) => `--helm-api-versions=${version}`) : []),
  ];
}

/** A command line as messages show it: the clusters' API versions run to hundreds and help nobody, values of parameters may be secret. */
export function shownCommand(tool: string, args: readonly string[]): string {
  const shown = args
    .filter((arg) => !/^--(?:helm-)?api-versions/.test(arg))
    .map((arg) => arg.replace(/^(--set(?:-string)?=[^=]*=).*$/s, '$1******'));
  return [tool, ...shown].join(' ');
}
