// Renders an Application from a real Git server with the real tools, and counts what is started.
import { createRepositories } from '../../lib/adapters/git.ts';
import { createTools } from '../../lib/adapters/tools.ts';
import { desiredState, resolveRevisions } from '../../lib/desired/render.ts';
import { type ApplicationSpec, parseApplication, sourcesOf } from '../../lib/model/application.ts';
import type { DesiredState } from '../../lib/model/desired.ts';
import type { RenderCache, Repositories, Tools } from '../../lib/ports.ts';

export interface Programs {
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize?: string | undefined;
}

export interface Counts {
  checkouts: number;
  tools: number;
}

export interface RenderPorts {
  readonly repositories: Repositories;
  readonly tools: Tools;
  readonly cache?: RenderCache;
  readonly counts: Counts;
}

/** The ports of one process: clones and checkouts below `cacheDir`, and counters of what they were asked. */
export function renderPorts(programs: Programs, cacheDir: string, cache?: RenderCache): RenderPorts {
  const repositories = createRepositories({ git: 'git', cacheDir, clock: Date.now, timeoutSeconds: 30 });
  const tools = createTools({ ...programs, timeoutSeconds: 30 });
  const counts = { checkouts: 0, tools: 0 };
  const counted = <Argument, Result>(counter: keyof Counts, work: (argument: Argument) => Promise<Result>) => {
    return (argument: Argument) => {
      counts[counter] += 1;
      return work(argument);
    };
  };
  return {
    repositories: {
      resolveRevision: (source, notBefore, project) => repositories.resolveRevision(source, notBefore, project),
      checkout: (source, revision, project) => {
        counts.checkouts += 1;
        return repositories.checkout(source, revision, project);
      },
    },
    tools: { ...tools, kustomize: counted('tools', tools.kustomize), helm: counted('tools', tools.helm) },
    counts,
    ...(cache ? { cache } : {}),
  };
}

/** What should exist for an Application of that name and spec, at what its sources name now, or named at `notBefore` or later. */
export async function render(
  name: string,
  spec: Partial<ApplicationSpec>,
  ports: RenderPorts,
  notBefore = Date.now(),
): Promise<DesiredState> {
  const application = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd' },
    spec: { project: 'books', destination: {}, ...spec },
  });
  const sources = sourcesOf(application.spec);
  return desiredState(
    {
      application,
      sources,
      revisions: await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories),
      instanceName: name,
      destinationNamespace: 'default-namespace',
      scopeOf: async ({ group, kind }) => {
        if (group.endsWith('.example')) return undefined;
        return kind === 'Namespace' || kind === 'CustomResourceDefinition' ? 'Cluster' : 'Namespaced';
      },
      kubeVersion: 'v1.36.3',
      apiVersions: ['v1', 'apps/v1'],
    },
    ports,
  );
}
