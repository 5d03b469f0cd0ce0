// Where a chart or an artifact is to be had: how a repoURL, or the repository of a chart's dependency, is read (spec/rendering.md §3.1, §3.3).
import type { RepositoryAccess } from './repository.ts';

/** `index`: a Helm repository over http. `chart`: a Helm chart in an OCI registry. `artifact`: anything else there. */
export interface ChartSource {
  readonly kind: 'index' | 'chart' | 'artifact';
  readonly url: string;
  /** The chart's name; `''` for an artifact. */
  readonly chart: string;
}

/** A dependency as a Chart.yaml writes it. `locked` is the version that its Chart.lock says. */
export interface ChartDependency {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  readonly locked?: string | undefined;
  /** Of the Application's source: the credential goes to whatever host the index names. */
  readonly passCredentials?: boolean;
}

/** `named`: registered by that name. `url`: reached as it is written. `other`: nothing that is fetched. */
export type DependencyPlace =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'other' };

const OCI = 'oci://';

/** Whether a source is an artifact of a registry, which may be a chart as a whole. */
export function isArtifact(source: { readonly repoURL: string }): boolean {
  return source.repoURL.startsWith(OCI);
}

/** The chart that a source names, `''` for none: of an artifact `chart` says nothing (spec/application.md §2). */
export function chartOf(source: { readonly repoURL: string; readonly chart?: string | undefined }): string {
  return isArtifact(source) ? '' : (source.chart ?? '');
}

/** A URL without scheme is a registry's, and so is one whose access says so. */
export function chartSource(url: string, chart: string, access: Pick<RepositoryAccess, 'enableOCI'>): ChartSource {
  if (chart === '') return { kind: 'artifact', url, chart };
  const registry = access.enableOCI || !/^https?:\/\//i.test(url);
  return { kind: registry ? 'chart' : 'index', url, chart };
}

/** The addresses that a registry may be registered under: Helm's Secrets name it without scheme. */
export function registryNames(url: string): readonly string[] {
  return url.startsWith(OCI) ? [url, url.slice(OCI.length)] : [url];
}

export function dependencyPlace(repository: string): DependencyPlace {
  const named = /^(?:@|alias:)(.+)$/.exec(repository)?.[1];
  if (named !== undefined) return { kind: 'named', name: named };
  return /^(?:https|oci):\/\//.test(repository) ? { kind: 'url', url: repository } : { kind: 'other' };
}
