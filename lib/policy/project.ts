// May this Application use that repository, destination and kind? Each rule answers from the AppProject alone (spec/project.md §2).
import type { ResolvedDestination, ServiceAccountRef } from '../model/destination.ts';
import { normalizeGitUrl } from '../model/git-url.ts';
import { globMatches } from '../model/glob.ts';
import type { ResourceKey } from '../model/manifest.ts';
import { pathGlobMatches } from '../model/path-glob.ts';
import type { AppProject, DestinationServiceAccount, GroupKind, ProjectDestination } from '../model/project.ts';

const WITHOUT_SIGNATURES = 'remove it, and require signed commits where the repository is hosted';
const WITHOUT_SCOPES = 'remove it, and name the clusters in spec.destinations';

/**
 * What the project asks for and nobody here watches over yet (§2, §8), each with the way out. A protection that is not there must not
 * look as if it were.
 */
export function unsupportedGuardrails({ metadata, spec }: AppProject): readonly string[] {
  const guardrails: readonly (readonly [field: string, asked: boolean, wayOut: string])[] = [
    ['signatureKeys', (spec.signatureKeys ?? []).length > 0, WITHOUT_SIGNATURES],
    ['sourceIntegrity', (spec.sourceIntegrity?.git?.policies ?? []).length > 0, WITHOUT_SIGNATURES],
    ['permitOnlyProjectScopedClusters', spec.permitOnlyProjectScopedClusters === true, WITHOUT_SCOPES],
  ];
  return guardrails
    .filter(([, asked]) => asked)
    .map(([field, , wayOut]) => `project '${metadata.name}': spec.${field} is not supported yet: ${wayOut}`);
}

/** Whether the project's `sourceRepos` permit a repository; a negated entry that hits refuses at once (§2.1). */
export function permitsSource(project: AppProject, repoURL: string): boolean {
  const url = normalizeGitUrl(repoURL);
  let permitted = false;
  for (const entry of project.spec.sourceRepos ?? []) {
    const negated = entry.startsWith('!');
    const pattern = negated ? entry.slice(1) : entry;
    const hit = pattern === '*' || globMatches(normalizeGitUrl(pattern), url, '/');
    if (negated && hit) return false;
    if (negated !== hit) permitted = true;
  }
  return permitted;
}

/** Whether the project's `destinations` permit a cluster and namespace; order and negation as in §2.2. */
export function permitsDestination(project: AppProject, destination: ResolvedDestination): boolean {
  let permitted = false;
  for (const item of project.spec.destinations ?? []) {
    const hits = destinationHits(item, destination);
    if ((hits.server || hits.name) && hits.namespace) permitted = true;
    else if (refusesAtOnce(item, hits)) return false;
  }
  return permitted;
}

interface DestinationHits {
  readonly name: boolean;
  readonly server: boolean;
  readonly namespace: boolean;
}

function destinationHits(item: ProjectDestination, destination: ResolvedDestination): DestinationHits {
  return {
    name: destination.clusterName !== '' && negatableGlob(item.name, destination.clusterName),
    server: negatableGlob(item.server, destination.server),
    namespace: negatableGlob(item.namespace, destination.namespace),
  };
}

function refusesAtOnce(item: ProjectDestination, hits: DestinationHits): boolean {
  if (item.name?.startsWith('!') && !hits.name) return true;
  if (item.server?.startsWith('!') && !hits.server && hits.namespace) return true;
  return item.namespace?.startsWith('!') === true && !hits.namespace && hits.server;
}

/** A negated pattern that does not hit counts as a match. */
function negatableGlob(pattern: string | undefined, value: string): boolean {
  if (pattern?.startsWith('!')) return !globMatches(pattern.slice(1), value);
  return pattern === '*' || globMatches(pattern ?? '', value);
}

/** Whether the project permits objects of a kind (§2.4); an absent namespaced whitelist permits all, an empty one none. */
export function permitsKind(project: AppProject, key: ResourceKey, namespaced: boolean): boolean {
  const { spec } = project;
  if (!namespaced) return lists(spec.clusterResourceWhitelist, key) && !lists(spec.clusterResourceBlacklist, key);
  const white = spec.namespaceResourceWhitelist;
  return (white === undefined || white === null || lists(white, key)) && !lists(spec.namespaceResourceBlacklist, key);
}

function lists(items: readonly GroupKind[] | undefined, key: ResourceKey): boolean {
  return (items ?? []).some(
    (item) => covers(item.kind, key.kind) && covers(item.group, key.group) && (!item.name || covers(item.name, key.name)),
  );
}

function covers(pattern: string, text: string): boolean {
  return pattern === '*' || pathGlobMatches(pattern, text);
}

/** Why an object may not be managed, or undefined: its kind, then the namespace that it lives in (§4, "sync, per task"). */
export function resourceRefusal(
  project: AppProject,
  key: ResourceKey,
  namespaced: boolean,
  destination: ResolvedDestination,
): string | undefined {
  const name = project.metadata.name;
  if (!permitsKind(project, key, namespaced)) return `resource ${key.group}:${key.kind} is not permitted in project ${name}`;
  if (!namespaced || permitsDestination(project, { ...destination, namespace: key.namespace })) return undefined;
  return `namespace ${key.namespace} is not permitted in project '${name}'`;
}

/**
 * The service account that a sync to this destination acts as (§6), or the reason why there is none.
 * A plain name lives in the destination namespace, or in the Application's when that is empty. Unlike Argo CD, nothing falls back to
 * the worker's own rights.
 */
export function serviceAccountFor(
  project: AppProject,
  destination: ResolvedDestination,
  applicationNamespace: string,
  fallback: ServiceAccountRef | undefined,
): ServiceAccountRef | { readonly refusal: string } {
  const match = (project.spec.destinationServiceAccounts ?? []).find((item) => coversDestination(item, destination));
  if (!match) return fallback ?? { refusal: noAccount(project, destination) };
  const account = match.defaultServiceAccount;
  if (account.trim() === '' || /[!*[\]{}\\/]/.test(account)) {
    return { refusal: `failed to derive service account to impersonate: default service account contains invalid chars '${account}'` };
  }
  const colon = account.indexOf(':');
  if (colon < 0) return { namespace: destination.namespace || applicationNamespace, name: account };
  const ref = { namespace: account.slice(0, colon), name: account.slice(colon + 1) };
  if (ref.namespace !== '' && ref.name !== '') return ref;
  return { refusal: `project '${project.metadata.name}': destinationServiceAccounts names '${account}', expected namespace:name` };
}

function coversDestination(item: DestinationServiceAccount, destination: ResolvedDestination): boolean {
  return globMatches(item.server, destination.server) && globMatches(item.namespace ?? '', destination.namespace);
}

function noAccount(project: AppProject, { server, namespace }: ResolvedDestination): string {
  return (
    `no matching service account found for destination server ${server} and namespace ${namespace}: ` +
    `add it to destinationServiceAccounts of project '${project.metadata.name}', or set EVENKEEL_DEFAULT_SERVICE_ACCOUNT`
  );
}
