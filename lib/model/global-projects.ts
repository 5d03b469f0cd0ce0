// Global projects: what `argocd-cm` has every project with certain labels take from another one (spec/project.md §3).
import * as z from 'zod';
import { InvalidInput } from './errors.ts';
import type { AppProject, ProjectSpec } from './project.ts';
import { parseYaml } from './yaml.ts';

/** The key of `argocd-cm`. */
export const GLOBAL_PROJECTS = 'globalProjects';

const requirement = z.object({
  key: z.string(),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string()).nullish(),
});
const selector = z.object({ matchLabels: z.record(z.string(), z.string()).nullish(), matchExpressions: z.array(requirement).nullish() });
const entries = z.array(z.object({ projectName: z.string(), labelSelector: selector.nullish() }));

type Requirement = z.infer<typeof requirement>;
type Labels = Readonly<Record<string, string>>;

/**
 * Names of the projects of which this one takes, in the order of the setting (YAML; absent: none). One without a selector, or with an empty
 * one, is of every project. Throws InvalidInput where the setting is not understood: what it forbids would be permitted.
 */
export function globalProjectsOf(setting: string | undefined, { metadata }: AppProject): readonly string[] {
  if (setting === undefined || setting.trim() === '') return [];
  const parsed = entries.safeParse(parseYaml(setting, `argocd-cm: ${GLOBAL_PROJECTS}`) ?? []);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new InvalidInput(`argocd-cm: ${GLOBAL_PROJECTS}: ${faults.join('; ')}`);
  }
  const labels = metadata.labels ?? {};
  const chosen = parsed.data.filter(({ projectName, labelSelector }) => {
    const { matchLabels, matchExpressions } = labelSelector ?? {};
    const equal = Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value);
    return projectName !== metadata.name && equal && (matchExpressions ?? []).every((one) => isMet(one, labels));
  });
  return chosen.map(({ projectName }) => projectName);
}

/** As Kubernetes selects by labels: what a label that is absent has is in no list. */
function isMet({ key, operator, values }: Requirement, labels: Labels): boolean {
  const [isThere, isListed] = [Object.hasOwn(labels, key), (values ?? []).includes(labels[key] ?? '')];
  switch (operator) {
    case 'In':
      return isThere && isListed;
    case 'NotIn':
      return !isThere || !isListed;
    case 'Exists':
      return isThere;
    case 'DoesNotExist':
      return !isThere;
  }
}

/** The project with the lists of global ones after its own. A whitelist of namespaced kinds that was absent, and permitted all, restricts then. */
export function withGlobalProjects(project: AppProject, globals: readonly AppProject[]): AppProject {
  if (globals.length === 0) return project;
  return { ...project, spec: globals.reduce((spec, global) => merged(spec, global.spec), project.spec) };
}

function merged(own: ProjectSpec, global: ProjectSpec): ProjectSpec {
  const both = <T>(a: readonly T[] | null | undefined, b: readonly T[] | null | undefined) => [...(a ?? []), ...(b ?? [])];
  const { namespaceResourceWhitelist: mine, ...rest } = own;
  const kinds = both(mine, global.namespaceResourceWhitelist);
  return {
    ...rest,
    ...(mine || kinds.length > 0 ? { namespaceResourceWhitelist: kinds } : {}),
    namespaceResourceBlacklist: both(own.namespaceResourceBlacklist, global.namespaceResourceBlacklist),
    clusterResourceWhitelist: both(own.clusterResourceWhitelist, global.clusterResourceWhitelist),
    clusterResourceBlacklist: both(own.clusterResourceBlacklist, global.clusterResourceBlacklist),
    syncWindows: both(own.syncWindows, global.syncWindows),
    sourceRepos: both(own.sourceRepos, global.sourceRepos),
    destinations: both(own.destinations, global.destinations),
    destinationServiceAccounts: both(own.destinationServiceAccounts, global.destinationServiceAccounts),
  };
}
