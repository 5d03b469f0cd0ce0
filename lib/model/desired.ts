// What should exist: the manifests of an Application at one commit, normalised and tracked, and the files that they came from.
import * as z from 'zod';
import type { ApplicationCondition, SourceType } from './application.ts';
import type { Manifest } from './manifest.ts';

/** Files that count because of their names, those that are not there yet too. */
export interface FileMatch {
  /** `''` is the root of the repository. */
  readonly folder: string;
  /** What the path below the folder looks like, name by name; `**` stands for any number of folders. */
  readonly pattern: string;
  /** Globs of a directory source over the path below the folder; `*` crosses `/` in them. */
  readonly include?: string;
  readonly exclude?: string;
}

/**
 * The files that a render read or looked for, so that a push knows whom it concerns.
 * Paths are relative to the repository root with `/`; one that ends in `/` stands for everything below it.
 */
export interface Closure {
  readonly sources: readonly SourceClosure[];
}

export interface RootClosure {
  readonly paths: readonly string[];
  readonly matching?: readonly FileMatch[];
}

export interface SourceClosure extends RootClosure {
  readonly repoURL: string;
  /** The branch that is followed, where the Application's own sources do not say it: a kustomization elsewhere names it. */
  readonly follows?: string;
  /** Which content the last render was of, and a hash of what came out: equal content that comes out otherwise is told. */
  readonly render?: { readonly content: string; readonly output: string };
}

export interface DesiredState {
  /** Resolved commit, chart version or digest of each source, in source order. */
  readonly revisions: readonly string[];
  readonly sourceTypes: readonly SourceType[];
  /** Ordinary resources and hooks together, in render order; namespaces settled, tracking set, duplicates gone (spec/diff.md §2, §3). */
  readonly manifests: readonly Manifest[];
  /** RepeatedResourceWarning, ExcludedResourceWarning and the like: what normalisation noticed. */
  readonly conditions: readonly ApplicationCondition[];
  readonly closure: Closure;
}

const match = z.object({ folder: z.string(), pattern: z.string(), include: z.string().optional(), exclude: z.string().optional() });
const schema = z.object({
  sources: z.array(
    z.object({
      repoURL: z.string(),
      paths: z.array(z.string()),
      matching: z.array(match).optional(),
      follows: z.string().optional(),
      render: z.object({ content: z.string(), output: z.string() }).optional(),
    }),
  ),
});

/** A closure out of the annotation that holds it; undefined for any other text. */
export function parseClosure(text: string): Closure | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data as Closure | undefined; // zod marks what is optional as possibly undefined too
  } catch {
    return undefined;
  }
}
