// Which addresses a repository's server has, judged before git or ssh runs and pinned for it: a name that is resolved again between the
// look and the connection changes nothing.
import { InvalidInput, messageOf, Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import type { RepositoryUrl } from '../model/repository-url.ts';
import { type DialRules, judgedAddresses } from './dialed-address.ts';
import type { Setting } from './git-command.ts';
import { knownAs, type SshWay } from './git-config.ts';

/** One way to a repository; ssh takes one address at a time, where git's http takes all. */
export interface Route {
  readonly settings: readonly Setting[];
  /** Undefined: as the URL says. */
  readonly ssh: SshWay | undefined;
}

/** At the start of a line: what a server says stands behind who said it. */
const UNKNOWN_KEY = /^no \S+ host key is known for /im;
const UNREACHABLE = /^ssh: connect to host /im;

/**
 * The ways to a repository, the first of which to try first. Behind a proxy, which resolves names itself, a name that nobody knows here
 * has a way too, and ssh one without a pin. Throws InvalidInput for what leads to a refused address, Unavailable for a host without any.
 */
export async function routesTo(at: RepositoryUrl, { proxy }: RepositoryAccess, dial: DialRules): Promise<readonly [Route, ...Route[]]> {
  const addresses = await addressesOf(at, dial, proxy !== undefined);
  if (at.protocol !== 'ssh') return [{ settings: pins(at, addresses), ssh: undefined }];
  const [first, ...more] = proxy === undefined ? addresses.flatMap((host) => sshRoutes(at, host)) : [];
  return first ? [first, ...more] : [{ settings: [], ssh: undefined }];
}

/** What may work when a way did not, by what ssh said: the same address under the host's plain name, or the next address. */
export function otherRoute(routes: readonly Route[], { ssh }: Route, said: string): Route | undefined {
  const later = ssh === undefined ? [] : routes.slice(routes.findIndex((route) => route.ssh === ssh) + 1);
  if (UNKNOWN_KEY.test(said)) return later.find((route) => route.ssh?.host === ssh?.host);
  return UNREACHABLE.test(said) ? later.find((route) => route.ssh?.host !== ssh?.host) : undefined;
}

async function addressesOf(at: RepositoryUrl, dial: DialRules, proxied: boolean): Promise<readonly string[]> {
  try {
    return await judgedAddresses(at.host, dial);
  } catch (error) {
    if (error instanceof InvalidInput) throw new InvalidInput(`repository ${at.url}: ${error.message}`);
    if (proxied) return [];
    throw new Unavailable(`repository ${at.url} does not answer: ${at.host} is not resolved: ${messageOf(error)}`);
  }
}

/** In curl's form (CURLOPT_RESOLVE). Whether a dot at the end belongs to a name there depends on curl's version. */
function pins({ host, port }: RepositoryUrl, addresses: readonly string[]): readonly Setting[] {
  const listed = addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  const names = new Set([host, host.replace(/\.$/, '')]);
  return listed === '' ? [] : [...names].map((name) => ['http.curloptResolve', `${name}:${port}:${listed}`] as const);
}

/** A port that is not ssh's own belongs to a server's name in known_hosts; if it is not there, ssh asks for the plain name (ssh(1)). */
function sshRoutes(at: RepositoryUrl, host: string): readonly Route[] {
  return [...new Set([knownAs(at), at.host])].map((name) => ({ settings: [], ssh: { host, knownAs: name } }));
}
