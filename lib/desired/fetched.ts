// What a render needs from elsewhere, fetched outside its seal and by what it resolved to: remote kustomizations, charts' dependencies and
// value files at URLs.
import { createHash } from 'node:crypto';
import { exactVersion } from '../model/chart-version.ts';
import { InvalidInput, NotPermitted } from '../model/errors.ts';
import { isAbbreviated, isCommit } from '../model/git-refs.ts';
import { withoutUserinfo } from '../model/git-url.ts';
import {
  type ChartNeed,
  chartKey,
  DOWNLOADED_NAME,
  type Need,
  type RemoteNeed,
  type RenderRequest,
  type RootFile,
} from '../model/rendering.ts';
import { outOfBoundsLink } from '../model/tree.ts';
import type { Charts, Checkout, Downloads, Repositories, SettledDependency } from '../ports.ts';
import { answersSince, copiesSince } from './freshness.ts';
import { isFixedUrl, parseRemote, type Remote, shownRemote } from './remote.ts';
import type { DesiredStateInput } from './render.ts';
import type { Fetched, ValueFile } from './render-key.ts';
import type { Take } from './render-source.ts';

export interface FetchPorts {
  readonly repositories: Repositories;
  readonly charts: Charts;
  readonly downloads: Downloads;
}

/** Something that was fetched, and where in a request it stands. */
export interface Mount {
  readonly root: string;
  readonly need: Fetched['need'];
  readonly dir: string;
  readonly file: RootFile;
  /** As it is remembered, with what the render read of it. */
  readonly fetched: (reads: readonly string[] | undefined) => Fetched;
}

/** The request with what was fetched in its place. */
export function mounted(request: RenderRequest, mounts: readonly Mount[]): RenderRequest {
  if (mounts.length === 0 || request.job.type === 'files') return request;
  const remotes = mounts.flatMap(({ need, file }) => (need.kind === 'remote' ? [[need.text, file] as const] : []));
  const charts = mounts.flatMap(({ need, file }) => (need.kind === 'chart' ? [[chartKey(need), file] as const] : []));
  const roots = { ...request.roots, ...Object.fromEntries(mounts.map(({ root, dir }) => [root, dir])) };
  const job =
    request.job.type === 'kustomize'
      ? { ...request.job, remotes: Object.fromEntries(remotes), charts: Object.fromEntries(charts) }
      : { ...request.job, charts: Object.fromEntries(charts) };
  return { ...request, roots, job };
}

/** Throws InvalidInput for what may not be fetched, with what allows it, and for what is not there. */
export function fetchNeed(need: Need, root: string, input: DesiredStateInput, ports: FetchPorts, take: Take): Promise<Mount> {
  return need.kind === 'chart' ? fetchChart(need, root, input, ports, take) : fetchRemote(need, root, input, ports, take);
}

/** A value file at a URL, which is known before anything is asked: its root is the ref that stands for it. */
export async function fetchValueFile(ref: string, url: string, input: DesiredStateInput, ports: FetchPorts, take: Take): Promise<Mount> {
  const need: ValueFile = { kind: 'values', text: url };
  const fixed = isFixedUrl(url);
  const checkout = await take(ports.downloads.download(url, fileSince(fixed, input)));
  return mountOf(need, ref, checkout, DOWNLOADED_NAME, (got) => ({ need, got, fixed }));
}

/**
 * Whether what was fetched is still what would be fetched now, by a project that still permits what it needed. What is settled by its name
 * is not asked for.
 */
export async function stillFetched(fetched: readonly Fetched[], input: DesiredStateInput, ports: FetchPorts): Promise<boolean> {
  if (fetched.some(({ permitted }) => permitted !== undefined && !input.permits(permitted))) return false;
  const answers = await Promise.all(fetched.filter(({ fixed }) => !fixed).map(({ need, got }) => stillSame(need, got, input, ports)));
  return answers.every(Boolean);
}

async function stillSame(need: Fetched['need'], got: string, input: DesiredStateInput, ports: FetchPorts): Promise<boolean> {
  if (need.kind === 'chart') return got.startsWith(`${(await settled(need, input, ports)).version} `);
  if (need.kind === 'values') return (await digestNow(need.text, input, ports)) === got;
  const remote = allowed(need, input);
  return got === (remote.kind === 'file' ? await digestNow(remote.url, input, ports) : (await resolved(remote, input, ports)).commit);
}

async function digestNow(url: string, input: DesiredStateInput, { downloads }: FetchPorts): Promise<string> {
  const { revision, release } = await downloads.download(url, answersSince(input));
  release();
  return revision;
}

function fileSince(fixed: boolean, input: DesiredStateInput): number {
  return fixed ? copiesSince(input) : answersSince(input);
}

async function fetchChart(need: ChartNeed, root: string, input: DesiredStateInput, ports: FetchPorts, take: Take): Promise<Mount> {
  const { permitted, fetch } = await settled(need, input, ports);
  const checkout = await take(fetch(copiesSince(input)));
  const fixed = exactVersion(need) !== undefined;
  return mountOf(need, root, checkout, '', (got) => ({ need, got, fixed, ...(permitted === undefined ? {} : { permitted }) }));
}

