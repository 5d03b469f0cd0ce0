// What a repository's URL says: which server, by which protocol, as whom. What could be an option, another program or a machine's own
// credentials is refused here, for whoever is about to connect (threats: SSRF, argument injection).
import { InvalidInput } from './errors.ts';
import { withoutUserinfo } from './git-url.ts';
import { refusedHost } from './refused-address.ts';

export interface RepositoryUrl {
  /** As git takes it: without user name and password where they are a credential (http, https). */
  readonly url: string;
  readonly protocol: 'http' | 'https' | 'ssh';
  /** Without brackets and in one spelling: numbers that mean an IPv4 address are written as one. */
  readonly host: string;
  /** The protocol's own where none is written. */
  readonly port: number;
  /** User name and password that are part of an http or https URL. */
  readonly userinfo: { readonly username: string; readonly password: string } | undefined;
}

const PORTS = { http: 80, https: 443, ssh: 22 } as const;
const SCP_FORM = /^([^/:@]+)@(\[[^\]]+\]|[^/:@[\]]+):(.+)$/;
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/;
const SSH_HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)$/;

/** Throws InvalidInput that names the URL, without its password, for another scheme and for what must not be connected to. */
export function repositoryUrl(text: string): RepositoryUrl {
  const read = readUrl(text.trim());
  const shown = withoutUserinfo(text);
  if (read === undefined) throw new InvalidInput(`repository URL ${shown.replace(/^[^/]*@/, '')} is no http, https or ssh URL`);
  if (typeof read === 'string') throw new InvalidInput(`repository URL ${shown} ${read}`);
  refuseHostOf(`repository URL ${shown}`, read.host);
  return read;
}

/** Throws InvalidInput for a host that nobody may connect to, whatever machine this is. Takes the spelling of `RepositoryUrl.host`. */
export function refuseHostOf(named: string, host: string): void {
  const what = refusedHost(host, { loopback: true });
  if (what !== undefined) throw new InvalidInput(`${named} names ${what}, which is refused`);
}

/** A sentence's end for what is refused; undefined for what is no such URL at all. */
function readUrl(text: string): RepositoryUrl | string | undefined {
  const scp = SCP_FORM.exec(text);
  if (scp) return sshUrl(text, scp[1], scp[2] ?? '', '', scp[3] ?? '');
  const ssh = /^ssh:\/\/(?:([^/@]*)@)?(\[[^\]/]+\]|[^/:@]+)(?::(\d*))?(\/.*)$/i.exec(text);
  if (ssh) return sshUrl(text, ssh[1], ssh[2] ?? '', ssh[3] ?? '', ssh[4] ?? '');
  const url = /^https?:\/\//i.test(text) ? URL.parse(text) : null;
  return url ? webUrl(text, url) : undefined;
}

function webUrl(text: string, url: URL): RepositoryUrl | string {
  if (hasDotSegment(text)) return 'has a . or .. in its path: write the path itself';
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  const { username, password } = url;
  const userinfo = username || password ? { username: decoded(username), password: decoded(password) } : undefined;
  const port = Number(url.port) || PORTS[protocol];
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url: url.href, protocol, host: unbracketed(url.hostname), port, userinfo };
}

/** The text itself goes to git, since scp form and URL differ in where a path begins. */
function sshUrl(text: string, user: string | undefined, rawHost: string, port: string, path: string): RepositoryUrl | string {
  if (user?.includes(':')) return 'holds a password, which SSH does not take from a URL: register an sshPrivateKey';
  if (user !== undefined && !SSH_USER.test(user)) return 'has a user name that is no plain word';
  const host = canonicalHost(rawHost);
  if (host === undefined) return 'has a host that is no name or address';
  if (path.startsWith('-') || [...path].some((character) => character < ' ' || character === '\u007f'))
    return 'has a path that cannot be one';
  if (hasDotSegment(path)) return 'has a . or .. in its path: write the path itself';
  return { url: text, protocol: 'ssh', host, port: Number(port) || PORTS.ssh, userinfo: undefined };
}

/** ssh resolves what the C library takes for an address; reading it as http does brings that into one spelling. */
function canonicalHost(host: string): string | undefined {
  const name = SSH_HOST.test(host) ? URL.parse(`http://${host}/`)?.hostname : undefined;
  return name === undefined ? undefined : unbracketed(name);
}

function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** Such a path reads as within a folder, to a project's patterns and to credential templates, while it leads outside. */
function hasDotSegment(text: string): boolean {
  const path = text.replace(/[?#].*$/, '').replace(/^[a-z]+:\/\/[^/\\]*/i, '');
  return path.split(/[/\\]/).some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
