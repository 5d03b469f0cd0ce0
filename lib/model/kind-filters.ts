// Kinds that an installation leaves alone (`resource.exclusions` and `resource.inclusions`, spec/diff.md §4).
import { globMatches } from './glob.ts';

/** An empty list stands for any; all three must hold. */
export interface KindFilter {
  readonly apiGroups: readonly string[];
  readonly kinds: readonly string[];
  readonly clusters: readonly string[];
}

export interface KindFilters {
  readonly exclusions: readonly KindFilter[];
  readonly inclusions: readonly KindFilter[];
}

/** No setting brings these back: they change all the time, and nobody keeps them in Git. */
const ALWAYS: readonly KindFilter[] = [
  { apiGroups: ['events.k8s.io', 'metrics.k8s.io'], kinds: [], clusters: [] },
  { apiGroups: [''], kinds: ['Event'], clusters: [] },
  { apiGroups: ['coordination.k8s.io'], kinds: ['Lease'], clusters: [] },
];

/** Whether objects of a kind are left alone in a cluster. An exclusion wins; where inclusions speak of a cluster, they must name the kind. */
export function isExcluded(
  { exclusions, inclusions }: KindFilters,
  kind: { readonly group: string; readonly kind: string },
  clusterServer: string,
): boolean {
  const covers = (filter: KindFilter) => covering(filter, kind) && inCluster(filter, clusterServer);
  if ([...ALWAYS, ...exclusions].some(covers)) return true;
  if (inclusions.some(covers)) return false;
  return inclusions.some((filter) => inCluster(filter, clusterServer));
}

function covering({ apiGroups, kinds }: KindFilter, { group, kind }: { readonly group: string; readonly kind: string }): boolean {
  const inGroup = apiGroups.length === 0 || apiGroups.some((pattern) => globMatches(pattern, group));
  return inGroup && (kinds.length === 0 || kinds.some((one) => one === '*' || one === kind));
}

function inCluster({ clusters }: KindFilter, server: string): boolean {
  return clusters.length === 0 || clusters.some((pattern) => globMatches(pattern, server));
}
