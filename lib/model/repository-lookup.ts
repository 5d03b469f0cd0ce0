// Which registered repository, credential template and trust apply to a repository that a project's Application names
// (spec/credentials.md §3.1, §3.2, §4, §7). No secret is in any message from here.
import { createHash } from 'node:crypto';
import { InvalidInput } from './errors.ts';
import { normalizeGitUrl, sameGitUrl } from './git-url.ts';
import type { Credential, RepositoryAccess } from './repository.ts';
import { chosenCredential, type GithubApp, proxyFor, type RegisteredKeys } from './repository-credential.ts';
import type { RepositorySecret, TextKey } from './repository-secret.ts';
import { type RepositoryUrl, refuseHostOf, repositoryUrl } from './repository-url.ts';

/** An access whose app, if it is one, has not asked for its token yet. */
export type RegisteredAccess = Omit<RepositoryAccess, 'credential'> & { readonly credential: Credential | GithubApp };

/** What the two ConfigMaps say (§7): known_hosts text, and PEM certificates by host name. */
export interface TrustStores {
  readonly knownHosts: string;
  readonly certificates: Readonly<Record<string, string>>;
}

/** Keys whose absence lets a template speak for the repository. */
const CREDENTIAL_KEYS: readonly TextKey[] = [
  'username',
  'password',
  'bearerToken',
  'sshPrivateKey',
  'tlsClientCertData',
  'githubAppPrivateKey',
  'azureServicePrincipalClientSecret',
];
/** Keys that stay the repository's own. */
const OWN_KEYS: ReadonlySet<string> = new Set(['url', 'name', 'project']);

/**
 * How a project's Application reaches a repository; anonymous where nothing is registered.
 * Throws InvalidInput that names the Secret and the key for a fault of what is used, and the URL for one that is refused.
 */
export function repositoryAccess(
  secrets: readonly RepositorySecret[],
  trust: TrustStores,
  repoURL: string,
  project: string,
): RegisteredAccess {
  const own = registered(secrets, repoURL, project);
  const template = own && hasCredentials(own) ? undefined : templateFor(secrets, repoURL);
  return accessOf(own, template, trust, own?.texts.url ?? repoURL);
}

/** The Helm repository of that name which the project may use; its own before a common one. Throws as `repositoryAccess` does. */
export function namedRepository(
  secrets: readonly RepositorySecret[],
  trust: TrustStores,
  name: string,
  project: string,
): RegisteredAccess | undefined {
  const found = secrets.filter(({ kind, texts }) => kind === 'repository' && texts.name === name && texts.type === 'helm');
  const own = scoped(found, project);
  return own && repositoryAccess(secrets, trust, own.texts.url, project);
}

