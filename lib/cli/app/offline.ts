// What an Application's folders say, by the rules of the worker and with no cluster: its project permits everything, its destination has
// Kubernetes' own kinds.
import { resolveRevisions } from '../../desired/render.ts';
import { renderSettings } from '../../desired/settings.ts';
import { type Application, type ApplicationSource, parseApplication, sourcesOf } from '../../model/application.ts';
import { isBuiltInClusterKind } from '../../model/built-in-kinds.ts';
import type { DesiredState } from '../../model/desired.ts';
import { askedDestination, type ResolvedDestination } from '../../model/destination.ts';
import { InvalidInput, messageOf } from '../../model/errors.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import { type GivenRepository, givenFor, missingRepositories, missingText } from '../../model/given-repositories.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { AppProject } from '../../model/project.ts';
import { type ResourceSettings, resourceSettings } from '../../model/resource-settings.ts';
import { bounded, CONDITION_BYTES } from '../../model/text.ts';
import { projectName, specConditions } from '../../policy/spec.ts';
import type { Capabilities } from '../../ports.ts';
import { type RenderTarget, render } from '../../reconcile/evaluate.ts';
import { EXIT_FAILED, Exit } from '../exit.ts';
import type { Shell } from '../shell.ts';

export interface OfflineRequest {
  readonly given: readonly GivenRepository[];
  readonly revision: string | undefined;
  readonly capabilities: Capabilities;
  /** `data` of `argocd-cm`. */
  readonly settings: Readonly<Record<string, string>>;
  /** With the marks that say whose an object is. */
  readonly tracking: boolean;
}

/** Throws Exit 1 with the message of the condition that the Application would have, and when a repository has no folder. */
export async function desiredOffline(shell: Shell, object: Manifest, request: OfflineRequest): Promise<DesiredState> {
  const target = targetOf(object, shell.offline.namespace, request);
  const sources = sourcesOf(target.application.spec);
  const missing = missingRepositories(
    request.given,
    sources.map(({ repoURL }) => repoURL),
  );
  if (missing.length > 0) throw new Exit(EXIT_FAILED, missingText(missing));
  const ports = await shell.offline.open(atRevision(request, sources));
  try {
    const notBefore = shell.clock();
    const revisions = await resolveRevisions(sources, target.application.spec.project, notBefore, ports.repositories);
    const settings = async () => renderSettings(request.settings, shell.offline.remoteBases);
    return await render(target, { sources, revisions, operationStartedAt: undefined, notBefore }, { ...ports, renderSettings: settings });
  } catch (thrown) {
    throw thrown instanceof InvalidInput ? failed(thrown.message, thrown) : thrown;
  }
}

function failed(message: string, cause?: unknown): Exit {
  return new Exit(EXIT_FAILED, bounded(message, CONDITION_BYTES), { cause });
}

function targetOf(object: Manifest, namespace: string, request: OfflineRequest): RenderTarget {
  const { kubeVersion, apiVersions } = request.capabilities;
  const application = applicationIn(object, namespace);
  const destination = destinationOf(application);
  const project = openProject(projectName(application), namespace);
  const conditions = specConditions(application, project, destination, namespace);
  if (conditions.length > 0 || 'error' in destination) throw failed(conditions.map(({ message }) => message).join('; '));
  const cluster: RenderTarget['cluster'] = {
    capabilities: async () => ({ kubeVersion, apiVersions }),
    resourceType: async (kind) => (isBuiltInClusterKind(kind) ? { ...kind, plural: '', namespaced: false, verbs: [] } : undefined),
  };
  return { application, project, destination, cluster, controlNamespace: namespace, resources: resourcesIn(request) };
}

function resourcesIn({ settings, tracking }: OfflineRequest): ResourceSettings {
  try {
    const resources = resourceSettings(settings);
    return tracking ? resources : { ...resources, tracking: { ...resources.tracking, method: 'none' } };
  } catch (thrown) {
    throw failed(messageOf(thrown), thrown);
  }
}

/** One that names no namespace is in that of the control cluster, where `kubectl apply` would put it. */
function applicationIn(object: Manifest, namespace: string): Application {
  try {
    return parseApplication({ ...object, metadata: { namespace, ...object.metadata } });
  } catch (thrown) {
    throw failed(messageOf(thrown), thrown);
  }
}

function destinationOf({ spec }: Application): ResolvedDestination | { readonly error: string } {
  try {
    const { server = '', name = '' } = askedDestination(spec.destination);
    return { server, clusterName: name, namespace: spec.destination.namespace ?? '' };
  } catch (thrown) {
    return { error: messageOf(thrown) };
  }
}

function openProject(name: string, namespace: string): AppProject {
  const spec = { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, namespace }, spec };
}

/** A revision is of one repository: that of the sources which are no charts. Throws Exit 1 when there is none or there are several. */
function atRevision({ given, revision }: OfflineRequest, sources: readonly ApplicationSource[]): readonly GivenRepository[] {
  if (revision === undefined) return given;
  const [first, ...others] = new Set(sources.flatMap(({ chart, repoURL }) => (chart ? [] : (givenFor(given, repoURL) ?? []))));
  if (first === undefined) throw new Exit(EXIT_FAILED, '--revision is of a Git repository, and the sources are charts');
  if (others.length > 0) {
    const urls = [first, ...others].map(({ url }) => withoutUserinfo(url)).join(', ');
    throw new Exit(EXIT_FAILED, `--revision is of one repository, and the sources have several (${urls}): check it out where it counts`);
  }
  return given.map((one) => (one === first ? { ...one, revision } : one));
}