/** Which version a dependency is now. */
function settled(need: ChartNeed, input: DesiredStateInput, { charts }: FetchPorts): Promise<SettledDependency> {
  return charts.dependency(need, { project: projectOf(input), permits: input.permits, notBefore: answersSince(input) });
}

async function fetchRemote(need: RemoteNeed, root: string, input: DesiredStateInput, ports: FetchPorts, take: Take): Promise<Mount> {
  const remote = allowed(need, input);
  if (remote.kind === 'file') {
    const checkout = await take(ports.downloads.download(remote.url, fileSince(remote.fixed, input)));
    return mountOf(need, root, checkout, DOWNLOADED_NAME, (got) => ({ need, got, fixed: remote.fixed }));
  }
  const { commit, fixed } = await resolved(remote, input, ports);
  if (!fixed && input.settings.remoteBases !== 'any') {
    throw new InvalidInput(
      `${shownRemote(need.text)} follows ${remote.ref || 'the default branch'}: pin it with ?ref= and a tag or commit, or set EVENKEEL_REMOTE_BASES=any`,
    );
  }
  const { repoURL, path, ref } = remote;
  const checkout = await take(asPermitted(repoURL, input, (project) => ports.repositories.checkout({ repoURL }, commit, project)));
  const lent = input.permits(repoURL) ? { permitted: repoURL } : {};
  const follows = (paths: readonly string[] | undefined) => ({
    repoURL: withoutUserinfo(repoURL),
    paths: paths ?? ['/'],
    follows: ref || 'HEAD',
  });
  return mountOf(need, root, checkout, path, (got, reads) => ({
    need,
    got,
    fixed,
    ...lent,
    ...(fixed ? {} : { follows: follows(reads) }),
  }));
}

function mountOf(
  need: Fetched['need'],
  root: string,
  checkout: Checkout,
  path: string,
  fetched: (got: string, reads: readonly string[] | undefined) => Fetched,
): Mount {
  const link = outOfBoundsLink(checkout.files.tree);
  if (link !== undefined) {
    const what = need.kind === 'chart' ? `chart ${need.name}` : shownRemote(need.text);
    throw new InvalidInput(`${what} contains out-of-bounds symlinks. file: ${link}`);
  }
  const got = need.kind === 'chart' ? `${checkout.revision} ${contentOf(checkout)}` : checkout.revision;
  return { root, need, dir: checkout.dir, file: { root, path }, fetched: (reads) => fetched(got, reads) };
}

/** A version can be published anew: what it holds counts. */
function contentOf({ files }: Checkout): string {
  const entries = [...files.tree.entries].map(([path, { kind, hash }]) => `${path} ${kind} ${hash}`);
  return `sha256:${createHash('sha256').update(entries.sort().join('\n')).digest('hex')}`;
}

/** Throws InvalidInput where the installation does not allow such an entry. */
function allowed({ text }: RemoteNeed, { settings }: DesiredStateInput): Remote {
  if (settings.remoteBases === 'refused')
    throw new InvalidInput(`${shownRemote(text)} is not in the repository, and EVENKEEL_REMOTE_BASES=refused: commit what it holds`);
  const remote = parseRemote(text);
  if (remote.kind === 'file' && !remote.fixed && settings.remoteBases !== 'any') {
    throw new InvalidInput(
      `${shownRemote(text)} may change at any time: use a URL with a version or commit in it, or set EVENKEEL_REMOTE_BASES=any`,
    );
  }
  return remote;
}

interface Resolved {
  readonly commit: string;
  readonly fixed: boolean;
}

/** A commit or a tag is fixed, anything else follows a branch. */
function resolved({ repoURL, ref }: Extract<Remote, { kind: 'folder' }>, input: DesiredStateInput, ports: FetchPorts): Promise<Resolved> {
  return asPermitted(repoURL, input, async (project) => {
    const resolve = (targetRevision: string) => ports.repositories.resolveRevision({ repoURL, targetRevision }, input.notBefore, project);
    if (isCommit(ref)) return { commit: ref.toLowerCase(), fixed: true };
    const tag = ref === '' ? undefined : await resolve(`refs/tags/${ref.replace(/^refs\/tags\//, '')}`).catch(absent);
    if (tag !== undefined) return { commit: tag, fixed: true };
    const commit = await resolve(ref);
    return { commit, fixed: isAbbreviated(ref) && commit.startsWith(ref.toLowerCase()) };
  });
}

function absent(error: unknown): undefined {
  if (error instanceof InvalidInput && error.message.endsWith('revision not found')) return undefined;
  throw error;
}

/** What we know of a repository is used only for what the project permits; others are fetched as anybody could, and the message says why. */
async function asPermitted<T>(repoURL: string, input: DesiredStateInput, work: (project: string | undefined) => Promise<T>): Promise<T> {
  if (input.permits(repoURL)) return work(projectOf(input));
  try {
    return await work(undefined);
  } catch (cause) {
    if (!(cause instanceof InvalidInput || cause instanceof NotPermitted)) throw cause;
    const refusal = `repository ${withoutUserinfo(repoURL)} is not permitted in project '${projectOf(input)}', so no credential is lent to it`;
    throw new InvalidInput(`${refusal}: ${cause.message}`, { cause });
  }
}

function projectOf({ application }: DesiredStateInput): string {
  return application.spec.project || 'default';
}