/** PEM certificates that replace the system's for a host. Throws InvalidInput that names the key for what holds none. */
export function certificatesFor(trust: TrustStores, host: string): string | undefined {
  const text = Object.hasOwn(trust.certificates, host) ? trust.certificates[host] : undefined;
  if (text !== undefined && !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new InvalidInput(`key ${host} of ConfigMap argocd-tls-certs-cm holds no PEM certificate`);
  return text;
}

function registered(secrets: readonly RepositorySecret[], repoURL: string, project: string): RepositorySecret | undefined {
  return scoped(
    secrets.filter(({ kind, texts }) => kind === 'repository' && sameGitUrl(texts.url, repoURL)),
    project,
  );
}

/** The project's own, else one without a project; another project's never. */
function scoped(found: readonly RepositorySecret[], project: string): RepositorySecret | undefined {
  return found.find(({ texts }) => texts.project === project) ?? found.find(({ texts }) => texts.project === '');
}

function hasCredentials({ texts, flags }: RepositorySecret): boolean {
  return flags.useAzureWorkloadIdentity || CREDENTIAL_KEYS.some((key) => texts[key] !== '');
}

/**
 * The longest prefix; the first of equal ones. Beyond Argo CD the server must be the very one: as plain text `https://host` would begin
 * `https://host.elsewhere`, and send it the credential.
 */
function templateFor(secrets: readonly RepositorySecret[], repoURL: string): RepositorySecret | undefined {
  const url = normalizeGitUrl(repoURL);
  const fitting = secrets.filter(({ kind, texts }) => {
    const prefix = kind === 'template' ? normalizeGitUrl(texts.url) : '';
    return prefix !== '' && url.startsWith(prefix) && serverOf(prefix) === serverOf(url);
  });
  return fitting.reduce<RepositorySecret | undefined>(
    (best, next) => (best && prefixLength(best) >= prefixLength(next) ? best : next),
    undefined,
  );
}

function prefixLength({ texts }: RepositorySecret): number {
  return normalizeGitUrl(texts.url).length;
}

/** Scheme, user, host and port of a normalised URL; ssh forms have no scheme any more. */
function serverOf(normalized: string): string {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^/?#\\]*/.exec(normalized)?.[0] ?? '';
}

function accessOf(
  own: RepositorySecret | undefined,
  template: RepositorySecret | undefined,
  trust: TrustStores,
  address: string,
): RegisteredAccess {
  const used = [own, template].filter((secret) => secret !== undefined);
  refuseFaults(used);
  const keys = mergedKeys(own, template);
  const { text, flag } = keys;
  const at = isRegistryAddress(address) ? undefined : repositoryUrl(address);
  const host = at?.host ?? registryHost(address);
  const type = typeOf(text('type'), address);
  const cert = text('tlsClientCertData');
  return {
    url: at?.url ?? address,
    type,
    name: text('name'),
    credential: chosenCredential(type, at, keys),
    clientCertificate: cert === '' || at?.protocol === 'ssh' ? undefined : { cert, key: text('tlsClientCertKey') },
    ca: certificatesFor(trust, host),
    knownHosts: trust.knownHosts,
    insecure: own !== undefined && (own.flags.insecure || own.flags.insecureIgnoreHostKey),
    forceBasic: flag('forceHttpBasicAuth'),
    proxy: proxyFor({ host, port: at?.port ?? 443 }, text),
    enableOCI: flag('enableOCI'),
    plainHttp: flag('insecureOCIForceHttp'),
    identity: identityOf(used, at),
  };
}

/** The copy rules of §4: texts only where the repository has none, four flags always. */
function mergedKeys(own: RepositorySecret | undefined, template: RepositorySecret | undefined): RegisteredKeys {
  const holder = (key: TextKey) => (own?.texts[key] || OWN_KEYS.has(key) ? own : template);
  return {
    text: (key) => holder(key)?.texts[key] ?? '',
    flag: (key) => (template ?? own)?.flags[key] ?? false,
    secretOf: (key) => holder(key)?.secret ?? own?.secret ?? '',
    flagsFrom: (template ?? own)?.secret ?? '',
  };
}

function typeOf(text: string, address: string): RepositoryAccess['type'] {
  if (text === 'helm' || text === 'oci') return text;
  return text === '' && /^oci:\/\//i.test(address) ? 'oci' : 'git';
}

/** `oci://host/path`, or the form without a scheme that Helm charts in a registry have. */
function isRegistryAddress(address: string): boolean {
  return /^(?:oci:\/\/)?[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[\w./-]*)?$/i.test(address.trim());
}

function registryHost(address: string): string {
  const host = URL.parse(`https://${address.trim().replace(/^oci:\/\//i, '')}`)?.hostname ?? '';
  refuseHostOf(`repository ${address}`, host.replace(/^\[(.*)\]$/, '$1'));
  return host;
}

function refuseFaults(used: readonly RepositorySecret[]): void {
  for (const { secret, faults, flags } of used) {
    if (faults.length > 0) throw new InvalidInput(`${secret}: ${faults.join('; ')}`);
    if (flags.enableLfs)
      throw new InvalidInput(
        `${secret}: enableLfs is not supported, since git LFS files are not fetched: take it out if no manifest is in LFS`,
      );
  }
}

/** Made of the Secrets' versions, not of what is in them, so that no guess can be checked against it. */
function identityOf(used: readonly RepositorySecret[], at: RepositoryUrl | undefined): string {
  if (used.length === 0 && !at?.userinfo) return 'anonymous';
  const facts = [used.map(({ secret, version }) => [secret, version]), at?.userinfo];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
