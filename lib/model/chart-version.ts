// Which version of a chart or artifact a targetRevision names among those that its repository has (spec/rendering.md §7).
import type { ChartDependency } from './chart-source.ts';
import { compareVersions, parseConstraint, parseVersion, satisfies, type Version } from './semver.ts';

/** The version as its repository spells it, or why there is none. */
export type VersionChoice = { readonly version: string } | { readonly reason: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Whether a text is taken for a version as it is, unchecked: partial ones and a leading `v` count. */
export function isVersion(text: string): boolean {
  return parseVersion(text) !== undefined;
}

/** Whether a text is all three parts of a version: in a chart's dependencies fewer are a range. */
function isWholeVersion(text: string): boolean {
  return isVersion(text) && /^v?\d+\.\d+\.\d+/.test(text);
}

/** The one version of a dependency that its lock or else its Chart.yaml says; undefined where there is a choice. */
export function exactVersion({ version, locked }: Pick<ChartDependency, 'version' | 'locked'>): string | undefined {
  return [locked, version].find((text) => text !== undefined && isWholeVersion(text));
}

/** Whether a text is the name of one content, which cannot come to mean another. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** The greatest version that meets a constraint. A text that is none has to be there as it is; what is no version is never taken. */
export function greatestVersion(text: string, versions: readonly string[]): VersionChoice {
  if (versions.includes(text)) return { version: text };
  const constraint = parseConstraint(text);
  if (constraint === undefined) return { reason: `failed to determine semver constraint: improper constraint: ${text}` };
  let best: { readonly text: string; readonly version: Version } | undefined;
  for (const candidate of versions) {
    const version = parseVersion(candidate);
    if (version === undefined || !satisfies(version, constraint)) continue;
    if (best === undefined || compareVersions(version, best.version) > 0) best = { text: candidate, version };
  }
  return best ? { version: best.text } : { reason: `version matching constraint not found in ${versions.length} tags` };
}
