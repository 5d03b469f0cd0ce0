// prepare: what an Application is compared with and as whom, or the conditions that stop it before anything is rendered.

import { CLOSURE } from '../model/annotations.ts';
import type { Application, ApplicationCondition } from '../model/application.ts';
import type { ResolvedDestination, ServiceAccountRef } from '../model/destination.ts';
import { InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import type { AppProject } from '../model/project.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import { withHookFinalizers } from '../policy/delete-hooks.ts';
import { serviceAccountFor } from '../policy/project.ts';
import { projectName, specConditions } from '../policy/spec.ts';
import type { Clusters, Control } from '../ports.ts';
import { type Evaluated, isFailure } from './evaluate.ts';
import type { Target } from './target.ts';

interface PreparePorts {
  readonly control: Control;
  readonly clusters: Clusters;
  /** What the installation says of resources; throws InvalidInput when it does not parse. */
  readonly resourceSettings: () => Promise<ResourceSettings>;
  readonly settings: { readonly defaultServiceAccount: ServiceAccountRef | undefined };
}

/** Project, destination and credential of an Application, or why it cannot have them. */
export async function prepare(
  application: Application,
  ports: PreparePorts,
): Promise<Target | { readonly conditions: readonly ApplicationCondition[] }> {
  const [project, destination] = await Promise.all([projectOf(application, ports.control), resolved(application, ports.clusters)]);
  if (project && 'error' in project) return { conditions: [{ type: 'InvalidSpecError', message: project.error }] };
  const conditions = specConditions(application, project, destination, ports.control.namespace);
  if (conditions.length > 0 || !project || 'error' in destination) return { conditions };
  return acting(application, project, destination, ports);
}

/** The same for a deletion: what is wrong with the sources does not matter any more, objects are checked one by one. */
export async function prepareDeletion(
  application: Application,
  ports: PreparePorts,
): Promise<Target | 'nowhere' | { readonly conditions: readonly ApplicationCondition[] }> {
  const name = projectName(application);
  const [project, destination] = await Promise.all([projectOf(application, ports.control), resolved(application, ports.clusters)]);
  if (project && 'error' in project) return { conditions: [{ type: 'InvalidSpecError', message: project.error }] };
  if (!project)
    return { conditions: [{ type: 'InvalidSpecError', message: `Application referencing project ${name} which does not exist` }] };
  return 'error' in destination ? 'nowhere' : acting(application, project, destination, ports);
}

async function projectOf(application: Application, control: Control): Promise<AppProject | { readonly error: string } | undefined> {
  try {
    return await control.project(projectName(application));
  } catch (error) {
    if (error instanceof InvalidInput || error instanceof NotPermitted) return { error: error.message };
    throw error;
  }
}

async function resolved(application: Application, clusters: Clusters): Promise<ResolvedDestination | { readonly error: string }> {
  try {
    return await clusters.resolve(application.spec.destination);
  } catch (error) {
    if (error instanceof InvalidInput) return { error: error.message };
    throw error;
  }
}

async function acting(
  application: Application,
  project: AppProject,
  destination: ResolvedDestination,
  ports: PreparePorts,
): Promise<Target | { readonly conditions: readonly ApplicationCondition[] }> {
  const account = serviceAccountFor(project, destination, application.metadata.namespace, ports.settings.defaultServiceAccount);
  if ('refusal' in account) return { conditions: [{ type: 'InvalidSpecError', message: account.refusal }] };
  try {
    const [cluster, resources] = await Promise.all([ports.clusters.actingFor(destination, account), ports.resourceSettings()]);
    return { application, project, destination, cluster, controlNamespace: ports.control.namespace, resources };
  } catch (error) {
    if (!(error instanceof InvalidInput || error instanceof NotPermitted)) throw error;
    return { conditions: [{ type: 'UnknownError', message: messageOf(error) }] };
  }
}

/** An annotation must stay small; a closure that does not fit is left out, so that every push to the repository concerns the Application. */
const CLOSURE_BYTES = 32 * 1024;

/** The annotation that tells later pushes which files matter; after a failed render any file may be the one that mends it. */
export function closureText(evaluated: Evaluated): Readonly<Record<string, string | null>> {
  if (isFailure(evaluated)) return { [CLOSURE]: null };
  const text = JSON.stringify(evaluated.desired.closure);
  return { [CLOSURE]: text.length <= CLOSURE_BYTES ? text : null };
}

/**
 * The finalizers that hold an Application for hooks of its deletion, as Git has them now. Undefined, to leave them as they are, where Git was
 * not rendered, and once the deletion has begun (spec/application.md §9).
 */
export function hookFinalizers({ metadata }: Application, evaluated: Evaluated): readonly string[] | undefined {
  if (isFailure(evaluated) || metadata.deletionTimestamp) return undefined;
  return withHookFinalizers(metadata.finalizers ?? [], evaluated.desired.manifests);
}
