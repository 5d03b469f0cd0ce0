// What should exist: the manifests of an Application at one commit, normalised and tracked, and the files that they came from.
import type { ApplicationCondition, SourceType } from './application.ts';
import type { Manifest } from './manifest.ts';

/**
 * The files that a render read or looked for, so that a push knows whom it concerns.
 * Paths are relative to the repository root with `/`; one that ends in `/` stands for everything below it.
 */
export interface Closure {
  readonly sources: readonly SourceClosure[];
}

export interface SourceClosure {
  readonly repoURL: string;
  readonly paths: readonly string[];
}

export interface DesiredState {
  /** Resolved commit, chart version or digest of each source, in source order. */
  readonly revisions: readonly string[];
  readonly sourceTypes: readonly SourceType[];
  /** Ordinary resources and hooks together, in render order; namespaces settled, tracking set, duplicates gone (spec/diff.md §2, §3). */
  readonly manifests: readonly Manifest[];
  /** RepeatedResourceWarning and the like: what normalisation noticed. */
  readonly conditions: readonly ApplicationCondition[];
  readonly closure: Closure;
}
