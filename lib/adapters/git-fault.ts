// What git and ssh say when they fail, as an error that names the repository, the cause and the way out, and no secret.
import { InvalidInput, Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { type RepositoryUrl, repositoryUrl } from '../model/repository-url.ts';
import { knownAs } from './git-config.ts';
import { provesWhoAsks, type Redirect } from './git-redirect.ts';
import { localFault } from './local-fault.ts';

export interface Failure {
  /** What was printed to standard error, or why there is none. */
  readonly said: string;
  readonly access: RepositoryAccess;
  /** Where a redirect leads that was not followed. */
  readonly redirect: Redirect | undefined;
}

interface Rule {
  readonly says: RegExp;
  readonly means: (at: RepositoryUrl, failure: Failure) => string;
}

const TRUSTED_HOSTS = 'ConfigMap argocd-ssh-known-hosts-cm';

/** The first that fits. What none of them knows may pass by itself. */
const RULES: readonly Rule[] = [
  { says: /not our ref|couldn't find remote ref|unadvertised object|no such remote ref/i, means: () => 'no such revision' },
  { says: /returned error: 30[12378]\b/, means: movedTo },
  { says: /host identification has changed|host key for \S+ has changed/i, means: changedHostKey },
  { says: /no \S+ host key is known for|host key verification failed/i, means: unknownHostKey },
  {
    says: /load key .*: (?:invalid format|error in libcrypto|incorrect passphrase|unsupported)/i,
    means: () => 'ssh cannot read its sshPrivateKey: it must be a whole private key, from BEGIN to END',
  },
  {
    says: /could not load PEM client certificate|unable to set private key|error reading X\.?509|Unable to load client (?:cert|key)/i,
    means: () => 'its tlsClientCertData or tlsClientCertKey cannot be read: both must be PEM, and belong together',
  },
  {
    says: /error (?:setting|adding|reading) (?:certificate|trust|ca cert)/i,
    means: ({ host }) => `key ${host} of ConfigMap argocd-tls-certs-cm holds no PEM certificate`,
  },
  {
    says: /certificate verification failed|SSL certificate problem|self.signed certificate|certificate subject name|no alternative certificate/i,
    means: untrusted,
  },
  {
    says: /certificate required|alert (?:bad|unknown) ?.*certificate|fatal alert|alert handshake failure/i,
    means: () =>
      'the server ended the TLS handshake: it may want a client certificate (tlsClientCertData, tlsClientCertKey) or another one',
  },
  {
    says: /(?:HTTP code|response|returned error:) 407\b/i,
    means: () => 'its proxy refuses the user name or password that the proxy URL holds, or wants them',
  },
  { says: /(?:HTTP code|response) 4\d\d(?: from proxy)?/i, means: () => 'its proxy does not let this through' },
  {
    says: /authentication failed|could not read (?:username|password)|returned error: 40[13]|access denied|permission denied/i,
    means: refused,
  },
  {
    says: /returned error: 404|repository '.*' not found|repository not found|could not be found|does not appear to be a git repository|unable to update url base from redirection/i,
    means: () => 'not found',
  },
];

/** InvalidInput for what somebody has to put right, DamagedClone and DiskFull for what is wrong here, Unavailable for the rest. */
export function gitFault(failure: Failure): Error {
  const at = repositoryUrl(failure.access.url);
  const rule = RULES.find(({ says }) => says.test(failure.said));
  const where = `repository ${at.url}`;
  const why = withoutSecrets(lineOf(failure.said), failure.access);
  const local = localFault(failure.said, where, why);
  if (local) return local;
  if (rule === undefined) return new Unavailable(`${where} does not answer: ${why}`);
  return new InvalidInput(`${where}: ${rule.means(at, failure)}: ${why}`);
}

/** The most telling line. What every failure of ssh ends with tells nothing. */
function lineOf(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) => /\w/.test(line) && !/^fatal: Could not read from remote|^Please make sure you have|^and the repository exists/.test(line),
    );
  const line = lines.findLast((text) => /^(?:fatal|error):/i.test(text)) ?? lines.at(-1) ?? said;
  return line.replace(/^(?:fatal|error): /i, '').slice(0, 500);
}

/** A server may say back what it was sent; what we hold is recognised, whatever form a URL gives it. */
function withoutSecrets(text: string, { credential, clientCertificate, proxy }: RepositoryAccess): string {
  const inProxy = proxy === undefined ? undefined : URL.parse(proxy)?.password;
  const secrets = [
    ...(credential.kind === 'basic' ? [credential.password, basic(credential)] : []),
    ...(credential.kind === 'bearer' ? [credential.token] : []),
    ...(credential.kind === 'ssh' ? [credential.privateKey] : []),
    ...(clientCertificate ? [clientCertificate.key] : []),
    ...(inProxy ? [inProxy, decodeURIComponent(inProxy)] : []),
  ].filter((secret) => secret !== '');
  const hidden = secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  return hidden.replace(/\/\/[^/@\s]*@/g, '//').replace(/\S*evenkeel-git-[^/\s'"]*/g, '…');
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function movedTo(_: RepositoryUrl, { access, redirect }: Failure): string {
  const unfollowed = provesWhoAsks(access) ? 'which is not followed with credentials' : 'which is not followed';
  if (redirect === undefined) return `it redirects elsewhere, ${unfollowed}: write the address that it leads to as repoURL`;
  if (!redirect.isRepository) return `it redirects to ${redirect.url}, which is no repository: correct repoURL`;
  return `it redirects to ${redirect.url}, ${unfollowed}: write that as repoURL, and register it`;
}

function refused({ protocol }: RepositoryUrl, { access }: Failure): string {
  if (provesWhoAsks(access)) return 'access refused';
  const what = protocol === 'ssh' ? 'sshPrivateKey' : 'username and password';
  return `access refused, and no credential is registered for it in this project: add a Secret with its url, ${what} and the label argocd.argoproj.io/secret-type: repository`;
}

function untrusted({ host }: RepositoryUrl): string {
  return `its certificate is not trusted: put the PEM certificate of the authority that issued it under key ${host} of ConfigMap argocd-tls-certs-cm`;
}

function keyscan({ host, port }: RepositoryUrl): string {
  return port === 22 ? `ssh-keyscan ${host}` : `ssh-keyscan -p ${port} ${host}`;
}

function unknownHostKey(at: RepositoryUrl): string {
  return `the SSH host key of ${knownAs(at)} is not known: add a line that \`${keyscan(at)}\` prints to ssh_known_hosts of ${TRUSTED_HOSTS}, once its owner has confirmed the key`;
}

function changedHostKey(at: RepositoryUrl): string {
  return `the SSH host key of ${knownAs(at)} is another than ${TRUSTED_HOSTS} says: if its owner confirms the new key, replace the lines of ${knownAs(at)} in ssh_known_hosts there by what \`${keyscan(at)}\` prints`;
}
