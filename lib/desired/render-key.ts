// What a render is remembered by. Two keys: everything that a commit and an Application say (no checkout needed to ask), and
// the content that the tool would read (an unrelated commit, or another Application with the same files, finds the same output).
import { createHash } from 'node:crypto';
import type { SourceType } from '../model/application.ts';
import type { SourceClosure } from '../model/desired.ts';
import { isRecord, type Manifest } from '../model/manifest.ts';
import type { SourceFiles } from '../model/tree.ts';
import { closureContent, type PlanClosure } from './closure.ts';
import type { RenderPlan } from './source.ts';

/** Where a commit's render is: the key of its content, and what else the render told. */
export interface Pointer {
  readonly content: string;
  readonly sourceType: SourceType;
  readonly closures: readonly SourceClosure[];
}

/** Raised whenever the same input would render to something else. */
const FORMAT = 1;

function hashOf(facts: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, facts]))
    .digest('hex');
}

/** `facts`: all that goes into the render of one source at one commit. */
export function revisionKey(facts: Readonly<Record<string, unknown>>): string {
  return `revision-${hashOf(facts)}`;
}

export function contentKey(
  plan: RenderPlan,
  closure: PlanClosure,
  files: SourceFiles,
  refs: ReadonlyMap<string, SourceFiles>,
  versions: string,
): string {
  const others = [...closure.refs].map(([ref, paths]) => {
    const tree = refs.get(ref)?.tree;
    return [ref, tree && closureContent(paths, tree)];
  });
  return `content-${hashOf([versions, plan, closureContent(closure.own, files.tree), others])}`;
}

export function encodePointer(pointer: Pointer): string {
  return JSON.stringify(pointer);
}

/** Undefined for anything that `encodePointer` did not write. */
export function decodePointer(text: string | undefined): Pointer | undefined {
  const value = parsed(text);
  const ours =
    isRecord(value) && typeof value['content'] === 'string' && typeof value['sourceType'] === 'string' && Array.isArray(value['closures']);
  return ours ? (value as unknown as Pointer) : undefined; // the cache holds each entry against its own hash
}

export function encodeManifests(manifests: readonly Manifest[]): string {
  return JSON.stringify(manifests);
}

export function decodeManifests(text: string | undefined): readonly Manifest[] | undefined {
  const value = parsed(text);
  return Array.isArray(value) && value.every(isRecord) ? (value as unknown as Manifest[]) : undefined; // as above
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
