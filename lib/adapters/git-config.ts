// What git and ssh are told of a repository's access, as the text of files in a folder that nobody else can read: secrets reach neither
// arguments nor environment.
import { join } from 'node:path';
import type { RepositoryAccess } from '../model/repository.ts';
import type { RepositoryUrl } from '../model/repository-url.ts';

/** Where ssh connects instead of where the URL says: an address that was judged, or a port of this machine that leads through a proxy. */
export interface SshWay {
  readonly host: string;
  /** Undefined: the URL's own. */
  readonly port?: number;
  /** The server's name in known_hosts, which stays its own. */
  readonly knownAs: string;
}

/** Files by name. `at` is the access's own URL. */
export function filesOf(access: RepositoryAccess, at: RepositoryUrl, folder: string, way?: SshWay): ReadonlyMap<string, string> {
  const files = new Map([['config', gitConfig(access, at, folder, way)]]);
  const { credential, clientCertificate, ca } = access;
  if (at.protocol === 'ssh') {
    files.set('ssh_config', sshConfig(access, folder, way));
    files.set('known_hosts', access.knownHosts);
    // OpenSSH reads a key only when its last line ends.
    if (credential.kind === 'ssh') files.set('key', `${credential.privateKey.replaceAll('\r', '').trimEnd()}\n`);
    return files;
  }
  if (ca !== undefined) files.set('ca', ca);
  if (clientCertificate) files.set('client-cert', clientCertificate.cert).set('client-key', clientCertificate.key);
  if (asksFirst(access)) files.set('credentials', storedCredential(access, at));
  return files;
}

/** Whether anything of an access has to be told in files at all. */
export function isPlain(access: RepositoryAccess, at: RepositoryUrl): boolean {
  const { credential, clientCertificate, ca, insecure, proxy } = access;
  return at.protocol !== 'ssh' && credential.kind === 'none' && !clientCertificate && ca === undefined && !insecure && proxy === undefined;
}

/** Basic credentials are sent when the server asks for them, unless they are wanted without. */
function asksFirst({ credential, forceBasic }: RepositoryAccess): boolean {
  return credential.kind === 'basic' && !forceBasic;
}

function gitConfig(access: RepositoryAccess, at: RepositoryUrl, folder: string, way: SshWay | undefined): string {
  if (at.protocol === 'ssh') return way?.port ? `[url ${quoted(withoutPort(at.url))}]\n\tinsteadOf = ${quoted(at.url)}\n` : '';
  const { clientCertificate, insecure, proxy } = access;
  const settings: readonly (readonly [boolean, string])[] = [
    [insecure, 'sslVerify = false'],
    [proxy !== undefined, `proxy = ${quoted(proxy ?? '')}`],
    [clientCertificate !== undefined, `sslCert = ${quoted(join(folder, 'client-cert'))}`],
    [clientCertificate !== undefined, `sslKey = ${quoted(join(folder, 'client-key'))}`],
  ];
  const header = authorization(access);
  return [
    '[http]',
    ...settings.filter(([wanted]) => wanted).map(([, line]) => `\t${line}`),
    ...(header === undefined ? [] : [`[http ${quoted(at.url)}]`, `\textraHeader = ${quoted(`Authorization: ${header}`)}`]),
    ...(asksFirst(access) ? ['[credential]', `\thelper = ${quoted(`store --file=${shellQuoted(join(folder, 'credentials'))}`)}`] : []),
    '',
  ].join('\n');
}

/** The header that goes with each request, challenge or not. */
function authorization({ credential, forceBasic }: RepositoryAccess): string | undefined {
  if (credential.kind === 'bearer') return `Bearer ${credential.token}`;
  if (credential.kind !== 'basic' || !forceBasic) return undefined;
  return `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
}

/** For git-credential-store: only the server of this URL is given it. */
function storedCredential({ credential }: RepositoryAccess, at: RepositoryUrl): string {
  if (credential.kind !== 'basic') return '';
  const { protocol, host } = new URL(at.url);
  return `${protocol}//${encodeURIComponent(credential.username)}:${encodeURIComponent(credential.password)}@${host}\n`;
}

/** Everything that a user's or a machine's own settings could decide is decided here; the first value that ssh reads counts. */
function sshConfig(access: RepositoryAccess, folder: string, way: SshWay | undefined): string {
  const { credential, insecure } = access;
  const settings: Readonly<Record<string, string>> = {
    BatchMode: 'yes',
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    IdentityFile: credential.kind === 'ssh' ? `"${join(folder, 'key')}"` : 'none',
    PasswordAuthentication: 'no',
    KbdInteractiveAuthentication: 'no',
    StrictHostKeyChecking: insecure ? 'no' : 'yes',
    UserKnownHostsFile: insecure ? '/dev/null' : `"${join(folder, 'known_hosts')}"`,
    GlobalKnownHostsFile: '/dev/null',
    UpdateHostKeys: 'no',
    CheckHostIP: 'no',
    AddKeysToAgent: 'no',
    ForwardAgent: 'no',
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    ControlMaster: 'no',
    ControlPath: 'none',
    LogLevel: 'ERROR',
    ...(way ? { HostName: way.host, HostKeyAlias: way.knownAs } : {}),
    ...(way?.port ? { Port: String(way.port) } : {}),
  };
  return ['Host *', ...Object.entries(settings).map(([key, value]) => `\t${key} ${value}`), ''].join('\n');
}

/** A server's name in known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export function knownAs({ host, port }: RepositoryUrl): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** A port in the URL would be given to ssh as an argument, which counts more than its configuration. */
function withoutPort(url: string): string {
  return url.replace(/^(ssh:\/\/(?:[^/@]*@)?(?:\[[^\]]+\]|[^/:]+)):\d*/i, '$1');
}

/** A value or subsection of git's configuration (git-config(1), "Syntax"). */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** One word of a shell command, which git runs helpers and ssh with. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
