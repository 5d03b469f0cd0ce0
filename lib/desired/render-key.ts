// What a render is remembered by. Three keys: everything that a commit and an Application say (no checkout needed to ask); what is asked of
// the tool, which tells what such renders have read before; and the content of all that, by which the output is found again: by an
// unrelated commit, by another Application with the same files, and after a revert.
import { createHash } from 'node:crypto';
import type { SourceType } from '../model/application.ts';
import type { RootClosure, SourceClosure } from '../model/desired.ts';
import { parseJson } from '../model/json.ts';
import { isRecord, type Manifest } from '../model/manifest.ts';
import type { Need } from '../model/rendering.ts';
import type { Tree } from '../model/tree.ts';
import { closureContent, type RenderClosure } from './closure.ts';
import type { RenderSettings } from './settings.ts';
import type { RenderPlan } from './source.ts';

/** A value file at a URL. */
export interface ValueFile {
  readonly kind: 'values';
  readonly text: string;
}

/** Something that was fetched for a render. */
export interface Fetched {
  readonly need: Need | ValueFile;
  /** The commit, or version and digest, that it got. */
  readonly got: string;
  /**
   * Settled by its name: a commit, a tag, an exact version, a URL that names one of these. Only a hard refresh asks for it again. Anything
   * else is asked for at each look, where a recent answer does.
   */
  readonly fixed: boolean;
  /** The repository that the project permitted, so that what is known of it was used; none where it was fetched as anybody could. */
  readonly permitted?: string;
  /** Pushes that would change it, for one that follows a branch. */
  readonly follows?: SourceClosure;
}

/** What a render read the last time that the same was asked. */
export interface Trace {
  /** By root. */
  readonly closure: Readonly<Record<string, RootClosure>>;
  readonly fetched: readonly Fetched[];
}

/** Where a commit's render is: the key of its content, and what else the render told. */
export interface Pointer {
  readonly content: string;
  readonly sourceType: SourceType;
  readonly closures: readonly SourceClosure[];
  readonly fetched: readonly Fetched[];
}

/** Rendered objects. `differs`: rendering the same content again gave another output; objects by kind and name. */
export interface Output {
  readonly manifests: readonly Manifest[];
  readonly differs: readonly string[];
}

/** Raised whenever the same input would render to something else. */
const FORMAT = 3;
/** Traces that are kept of one plan: files come and go, and with them what is read. */
const MAX_TRACES = 6;

function hashOf(facts: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, facts]))
    .digest('hex');
}

/** `facts`: all that goes into the render of one source at one commit. */
export function revisionKey(facts: Readonly<Record<string, unknown>>): string {
  return `revision-${hashOf(facts)}`;
}

/**
 * `version`: names and versions of the tools. What one project's credentials fetched is for that project alone, and what one setting
 * allowed for that setting: another that asks the same finds nothing.
 */
export function planKey(plan: RenderPlan, version: string, project: string, settings: RenderSettings): string {
  return `plan-${hashOf([version, project, settings, plan])}`;
}

/** Equal keys, equal output: the same is asked, of files that are the same, with the same things fetched. */
export function contentKey(plan: string, trace: Trace, trees: ReadonlyMap<string, Tree>): string {
  const roots = Object.entries(trace.closure).sort(([a], [b]) => (a < b ? -1 : 1));
  const contents = roots.map(([name, closure]) => {
    const tree = trees.get(name);
    return [name, tree ? closureContent(closure, tree) : closure];
  });
  return `content-${hashOf([plan, contents, trace.fetched.map(({ need, got }) => [need, got])])}`;
}

/** The newest first; one that is there already moves to the front. */
export function withTrace(traces: readonly Trace[], trace: Trace): readonly Trace[] {
  const text = JSON.stringify(trace);
  return [trace, ...traces.filter((other) => JSON.stringify(other) !== text)].slice(0, MAX_TRACES);
}

export function traceOf(closure: RenderClosure, fetched: readonly Fetched[]): Trace {
  return { closure: Object.fromEntries(closure), fetched };
}

export function encode(value: Pointer | Output | readonly Trace[]): string {
  return JSON.stringify(value);
}

/** Undefined for anything that `encode` did not write; the store has held the text against its hash. */
export function decodePointer(text: string | undefined): Pointer | undefined {
  const value = parsed(text);
  const ours =
    isRecord(value) &&
    typeof value['content'] === 'string' &&
    typeof value['sourceType'] === 'string' &&
    Array.isArray(value['closures']) &&
    Array.isArray(value['fetched']);
  return ours ? (value as unknown as Pointer) : undefined; // its fields have just been looked at
}

export function decodeOutput(text: string | undefined): Output | undefined {
  const value = parsed(text);
  const ours =
    isRecord(value) && Array.isArray(value['manifests']) && value['manifests'].every(isRecord) && Array.isArray(value['differs']);
  return ours ? (value as unknown as Output) : undefined; // as above
}

export function decodeTraces(text: string | undefined): readonly Trace[] {
  const value = parsed(text);
  return Array.isArray(value) ? value.filter((trace): trace is Trace => isRecord(trace) && isRecord(trace['closure'])) : [];
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : parseJson(text);
  } catch {
    return undefined;
  }
}
