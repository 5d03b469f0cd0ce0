// Secrets that describe repositories and credential templates, as data (spec/credentials.md §3, §4). A bad value is a fault of that Secret
// alone: it is kept beside what could be read, and stands in the way only of who uses it.
import { parseBool } from './bool.ts';
import { isRecord, type LiveObject } from './manifest.ts';

/** The label of the Secrets, and its two values that are read here. */
export const SECRET_TYPE = 'argocd.argoproj.io/secret-type';
export const REPOSITORY_SECRETS = `${SECRET_TYPE} in (repository,repo-creds)`;

export interface RepositorySecret {
  readonly kind: 'repository' | 'template';
  /** How messages name it, and which state of it this is. */
  readonly secret: string;
  readonly version: string;
  readonly texts: Readonly<Record<TextKey, string>>;
  readonly flags: Readonly<Record<FlagKey, boolean>>;
  /** One clause each, beginning with the key; none holds a value. */
  readonly faults: readonly string[];
}

const TEXT_KEYS = [
  'url',
  'type',
  'name',
  'project',
  'username',
  'password',
  'bearerToken',
  'sshPrivateKey',
  'tlsClientCertData',
  'tlsClientCertKey',
  'githubAppID',
  'githubAppInstallationID',
  'githubAppPrivateKey',
  'githubAppEnterpriseBaseUrl',
  'gcpServiceAccountKey',
  'azureServicePrincipalClientId',
  'azureServicePrincipalClientSecret',
  'azureServicePrincipalTenantId',
  'proxy',
  'noProxy',
] as const;
export type TextKey = (typeof TEXT_KEYS)[number];

const FLAG_KEYS = [
  'insecure',
  'insecureIgnoreHostKey',
  'insecureOCIForceHttp',
  'enableLfs',
  'enableOCI',
  'useAzureWorkloadIdentity',
  'forceHttpBasicAuth',
] as const;
export type FlagKey = (typeof FLAG_KEYS)[number];

/** Keys that a template does not have; they are not read there, not even for faults. */
const REPOSITORY_ONLY: ReadonlySet<string> = new Set(['name', 'project', 'insecure', 'insecureIgnoreHostKey', 'enableLfs', 'depth']);
const TEMPLATE_SPELLINGS: Readonly<Partial<Record<TextKey, string>>> = {
  azureServicePrincipalClientId: 'azureServicePrincipalClientID',
  azureServicePrincipalTenantId: 'azureServicePrincipalTenantID',
};
const WHOLE_NUMBERS = ['githubAppID', 'githubAppInstallationID', 'depth'] as const;
const TYPES: ReadonlySet<string> = new Set(['', 'git', 'helm', 'oci']);
const PEM = /-----BEGIN [A-Z0-9 ]+-----/;

/** A Secret as its label says; undefined for one with another label, or without a URL, which no repository can be told from. */
export function readRepositorySecret(object: LiveObject): RepositorySecret | undefined {
  const label = object.metadata.labels?.[SECRET_TYPE];
  if (label !== 'repository' && label !== 'repo-creds') return undefined;
  const kind = label === 'repository' ? 'repository' : 'template';
  const text = reader(object, kind);
  const texts = Object.fromEntries(TEXT_KEYS.map((key) => [key, text(key)])) as Record<TextKey, string>; // one entry a key
  if (texts.url.trim() === '') return undefined;
  const flags = Object.fromEntries(FLAG_KEYS.map((key) => [key, parseBool(text(key)) ?? false])) as Record<FlagKey, boolean>; // likewise
  const { namespace, name, uid, resourceVersion } = object.metadata;
  return {
    kind,
    secret: `Secret ${namespace}/${name}`,
    version: `${uid}/${resourceVersion}`,
    texts,
    flags,
    faults: [...textFaults(texts), ...FLAG_KEYS.flatMap((key) => flagFault(key, text(key))), ...numberFaults(text)],
  };
}

function reader(object: LiveObject, kind: RepositorySecret['kind']): (key: string) => string {
  const data = isRecord(object['data']) ? object['data'] : {};
  return (key) => {
    if (kind === 'template' && REPOSITORY_ONLY.has(key)) return '';
    const spelt = kind === 'template' && key in TEMPLATE_SPELLINGS ? TEMPLATE_SPELLINGS[key as TextKey] : key; // `in` has just said so
    const value = data[spelt ?? key];
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
  };
}

function flagFault(key: string, text: string): readonly string[] {
  return text === '' || parseBool(text) !== undefined ? [] : [`${key} is neither true nor false`];
}

function numberFaults(text: (key: string) => string): readonly string[] {
  return WHOLE_NUMBERS.filter((key) => !/^[+-]?\d*$/.test(text(key))).map((key) => `${key} is no whole number`);
}

function textFaults(texts: Readonly<Record<TextKey, string>>): readonly string[] {
  const faults: readonly (readonly [boolean, string])[] = [
    [!TYPES.has(texts.type), 'type is none of git, helm and oci'],
    [/[^\x21-\x7e]/.test(texts.bearerToken), 'bearerToken holds characters that no header may carry, such as a line break at its end'],
    [/[\0\r\n]/.test(texts.username), 'username holds a line break'],
    [/[\0\r\n]/.test(texts.password), 'password holds a line break, perhaps at its end'],
    [texts.sshPrivateKey !== '' && !PEM.test(texts.sshPrivateKey), 'sshPrivateKey is no PEM text'],
    [isLocked(texts.sshPrivateKey), 'sshPrivateKey is locked by a passphrase: make one without'],
    [texts.githubAppPrivateKey !== '' && !PEM.test(texts.githubAppPrivateKey), 'githubAppPrivateKey is no PEM text'],
    [texts.tlsClientCertData !== '' && !PEM.test(texts.tlsClientCertData), 'tlsClientCertData is no PEM text'],
    [texts.tlsClientCertKey !== '' && !PEM.test(texts.tlsClientCertKey), 'tlsClientCertKey is no PEM text'],
    [(texts.tlsClientCertData === '') !== (texts.tlsClientCertKey === ''), 'tlsClientCertData and tlsClientCertKey need each other'],
    [
      texts.githubAppEnterpriseBaseUrl !== '' && !isWebUrl(texts.githubAppEnterpriseBaseUrl),
      'githubAppEnterpriseBaseUrl is no http or https URL',
    ],
    [texts.proxy !== '' && !isProxyUrl(texts.proxy), 'proxy is no http, https or socks5 URL'],
  ];
  return faults.filter(([wrong]) => wrong).map(([, fault]) => fault);
}

/** Of a PEM key whose header says so, and of OpenSSH's own form, which names its cipher (PROTOCOL.key of OpenSSH). */
function isLocked(key: string): boolean {
  if (/\bENCRYPTED\b/.test(key)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)/.exec(key)?.[1] ?? '';
  return /^openssh-key-v1\0\0\0\0.(?!none)/s.test(Buffer.from(body, 'base64').toString('latin1'));
}

function isWebUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

function isProxyUrl(text: string): boolean {
  return /^(?:https?|socks5h?):\/\//i.test(text) && Boolean(URL.parse(text)?.hostname) && !/[\s"\\]/.test(text);
}
