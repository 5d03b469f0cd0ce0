// A push and all Applications -> whom to wake (spec/webhook.md §6). Applications are read as they stand in the cluster,
// field by field, so that one that does not parse neither hides its neighbours nor is forgotten itself.
import { closureTouches } from '../desired/closure.ts';
import { CLOSURE, MANIFEST_GENERATE_PATHS } from '../model/annotations.ts';
import { type Closure, parseClosure, type SourceClosure } from '../model/desired.ts';
import { sameGitUrl, withoutUserinfo } from '../model/git-url.ts';
import { annotationOf, isRecord, type LiveObject } from '../model/manifest.ts';
import type { ReconcileRequest } from '../model/request.ts';
import { parseConstraint, parseVersion, satisfies } from '../model/semver.ts';
import { type Push, parseRevision } from './push.ts';
import { refreshPaths, touchesRefreshPaths } from './refresh-paths.ts';

interface Source {
  readonly repoURL: string;
  readonly targetRevision: string;
  readonly path: string;
}

/**
 * One request for each Application that the push concerns: a source of it is in the repository, follows the pushed branch or tag,
 * and reads a file that changed. Where that is not known (no closure yet, an unlisted change), the push concerns it.
 */
export function affectedApplications(push: Push, applications: readonly LiveObject[], now: number): readonly ReconcileRequest[] {
  const patterns = push.repositoryURLs.flatMap((url) => repositoryPattern(url) ?? []);
  const concerned = applications.filter((application) => concerns(push, patterns, application));
  return concerned.flatMap((application) => requestFor(push, application, now) ?? []);
}

function concerns(push: Push, patterns: readonly RegExp[], application: LiveObject): boolean {
  const isOf = (repoURL: string, revision: string) => patterns.some((pattern) => pattern.test(repoURL)) && followsRevision(revision, push);
  const own = sourcesIn(application).filter((source) => isOf(source.repoURL, source.targetRevision));
  if (own.some((source) => readsChanged(push.changedPaths, source, application))) return true;
  return (closureOf(application)?.sources ?? []).some(
    (source) => source.follows !== undefined && isOf(source.repoURL, source.follows) && touchedBy(push, source),
  );
}

/** A kustomization elsewhere that follows a branch. */
function touchedBy({ changedPaths }: Push, source: SourceClosure): boolean {
  return !changedPaths || closureTouches({ sources: [source] }, source.repoURL, changedPaths);
}

function closureOf(application: LiveObject): Closure | undefined {
  return parseClosure(annotationText(application, CLOSURE));
}

function requestFor(push: Push, { metadata }: LiveObject, now: number): ReconcileRequest | undefined {
  if (!metadata.name || !metadata.namespace) return undefined;
  const event = push.delivery || `${push.before}..${push.after}@${now}`;
  return {
    application: { namespace: metadata.namespace, name: metadata.name },
    reason: 'push',
    at: now,
    event: event.slice(0, 512),
    correlation: event.slice(0, 128),
  };
}

/** `sources` when there are any, else `source`; what is no text counts as absent. */
function sourcesIn(application: LiveObject): readonly Source[] {
  const spec = application['spec'];
  if (!isRecord(spec)) return [];
  const several = spec['sources'];
  const all: readonly unknown[] = Array.isArray(several) && several.length > 0 ? several : [spec['source']];
  return all.filter(isRecord).map((source) => ({
    repoURL: textOf(source['repoURL']),
    targetRevision: textOf(source['targetRevision']),
    path: textOf(source['path']),
  }));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/**
 * The ways to write one repository: scp style, ssh, http(s), other ports, a user name, `ssh.` hosts, `.git` (spec/webhook.md §6.1).
 * Undefined for what is no URL. Every part is bounded or a literal, so that no text makes the match slow.
 */
export function repositoryPattern(webURL: string): RegExp | undefined {
  const url = URL.parse(webURL);
  if (!url?.hostname) return undefined;
  const host = literal(url.hostname);
  const path = literal(url.pathname.replace(/^\//, ''));
  const user = '[\\w.][\\w.-]{0,30}[\\w.$-]?';
  return new RegExp(`^(?:(?:https?|ssh)://)?(?:${user}@)?(?:(?:alt)?ssh\\.)?${host}(?::\\d+)?[:/]${path}(?:\\.git)?$`, 'i');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Spec/webhook.md §6.2: HEAD follows the default branch; else the names are equal, or the target is a constraint that the name satisfies. */
function followsRevision(targetRevision: string, push: Push): boolean {
  const name = parseRevision(targetRevision);
  if (name === 'HEAD' || name === '') return push.touchedHead;
  const target = /^refs\/(?:heads|tags)\//.test(targetRevision) ? name : targetRevision;
  return target === push.revision || meetsConstraint(push.revision, target);
}

function meetsConstraint(revision: string, target: string): boolean {
  const version = parseVersion(revision);
  if (!version) return false;
  const constraint = parseConstraint(target);
  return constraint !== undefined && satisfies(version, constraint);
}

/** The owner's annotation decides where there is one, else the files that the last render read (spec/webhook.md §6.3). */
function readsChanged(changedPaths: readonly string[] | undefined, source: Source, application: LiveObject): boolean {
  if (!changedPaths) return true;
  const declared = refreshPaths(annotationText(application, MANIFEST_GENERATE_PATHS), source.path);
  if (declared.length > 0) return touchesRefreshPaths(declared, changedPaths);
  const closure = closureOf(application);
  const repository = withoutUserinfo(source.repoURL);
  if (!closure?.sources.some(({ repoURL }) => sameGitUrl(repoURL, repository))) return true;
  return closureTouches(closure, repository, changedPaths);
}

function annotationText(application: LiveObject, name: string): string {
  return textOf(annotationOf(application, name));
}
