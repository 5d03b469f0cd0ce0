// Credentials from Secrets that a test holds as data, by the same rules as those of a cluster.
import type { RepositoryAccess } from '../../lib/model/repository.ts';
import { namedRepository, repositoryAccess, type TrustStores } from '../../lib/model/repository-lookup.ts';
import { readRepositorySecret } from '../../lib/model/repository-secret.ts';
import type { Credentials } from '../../lib/ports.ts';

/** `stringData` of a Secret, with `repo-creds` for a template. */
export interface SecretText {
  readonly type?: 'repository' | 'repo-creds';
  readonly data: Readonly<Record<string, string>>;
}

export interface HeldCredentials extends Credentials {
  /** May be changed at any time; counts at once. */
  secrets: readonly SecretText[];
  trust: Partial<TrustStores>;
}

/** GitHub Apps are not asked for tokens: a test with one uses a control cluster. */
export function heldCredentials(secrets: readonly SecretText[] = [], trust: Partial<TrustStores> = {}): HeldCredentials {
  const held: HeldCredentials = {
    secrets,
    trust,
    access: async (repoURL, project) => {
      const read = project === undefined ? [] : held.secrets.map(objectOf).map(readRepositorySecret);
      const known = read.filter((secret) => secret !== undefined);
      const access = repositoryAccess(known, { knownHosts: '', certificates: {}, ...held.trust }, repoURL, project ?? '');
      if (access.credential.kind === 'github-app') throw new Error('no cluster, no GitHub');
      return access as RepositoryAccess; // it has just been said which credential it is not
    },
    named: async (name, project) => {
      const known = held.secrets
        .map(objectOf)
        .map(readRepositorySecret)
        .filter((secret) => secret !== undefined);
      const access = namedRepository(known, { knownHosts: '', certificates: {}, ...held.trust }, name, project ?? '');
      return access as RepositoryAccess | undefined; // no GitHub App serves charts
    },
  };
  return held;
}

function objectOf({ type = 'repository', data }: SecretText, index: number) {
  const labels = { 'argocd.argoproj.io/secret-type': type };
  const encoded = Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  const name = `${index}-${JSON.stringify(data).length}`;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'argocd', name, uid: name, resourceVersion: '1', labels },
    data: encoded,
  };
}
