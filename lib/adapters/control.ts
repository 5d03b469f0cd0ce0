// The Control port: Applications and AppProjects of the control cluster, by the worker's own identity.
import type { ApplicationRef } from '../model/application.ts';
import { InvalidInput } from '../model/errors.ts';
import { GLOBAL_PROJECTS, globalProjectsOf, withGlobalProjects } from '../model/global-projects.ts';
import { isRecord, type LiveObject } from '../model/manifest.ts';
import { type AppProject, parseProject } from '../model/project.ts';
import type { Clock, Cluster, Control, ObjectRef } from '../ports.ts';

const GROUP = 'argoproj.io';
const VERSION = 'v1alpha1';
/** A change of a setting counts after this at the latest. */
const SETTINGS_LIFE_MS = 30_000;

/** `namespace` is the control namespace: where projects are, and the Applications that are listed. The cluster itself stays at hand. */
export function createControl(cluster: Cluster, namespace: string, clock: Clock = Date.now): Control & { readonly cluster: Cluster } {
  let held: { readonly at: number; readonly data: Promise<Readonly<Record<string, string>>> } | undefined;
  const current = () => {
    if (held === undefined || clock() - held.at >= SETTINGS_LIFE_MS) {
      const fresh = { at: clock(), data: settings(cluster, namespace) };
      fresh.data.catch(() => {
        if (held === fresh) held = undefined;
      });
      held = fresh;
    }
    return held.data;
  };
  return {
    cluster,
    namespace,
    application: (ref) => cluster.get(applicationRef(ref)),
    applications: async () => (await cluster.list({ group: GROUP, version: VERSION, kind: 'Application' }, { namespace })).items,
    project: (name) => effectiveProject(cluster, namespace, name, current),
    settings: current,
    patchApplication: (ref, patch, options) => cluster.patch(applicationRef(ref), fenced(patch, options?.resourceVersion)),
  };
}

async function settings(cluster: Cluster, namespace: string): Promise<Readonly<Record<string, string>>> {
  const live = await cluster.get({ group: '', version: 'v1', kind: 'ConfigMap', namespace, name: 'argocd-cm' });
  const data = live !== undefined && isRecord(live['data']) ? live['data'] : {};
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** With what global projects add. Throws InvalidInput where one of them is not there: what it forbids would be permitted. */
async function effectiveProject(
  cluster: Cluster,
  namespace: string,
  name: string,
  current: () => Promise<Readonly<Record<string, string>>>,
): Promise<AppProject | undefined> {
  const [own, { [GLOBAL_PROJECTS]: setting }] = await Promise.all([projectAlone(cluster, namespace, name), current()]);
  if (!own) return undefined;
  const globals = await Promise.all(
    globalProjectsOf(setting, own).map(async (other) => {
      const found = await projectAlone(cluster, namespace, other);
      if (!found) throw new InvalidInput(`argocd-cm: ${GLOBAL_PROJECTS} names project '${other}', which does not exist`);
      return found;
    }),
  );
  return withGlobalProjects(own, globals);
}

/** A project without what global ones add. */
export async function projectAlone(cluster: Cluster, namespace: string, name: string): Promise<AppProject | undefined> {
  const live: LiveObject | undefined = await cluster.get({ group: GROUP, version: VERSION, kind: 'AppProject', namespace, name });
  return live === undefined ? undefined : parseProject(live);
}

/** The API server refuses a patch whose resourceVersion is not the object's own (Kubernetes API conventions, "Concurrency control"). */
function fenced(patch: Readonly<Record<string, unknown>>, resourceVersion: string | undefined): Readonly<Record<string, unknown>> {
  if (resourceVersion === undefined) return patch;
  return { ...patch, metadata: { ...(patch['metadata'] as object | undefined), resourceVersion } }; // metadata of a merge patch is an object
}

function applicationRef(ref: ApplicationRef): ObjectRef {
  return { group: GROUP, version: VERSION, kind: 'Application', namespace: ref.namespace, name: ref.name };
}
