// Versions and version constraints as Argo CD's users write them in `targetRevision`: the language of Masterminds/semver v3
// (`1.2.*`, `^1`, `~1.2`, `>=1.0.0 <2.0.0`, `1 - 2`, `a || b`), with its rules for missing parts and prereleases (spec/rendering.md §7).

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Without the leading `-`; `''` for a release. */
  readonly prerelease: string;
}

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

interface Term {
  readonly operator: Operator;
  readonly version: Version;
  /** How many of major, minor and patch were written out before the first wildcard or the end. */
  readonly parts: number;
}

/** Alternatives (`||`) of terms that must all hold. */
export type Constraint = readonly (readonly Term[])[];

/** Longer texts are branch names or mischief, not constraints; bounds the work of the expressions below. */
const MAX_CONSTRAINT_LENGTH = 256;

const SUFFIX = '(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?';
const VERSION = new RegExp(`^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?${SUFFIX}$`);
const PATTERN = `v?(\\d+|[xX*])(?:\\.(\\d+|[xX*]))?(?:\\.(\\d+|[xX*]))?${SUFFIX}`;
const TERM = new RegExp(`(=>|=<|!=|>=|<=|~>|[=><~^])?\\s*${PATTERN}\\s*(,|$|(?<=\\s))\\s*`, 'y');
const HYPHEN_RANGE = /(^|\s)(\S+)\s+-\s+(\S+)/g;
const SPELLINGS: Readonly<Record<string, Operator>> = { '=>': '>=', '=<': '<=', '~>': '~' };

/** Undefined for what is no version. `v` in front and missing parts are taken; a numeric prerelease part must not begin with zero. */
export function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  return match ? versionOf(match[1], match[2], match[3], match[4]) : undefined;
}

/** Negative, zero or positive as `left` is older than, equal to or newer than `right` (semver.org §11; build metadata does not count). */
export function compareVersions(left: Version, right: Version): number {
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch || comparePrerelease(left, right);
}

/** Undefined for what is no constraint. An exact version is one too, and so is a partial one: `1.2` means `1.2.*`. */
export function parseConstraint(text: string): Constraint | undefined {
  if (text.length > MAX_CONSTRAINT_LENGTH) return undefined;
  const alternatives = text.replace(HYPHEN_RANGE, '$1>=$2 <=$3').split('||').map(parseTerms);
  return alternatives.every((terms) => terms !== undefined) ? alternatives : undefined;
}

/** Whether a version meets a constraint. A prerelease meets only alternatives in which some term names a prerelease. */
export function satisfies(version: Version, constraint: Constraint): boolean {
  return constraint.some((terms) => admitsPrerelease(version, terms) && terms.every((term) => holds(version, term)));
}

function parseTerms(text: string): readonly Term[] | undefined {
  const terms: Term[] = [];
  const rest = text.trim();
  TERM.lastIndex = 0;
  while (TERM.lastIndex < rest.length) {
    const match = TERM.exec(rest);
    const term = match ? termOf(match) : undefined;
    if (!term) return undefined;
    terms.push(term);
  }
  return terms.length > 0 && !rest.endsWith(',') ? terms : undefined;
}

function termOf(match: RegExpExecArray): Term | undefined {
  const [, spelling = '=', ...numbers] = match;
  const written = numbers.slice(0, 3).findIndex((part) => part === undefined || /[xX*]/.test(part));
  const parts = written < 0 ? 3 : written;
  const [major, minor, patch] = numbers.slice(0, parts);
  const version = versionOf(major ?? '0', minor, patch, numbers[3]);
  return version && { operator: SPELLINGS[spelling] ?? (spelling as Operator), version, parts }; // TERM lists just these spellings
}

function versionOf(major = '0', minor = '0', patch = '0', prerelease = ''): Version | undefined {
  const numbers = [Number(major), Number(minor), Number(patch)] as const;
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  if (prerelease.split('.').some((part) => /^0\d+$/.test(part))) return undefined;
  return { major: numbers[0], minor: numbers[1], patch: numbers[2], prerelease };
}

function comparePrerelease(left: Version, right: Version): number {
  if (left.prerelease === right.prerelease) return 0;
  if (left.prerelease === '') return 1;
  if (right.prerelease === '') return -1;
  const theirs = right.prerelease.split('.');
  for (const [index, part] of left.prerelease.split('.').entries()) {
    const order = compareIdentifiers(part, theirs[index]);
    if (order !== 0) return order;
  }
  return -1;
}

/** Numbers count as numbers and come before words; who has run out of identifiers comes first. */
function compareIdentifiers(left: string, right: string | undefined): number {
  if (left === right) return 0;
  if (right === undefined) return 1;
  const numeric = [/^\d+$/.test(left), /^\d+$/.test(right)] as const;
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  if (numeric[0] && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : 1;
}

function admitsPrerelease(version: Version, terms: readonly Term[]): boolean {
  return version.prerelease === '' || terms.some((term) => term.version.prerelease !== '');
}

type Rule = (version: Version, term: Term, order: number) => boolean;

/** `order` compares the version with the term's own; a partial term stands for all versions that begin as it does. */
const RULES: Readonly<Record<Operator, Rule>> = {
  '=': (version, term, order) => (term.parts === 3 ? order === 0 : withinTilde(version, term, order)),
  '!=': (version, term, order) =>
    isPartial(term) ? !samePrefix(version, term) || (term.parts === 2 && version.prerelease !== term.version.prerelease) : order !== 0,
  '>': (version, term, order) => order > 0 && !(isPartial(term) && samePrefix(version, term)),
  '>=': (_version, _term, order) => order >= 0,
  '<': (_version, _term, order) => order < 0,
  '<=': (version, term, order) => order <= 0 || (isPartial(term) && samePrefix(version, term)),
  '~': withinTilde,
  '^': (version, term, order) => order >= 0 && withinCaret(version, term),
};

function holds(version: Version, term: Term): boolean {
  return RULES[term.operator](version, term, compareVersions(version, term.version));
}

function isPartial(term: Term): boolean {
  return term.parts === 1 || term.parts === 2;
}

/** Whether the parts that the term wrote out are the version's too. */
function samePrefix(version: Version, { version: wanted, parts }: Term): boolean {
  return version.major === wanted.major && (parts < 2 || version.minor === wanted.minor);
}

/** `~1.2.3` stays within 1.2, `~1` within 1; `~*` and, by Masterminds' special case, `~0.0.0` take everything. */
function withinTilde(version: Version, term: Term, order: number): boolean {
  const { major, minor, patch } = term.version;
  const anything = !isPartial(term) && major === 0 && minor === 0 && patch === 0;
  return order >= 0 && (anything || samePrefix(version, term));
}

/** What the first non-zero part fixes stays: `^1.2` within 1, `^0.2` within 0.2, `^0.0.3` at 0.0.3. */
function withinCaret(version: Version, { version: wanted, parts }: Term): boolean {
  if (parts === 0) return true;
  if (version.major !== wanted.major) return false;
  if (wanted.major > 0 || parts === 1) return true;
  if (version.minor !== wanted.minor) return false;
  return wanted.minor > 0 || parts === 2 || version.patch === wanted.patch;
}
