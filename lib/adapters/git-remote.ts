// git towards a repository's server: by each way there that may help, and once more where a redirect leads that may be followed.
import { InvalidInput, messageOf, Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { type RepositoryUrl, repositoryUrl } from '../model/repository-url.ts';
import type { DialRules } from './dialed-address.ts';
import { prepareAccess } from './git-access.ts';
import { type GitOptions, isSuccess, saidBy, startGit } from './git-command.ts';
import { gitFault } from './git-fault.ts';
import { mayFollow, type Redirect, redirectOf } from './git-redirect.ts';
import { otherRoute, type Route, routesTo } from './git-route.ts';
import { DamagedClone, DiskFull } from './local-fault.ts';

export interface RemoteOptions extends GitOptions {
  readonly dial: DialRules;
}

/** Arguments for git. The URL may be another than the access's own: where that redirects to. */
export type ArgumentsFor = (url: string) => readonly string[];

interface Failed {
  readonly said: string;
  readonly redirect: Redirect | undefined;
}

const MAX_REDIRECTS = 5;
const HOST_KEY = /host key|host identification/i;

/**
 * Runs git and returns what it prints. Throws Unavailable or InvalidInput, by what git and ssh say, with the repository's URL; InvalidInput
 * too for a host, also that of a redirect, which leads to an address that is refused.
 */
export function reachGit(options: RemoteOptions, access: RepositoryAccess, args: ArgumentsFor): Promise<Buffer> {
  return reach(options, access, args, MAX_REDIRECTS);
}

async function reach(options: RemoteOptions, access: RepositoryAccess, args: ArgumentsFor, redirects: number): Promise<Buffer> {
  const at = repositoryUrl(access.url);
  const routes = await routesTo(at, access, options.dial);
  let failed: Failed = { said: '', redirect: undefined };
  for (let route: Route | undefined = routes[0]; route !== undefined; ) {
    const tried = await attempt(options, access, at, route, args);
    if ('output' in tried) return tried.output;
    route = otherRoute(routes, route, tried.said);
    // Of two names that a key is not known for, the first is the server's own.
    if (!HOST_KEY.test(failed.said) || !HOST_KEY.test(tried.said)) failed = tried;
  }
  if (!mayFollow(access, failed.redirect)) throw gitFault({ ...failed, access });
  if (redirects === 0) throw new InvalidInput(`repository ${at.url} redirects too often`);
  const there = { ...access, url: failed.redirect.url };
  return reach(options, there, args, redirects - 1).catch((error: unknown) => {
    throw ledFrom(at, error);
  });
}

async function attempt(
  options: RemoteOptions,
  access: RepositoryAccess,
  at: RepositoryUrl,
  route: Route,
  args: ArgumentsFor,
): Promise<Failed | { readonly output: Buffer }> {
  const prepared = await prepareAccess(options, access, at, route);
  try {
    const result = await startGit(options, { args: args(access.url) }, prepared);
    if (isSuccess(result)) return { output: result.stdout };
    const tunnel = prepared.tunnel?.fault();
    if (tunnel) throw new Unavailable(`repository ${at.url} does not answer: ${tunnel.message}`);
    const said = saidBy(result, options);
    return { said, redirect: /returned error: 30\d/.test(said) ? await redirectOf(options, access.url, prepared) : undefined };
  } finally {
    await prepared.release();
  }
}

function ledFrom({ url }: RepositoryUrl, error: unknown): unknown {
  if (error instanceof DamagedClone || error instanceof DiskFull) return error;
  const message = `repository ${url} redirects: ${messageOf(error)}`;
  if (error instanceof InvalidInput) return new InvalidInput(message);
  return error instanceof Unavailable ? new Unavailable(message) : error;
}
