// finalize: an Application that is being deleted. One pass does one step; the next message does the next (spec/application.md §9).

import { isTrackedBy } from '../compare/tracking.ts';
import { HELM_RESOURCE_POLICY, RESOURCES_FINALIZER } from '../model/annotations.ts';
import { type Application, instanceName, qualifiedName } from '../model/application.ts';
import { messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { annotationOf, groupVersionOf, keyOf, type LiveObject, type Propagation } from '../model/manifest.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { waveOf } from '../model/wave.ts';
import { resourceRefusal } from '../policy/project.ts';
import type { ObjectRef } from '../ports.ts';
import { comeBack, type Outcome } from './again.ts';
import { DELETION_CONDITIONS } from './conditions.ts';
import type { Target } from './evaluate.ts';
import { inventoryOf, readLive } from './live.ts';
import type { ReconcilePorts } from './ports.ts';
import { prepareDeletion } from './prepare.ts';
import { withConditions } from './status.ts';
import { timeOf } from './time.ts';
import { writeApplication } from './write.ts';

const CASCADE: Readonly<Record<string, Propagation>> = {
  [RESOURCES_FINALIZER]: 'Foreground',
  [`${RESOURCES_FINALIZER}/foreground`]: 'Foreground',
  [`${RESOURCES_FINALIZER}/background`]: 'Background',
};

/** Deletes what the Application owns, last wave first, then lets it go. A refusal becomes a DeletionError and is tried again. */
export async function finalize(application: Application, ports: ReconcilePorts): Promise<Outcome> {
  const finalizers = application.metadata.finalizers ?? [];
  const cascade = finalizers.find((name) => name in CASCADE);
  if (!cascade) return {};
  try {
    const left = await deletePass(application, CASCADE[cascade] ?? 'Foreground', ports);
    if (left > 0) return comeBack('delete', 1, ports.clock());
    await writeApplication(ports.control, application, { finalizers: finalizers.filter((name) => !(name in CASCADE)) });
    ports.log.info('deleted', { application: qualifiedName(application.metadata) });
    return {};
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    return failed(application, messageOf(error), ports);
  }
}

const RETRY_SECONDS = 30;

async function failed(application: Application, message: string, ports: ReconcilePorts): Promise<Outcome> {
  const conditions = [{ type: 'DeletionError' as const, message }];
  const status = withConditions(application.status ?? {}, DELETION_CONDITIONS, conditions, timeOf(ports));
  await writeApplication(ports.control, application, { status });
  ports.log.warn('deletion failed', { application: qualifiedName(application.metadata), message });
  return comeBack('delete', RETRY_SECONDS, ports.clock());
}

/** One pass; returns how many objects are still there. A destination that is gone for good leaves nothing to delete. */
async function deletePass(application: Application, propagation: Propagation, ports: ReconcilePorts): Promise<number> {
  const prepared = await prepareDeletion(application, ports);
  if (prepared === 'nowhere') return 0;
  if ('conditions' in prepared) throw new NotPermitted(prepared.conditions.map(({ message }) => message).join('; '));
  const owned = await ownedBy(prepared);
  const deleting = owned.filter((live) => live.metadata.deletionTimestamp);
  if (deleting.length > 0) return owned.length;
  const last = Math.max(...owned.map(waveOf));
  const wave = owned.filter((live) => waveOf(live) === last);
  await Promise.all(wave.map((live) => prepared.cluster.delete(refOf(live), { propagation, ...uidOf(live) })));
  return owned.length;
}

/** Live objects that carry our tracking, are permitted, and are not to be kept. */
async function ownedBy(target: Target): Promise<readonly LiveObject[]> {
  const { application, project, destination, cluster } = target;
  const instance = instanceName(application.metadata, target.controlNamespace);
  const live = await readLive(cluster, inventoryOf(application), instance);
  return [...live.values()].filter(
    (object) =>
      isTrackedBy(object, instance) &&
      !isKept(object, application) &&
      object.metadata.uid !== application.metadata.uid &&
      resourceRefusal(project, keyOf(object), object.metadata.namespace !== undefined, destination) === undefined,
  );
}

/** Definitions stay, since deleting one deletes everybody's objects; so does what says so itself. */
function isKept(live: LiveObject, application: Application): boolean {
  if (live.kind === 'CustomResourceDefinition' || annotationOf(live, HELM_RESOURCE_POLICY) === 'keep') return true;
  return effectiveOption(live, application.spec.syncPolicy?.syncOptions ?? [], 'Delete') === 'false';
}

function refOf(live: LiveObject): ObjectRef {
  return { ...keyOf(live), version: groupVersionOf(live.apiVersion).version };
}

function uidOf({ metadata }: LiveObject): { readonly uid?: string } {
  return metadata.uid ? { uid: metadata.uid } : {};
}
