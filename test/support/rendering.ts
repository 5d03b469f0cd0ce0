// Renders an Application from a real Git server with the real tools, and counts what is asked of them.
import { anonymousCredentials } from '../../lib/adapters/credentials.ts';
import type { DialRules } from '../../lib/adapters/dialed-address.ts';
import { createRenderPorts, type OpenRenderPorts } from '../../lib/adapters/render-ports.ts';
import { desiredState, resolveRevisions } from '../../lib/desired/render.ts';
import { renderSettings } from '../../lib/desired/settings.ts';
import { type ApplicationSpec, parseApplication, sourcesOf } from '../../lib/model/application.ts';
import type { Closure, DesiredState } from '../../lib/model/desired.ts';
import { isExcluded } from '../../lib/model/kind-filters.ts';
import type { RemoteBases } from '../../lib/model/remote-bases.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import type { Credentials, RenderStore } from '../../lib/ports.ts';

export interface Programs {
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize?: string | undefined;
  readonly renderer?: string | undefined;
}

export interface Counts {
  checkouts: number;
  renders: number;
}

export interface RenderPorts extends OpenRenderPorts {
  readonly store?: RenderStore;
  readonly counts: Counts;
}

export const DESTINATION_NAMESPACE = 'default-namespace';

/** Kinds that the destination of these renders has without a namespace. */
export const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  ...['Namespace', 'CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding', 'APIService', 'PriorityClass', 'StorageClass'],
  ...['IngressClass', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration', 'PersistentVolume', 'RuntimeClass'],
]);

/** The ports of one process: clones and checkouts below `cacheDir`, and counters of what they were asked. */
export function renderPorts(
  programs: Programs,
  cacheDir: string,
  store?: RenderStore,
  credentials: Credentials = anonymousCredentials(),
  dial: DialRules = { loopback: true },
): RenderPorts {
  const ports = createRenderPorts({
    programs: { git: 'git', ssh: 'ssh', ...programs },
    credentials,
    cacheDir,
    cacheMiB: 1024,
    cacheShared: true,
    clock: Date.now,
    timeoutSeconds: 30,
    dial,
  });
  const counts = { checkouts: 0, renders: 0 };
  const { repositories, renderer } = ports;
  return {
    ...ports,
    repositories: {
      resolveRevision: (source, notBefore, project) => repositories.resolveRevision(source, notBefore, project),
      checkout: (...asked) => {
        counts.checkouts += 1;
        return repositories.checkout(...asked);
      },
    },
    renderer: {
      sealed: renderer.sealed,
      version: () => renderer.version(),
      render: (request) => {
        counts.renders += 1;
        return renderer.render(request);
      },
    },
    counts,
    ...(store ? { store } : {}),
  };
}

export interface RenderOptions {
  readonly notBefore?: number;
  readonly fresh?: boolean;
  readonly before?: Closure;
  /** `argocd-cm`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly remoteBases?: RemoteBases;
  readonly permits?: (repoURL: string) => boolean;
}

/** What should exist for an Application of that name and spec, at what its sources name now, or named at `notBefore` or later. */
export async function render(
  name: string,
  spec: Partial<ApplicationSpec>,
  ports: RenderPorts,
  options: RenderOptions = {},
): Promise<DesiredState> {
  const { notBefore = Date.now(), fresh = false, before, settings = {}, remoteBases = 'fixed', permits = () => true } = options;
  const application = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd' },
    spec: { project: 'books', destination: {}, ...spec },
  });
  const sources = sourcesOf(application.spec);
  const resources = resourceSettings(settings);
  return desiredState(
    {
      ...{ application, sources, notBefore, fresh, before, permits },
      revisions: await resolveRevisions(sources, application.spec.project, notBefore, ports.repositories),
      settings: renderSettings(settings, remoteBases),
      tracking: resources.tracking,
      excludes: (kind) => isExcluded(resources, kind, 'https://kubernetes.default.svc'),
      instanceName: name,
      destinationNamespace: DESTINATION_NAMESPACE,
      scopeOf: async ({ group, kind }) => {
        if (group.endsWith('.example')) return undefined;
        return CLUSTER_SCOPED.has(kind) ? 'Cluster' : 'Namespaced';
      },
      kubeVersion: 'v1.36.3',
      apiVersions: ['v1', 'apps/v1'],
    },
    ports,
  );
}
