// Which revision a command asks for, of which source (spec/cli.md §4, §6).
import { type Application, type ApplicationSource, isMultiSource, sourcesOf } from '../../model/application.ts';

export interface RevisionRequest {
  readonly revision?: string | undefined;
  /** One for each of `positions` (from 1) or `names`. */
  readonly revisions: readonly string[];
  readonly positions: readonly number[];
  readonly names: readonly string[];
}

/** The flags that make one, as the command line gives them. */
export interface RevisionFlags {
  readonly revision?: string;
  readonly revisions: readonly string[];
  readonly sourcePositions: readonly string[];
  readonly sourceNames: readonly string[];
}

export function revisionRequest(flags: RevisionFlags): RevisionRequest {
  return { revision: flags.revision, revisions: flags.revisions, positions: flags.sourcePositions.map(Number), names: flags.sourceNames };
}

/** Why a request cannot be right whatever the Application is; undefined when it can. */
export function requestRefusal({ revisions, positions, names }: RevisionRequest): string | undefined {
  if (positions.length > 0 && names.length > 0) return 'Only one of source-positions and source-names can be specified.';
  if (positions.some((position) => !Number.isInteger(position) || position <= 0)) {
    return 'source-position cannot be less than or equal to 0, Counting starts at 1';
  }
  const chosen = names.length > 0 ? names : positions;
  if (chosen.length === revisions.length) return undefined;
  return 'revisions and source-positions (or source-names) must be given the same number of times';
}

/** Why the request does not fit the sources of this Application; undefined when it does. */
export function sourceRefusal(application: Application, request: RevisionRequest): string | undefined {
  const { spec } = application;
  if (isMultiSource(spec) && request.revision) {
    return 'argocd cli does not work on multi-source app with --revision flag. Use --revisions and --source-positions instead.';
  }
  const names = sourcesOf(spec).map((source) => source.name);
  const unknown = request.names.find((name) => !names.includes(name));
  return unknown === undefined ? undefined : `Unknown source name '${unknown}'`;
}

/** Why a position names no source of this Application; undefined when all do. */
export function positionRefusal(application: Application, request: RevisionRequest): string | undefined {
  const count = sourcesOf(application.spec).length;
  return request.positions.some((position) => position > count) ? 'source position is out of range' : undefined;
}

/** Source index (from 0) and revision, for each that the request names. */
export function revisionsAsked(application: Application, request: RevisionRequest): ReadonlyMap<number, string> {
  if (request.revision) return new Map([[0, request.revision]]);
  const names = sourcesOf(application.spec).map((source) => source.name);
  const indexes = request.names.length > 0 ? request.names.map((name) => names.indexOf(name)) : request.positions.map((at) => at - 1);
  return new Map(request.revisions.map((revision, nth) => [indexes[nth] ?? 0, revision]));
}

/** The Application's sources, each at the revision that was asked for. */
export function sourcesAsked(application: Application, request: RevisionRequest): readonly ApplicationSource[] {
  const asked = revisionsAsked(application, request);
  return sourcesOf(application.spec).map((source, index) => ({ ...source, targetRevision: asked.get(index) ?? source.targetRevision }));
}
