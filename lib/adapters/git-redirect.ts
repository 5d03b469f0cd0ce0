// Where a repository's server says that the repository has gone. git is not let follow: whom it leads to is judged first.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RepositoryAccess } from '../model/repository.ts';
import { type GitOptions, type GitSurroundings, startGit } from './git-command.ts';

export interface Redirect {
  /** The repository there, without user name and password; any page's URL if it leads to no repository. */
  readonly url: string;
  readonly isRepository: boolean;
}

/** Whether somebody may be sent on: with what proves who asks only to the very same server. */
export function mayFollow(access: RepositoryAccess, redirect: Redirect | undefined): redirect is Redirect {
  if (!redirect?.isRepository) return false;
  return !provesWhoAsks(access) || new URL(access.url).origin === new URL(redirect.url).origin;
}

/** Whether anything goes with a request that another server must not have. */
export function provesWhoAsks({ credential, clientCertificate }: RepositoryAccess): boolean {
  return credential.kind !== 'none' || clientCertificate !== undefined;
}

/** git does not say where a redirect that it refuses leads, except in a trace of its headers, where it hides credentials by itself. */
export async function redirectOf(options: GitOptions, url: string, surroundings: GitSurroundings): Promise<Redirect | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-git-'));
  try {
    const trace = join(folder, 'trace');
    const environment = { ...surroundings.environment, GIT_TRACE_CURL: trace, GIT_TRACE_CURL_NO_DATA: '1' };
    await startGit(options, { args: ['ls-remote', '--quiet', '--', url] }, { ...surroundings, environment });
    const text = await readFile(trace, 'utf8').catch(() => '');
    return redirectIn(text, url);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function redirectIn(trace: string, from: string): Redirect | undefined {
  const location = [...trace.matchAll(/<= Recv header: location:\s*(\S+)/gi)].at(-1)?.[1];
  const url = location === undefined ? null : URL.parse(location, `${from}/info/refs`);
  if (!url) return undefined;
  const isRepository = /^https?:$/.test(url.protocol) && url.pathname.endsWith('/info/refs');
  return { url: `${url.protocol}//${url.host}${url.pathname.replace(/\/info\/refs$/, '')}`, isRepository };
}
