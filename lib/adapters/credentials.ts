// The Credentials port over the control cluster: repository Secrets, credential templates and the two trust stores (spec/credentials.md).
import { NotPermitted } from '../model/errors.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { certificatesFor, namedRepository, type RegisteredAccess, repositoryAccess, type TrustStores } from '../model/repository-lookup.ts';
import { REPOSITORY_SECRETS, type RepositorySecret, readRepositorySecret } from '../model/repository-secret.ts';
import { repositoryUrl } from '../model/repository-url.ts';
import type { Clock, Cluster, Credentials } from '../ports.ts';
import type { GithubTokens } from './github-app.ts';
import { STOCK_KNOWN_HOSTS } from './known-hosts.ts';
import { remembered } from './remembered.ts';

export interface CredentialsSettings {
  /** The control cluster, by an identity that may list Secrets and read ConfigMaps of the namespace. */
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly clock: Clock;
}

/** One request a container in this time, however many Applications there are; a changed Secret counts within it. */
const LIFE_MS = 30_000;
/** Nor is more than one request made in this time for repositories that refuse. */
const REFUSED_LIFE_MS = 1_000;
const SSH_FORM = /^(?:ssh:\/\/|[^/:]*@)/i;
const NO_TRUST: TrustStores = { knownHosts: '', certificates: {} };

interface Stores {
  readonly secrets: (maxAgeMs?: number) => Promise<readonly RepositorySecret[]>;
  readonly knownHosts: (maxAgeMs?: number) => Promise<string>;
  readonly certificates: (maxAgeMs?: number) => Promise<Readonly<Record<string, string>>>;
}

/** A trust store is read only for what needs it: known hosts for SSH, certificates for TLS. */
export function createCredentials(settings: CredentialsSettings): Credentials {
  const stores = storesOf(settings);
  const tokens = lazyTokens(settings.clock);

  async function completed(access: RegisteredAccess, rejected: RepositoryAccess | undefined): Promise<RepositoryAccess> {
    const { credential } = access;
    if (credential.kind !== 'github-app') return { ...access, credential };
    const host = repositoryUrl(credential.apiUrl).host;
    const trust = { ...NO_TRUST, certificates: await stores.certificates() };
    const sameHost = host === repositoryUrl(access.url).host;
    const refused = rejected?.credential.kind === 'basic' ? rejected.credential.password : undefined;
    const password = await (await tokens()).token(credential, {
      ca: certificatesFor(trust, host),
      insecure: access.insecure,
      // A client certificate, like all else that proves who asks, is for the repository's server alone.
      clientCertificate: sameHost ? access.clientCertificate : undefined,
      refused,
    });
    return { ...access, credential: { kind: 'basic', username: 'x-access-token', password } };
  }

  return {
    access: async (repoURL, project, rejected) => {
      const maxAge = rejected === undefined ? LIFE_MS : REFUSED_LIFE_MS;
      const known = project === undefined ? Promise.resolve([]) : stores.secrets(maxAge);
      const [secrets, trust] = await Promise.all([known, trustFor(repoURL, stores, maxAge)]);
      return completed(repositoryAccess(secrets, trust, repoURL, project ?? ''), rejected);
    },
    named: async (name, project) => {
      if (project === undefined) return undefined;
      const [secrets, certificates] = await Promise.all([stores.secrets(), stores.certificates()]);
      const access = namedRepository(secrets, { ...NO_TRUST, certificates }, name, project);
      return access && completed(access, undefined);
    },
  };
}

/** For whoever may not read the Secrets: every repository without a name, by the system's certificates and the stock known hosts. */
export function anonymousCredentials(): Credentials {
  return {
    access: async (repoURL, project) => {
      const access = repositoryAccess([], { ...NO_TRUST, knownHosts: STOCK_KNOWN_HOSTS }, repoURL, project ?? '');
      return { ...access, credential: access.credential.kind === 'github-app' ? { kind: 'none' } : access.credential };
    },
    named: async () => undefined,
  };
}

/** For people who may not read Secrets of the control namespace, and who still want to see what a public repository would change. */
export function orAnonymous(credentials: Credentials): Credentials {
  const anonymous = anonymousCredentials();
  const forbidden = async <T>(error: unknown, otherwise: () => Promise<T>) => {
    if (error instanceof NotPermitted) return otherwise();
    throw error;
  };
  return {
    access: (...asked) => credentials.access(...asked).catch((error: unknown) => forbidden(error, () => anonymous.access(...asked))),
    named: (...asked) => credentials.named(...asked).catch((error: unknown) => forbidden(error, () => anonymous.named(...asked))),
  };
}

function storesOf({ cluster, namespace, clock }: CredentialsSettings): Stores {
  const configMap = async (name: string) => dataOf(await cluster.get({ group: '', version: 'v1', kind: 'ConfigMap', namespace, name }));
  return {
    secrets: remembered(clock, LIFE_MS, async () => {
      const { items } = await cluster.list({ group: '', version: 'v1', kind: 'Secret' }, { namespace, labelSelector: REPOSITORY_SECRETS });
      return items.map(readRepositorySecret).filter((secret) => secret !== undefined);
    }),
    knownHosts: remembered(clock, LIFE_MS, async () => {
      const data = await configMap('argocd-ssh-known-hosts-cm');
      return data === undefined ? STOCK_KNOWN_HOSTS : (data['ssh_known_hosts'] ?? '');
    }),
    certificates: remembered(clock, LIFE_MS, async () => (await configMap('argocd-tls-certs-cm')) ?? {}),
  };
}

async function trustFor(repoURL: string, stores: Stores, maxAge: number): Promise<TrustStores> {
  if (SSH_FORM.test(repoURL.trim())) return { ...NO_TRUST, knownHosts: await stores.knownHosts(maxAge) };
  if (/^\s*http:/i.test(repoURL)) return NO_TRUST;
  return { ...NO_TRUST, certificates: await stores.certificates(maxAge) };
}

function dataOf(configMap: LiveObject | undefined): Readonly<Record<string, string>> | undefined {
  if (configMap === undefined) return undefined;
  const data = isRecord(configMap['data']) ? configMap['data'] : {};
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Loaded with the first app: most control clusters have none. */
function lazyTokens(clock: Clock): () => Promise<GithubTokens> {
  return remembered(clock, Number.POSITIVE_INFINITY, async () => (await import('./github-app.ts')).createGithubTokens(clock));
}
