// Which of the credentials that a repository's Secrets hold is used: the first that fits (spec/credentials.md §3.2).
import { InvalidInput } from './errors.ts';
import { bypassesProxy } from './no-proxy.ts';
import type { Credential, RepositoryAccess } from './repository.ts';
import type { FlagKey, TextKey } from './repository-secret.ts';
import { type RepositoryUrl, repositoryUrl } from './repository-url.ts';

/** An app of GitHub's, or of an enterprise's own: it stands for a password until an installation token is asked for. */
export interface GithubApp {
  readonly kind: 'github-app';
  readonly appId: string;
  /** `''`: the installation of the account that owns the repository. */
  readonly installationId: string;
  readonly privateKey: string;
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** The account that the repository's path begins with. */
  readonly owner: string;
  /** The way to the API, by `proxy` and `noProxy` of the repository. */
  readonly proxy: string | undefined;
}

/** What a repository's Secret and its template say together. */
export interface RegisteredKeys {
  readonly text: (key: TextKey) => string;
  /** Flags that templates have too. */
  readonly flag: (key: Exclude<FlagKey, 'insecure' | 'insecureIgnoreHostKey' | 'enableLfs'>) => boolean;
  /** The Secret that a key's text comes from. */
  readonly secretOf: (key: TextKey) => string;
  /** The Secret that the flags come from. */
  readonly flagsFrom: string;
}

const GITHUB_API = 'https://api.github.com';
/** GitHub and most others take any name beside a token, but none of them an empty one. */
const TOKEN_USER = 'x-access-token';
const AZURE_KEYS = ['azureServicePrincipalClientSecret', 'azureServicePrincipalClientId', 'azureServicePrincipalTenantId'] as const;

/**
 * Each for the protocol that carries it: a password is of no use to SSH, nor a private key to https. What a URL itself says counts last.
 * Throws InvalidInput that names Secret and key for a kind of credential that is not supported.
 */
export function chosenCredential(
  type: RepositoryAccess['type'],
  at: RepositoryUrl | undefined,
  keys: RegisteredKeys,
): Credential | GithubApp {
  const { text } = keys;
  if (at?.protocol === 'ssh') return text('sshPrivateKey') === '' ? { kind: 'none' } : { kind: 'ssh', privateKey: text('sshPrivateKey') };
  const chosen = type === 'git' && at ? gitCredential(at, keys) : basicCredential(text('username'), text('password'));
  return chosen ?? (at?.userinfo ? { kind: 'basic', ...at.userinfo } : { kind: 'none' });
}

/** The proxy on the way to a server, unless `noProxy` covers it. */
export function proxyFor({ host, port }: Pick<RepositoryUrl, 'host' | 'port'>, text: RegisteredKeys['text']): string | undefined {
  return text('proxy') === '' || bypassesProxy(text('noProxy'), host, port) ? undefined : text('proxy');
}

function basicCredential(username: string, password: string): Credential | undefined {
  return username === '' && password === '' ? undefined : { kind: 'basic', username, password };
}

/** A user name alone is no credential for git. */
function gitCredential(at: RepositoryUrl, keys: RegisteredKeys): Credential | GithubApp | undefined {
  const { text } = keys;
  if (text('bearerToken') !== '') return { kind: 'bearer', token: text('bearerToken') };
  if (text('password') !== '') return basicCredential(text('username') || TOKEN_USER, text('password'));
  if (text('sshPrivateKey') !== '') return undefined;
  if (text('githubAppPrivateKey') !== '' && Number(text('githubAppID')) > 0) return githubApp(at, text);
  const fault = cloudFault(keys);
  if (fault !== undefined)
    throw new InvalidInput(`${fault} are not supported: use username and password (an access token), or sshPrivateKey`);
  return undefined;
}

function cloudFault({ text, flag, secretOf, flagsFrom }: RegisteredKeys): string | undefined {
  if (text('gcpServiceAccountKey') !== '')
    return `${secretOf('gcpServiceAccountKey')}: gcpServiceAccountKey: keys of Google service accounts`;
  if (flag('useAzureWorkloadIdentity')) return `${flagsFrom}: useAzureWorkloadIdentity: Azure identities`;
  const principal = AZURE_KEYS.every((key) => text(key) !== '');
  return principal ? `${secretOf(AZURE_KEYS[0])}: ${AZURE_KEYS[0]}: Azure service principals` : undefined;
}

function githubApp(at: RepositoryUrl, text: RegisteredKeys['text']): GithubApp {
  const installation = Number(text('githubAppInstallationID'));
  const apiUrl = (text('githubAppEnterpriseBaseUrl') || GITHUB_API).replace(/\/+$/, '');
  return {
    kind: 'github-app',
    appId: String(Number(text('githubAppID'))),
    installationId: installation > 0 ? String(installation) : '',
    privateKey: text('githubAppPrivateKey'),
    apiUrl,
    owner: URL.parse(at.url)?.pathname.split('/')[1] ?? '',
    proxy: proxyFor(repositoryUrl(apiUrl), text),
  };
}
