// Which commit a targetRevision names among the references of a repository (spec/rendering.md §7).
import { compareVersions, parseConstraint, parseVersion, satisfies, type Version } from './semver.ts';

/** Full reference names (`HEAD`, `refs/heads/main`, …) with the commits that they lead to: annotated tags are already peeled. */
export type Refs = ReadonlyMap<string, string>;

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/i;
const ABBREVIATED = /^[0-9a-f]{7,64}$/i;

/** Whether a text is a whole commit id, which is taken as it is. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/** Whether a text may be the beginning of a commit id. */
export function isAbbreviated(revision: string): boolean {
  return ABBREVIATED.test(revision);
}

/** Reads what `git ls-remote` prints; a peeled line (`^{}`) replaces the tag object that it belongs to. */
export function parseRefs(output: string): Refs {
  const refs = new Map<string, string>();
  for (const line of output.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab > 0) refs.set(line.slice(tab + 1).replace(/\^\{\}$/, ''), line.slice(0, tab));
  }
  return refs;
}

/**
 * The commit that a revision names, or undefined. Empty is HEAD; a version, however short, is the name of one tag, with the prefix if
 * there is one; a version constraint takes its greatest tag, and without any stands for itself; of a branch and a tag with the same
 * short name the branch wins.
 */
export function commitOf(refs: Refs, revision: string, tagPrefix = ''): string | undefined {
  const text = revision === '' ? 'HEAD' : revision;
  if (parseVersion(text) !== undefined) return named(refs, tagPrefix + text);
  const tagged = refs.get(`refs/tags/${greatestTag(refs, text, tagPrefix) ?? ''}`);
  return tagged ?? named(refs, text);
}

function named(refs: Refs, name: string): string | undefined {
  return [name, `refs/heads/${name}`, `refs/tags/${name}`, `refs/${name}`].map((ref) => refs.get(ref)).find((hash) => hash !== undefined);
}

function greatestTag(refs: Refs, text: string, prefix: string): string | undefined {
  const constraint = parseConstraint(text);
  if (constraint === undefined) return undefined;
  const versions = tagVersions(refs, prefix).filter(({ version }) => satisfies(version, constraint));
  return versions.reduce<TagVersion | undefined>(
    (best, next) => (best && compareVersions(best.version, next.version) >= 0 ? best : next),
    undefined,
  )?.tag;
}

interface TagVersion {
  readonly tag: string;
  readonly version: Version;
}

function tagVersions(refs: Refs, prefix: string): readonly TagVersion[] {
  const start = `refs/tags/${prefix}`;
  return [...refs.keys()].flatMap((ref) => {
    const version = ref.startsWith(start) ? parseVersion(ref.slice(start.length)) : undefined;
    return version === undefined ? [] : [{ tag: ref.slice('refs/tags/'.length), version }];
  });
}

/** The one commit among the references whose id begins so; undefined when there is none or several. */
export function tipStartingWith(refs: Refs, abbreviated: string): string | undefined {
  const found = new Set([...refs.values()].filter((hash) => hash.startsWith(abbreviated.toLowerCase())));
  return found.size === 1 ? [...found][0] : undefined;
}
