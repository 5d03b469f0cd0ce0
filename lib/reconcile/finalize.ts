// finalize: an Application that is being deleted. One pass does one step; the next message does the next (spec/application.md §9).

import { trackedAmong } from '../compare/tracking.ts';
import { DELETION_APPROVED, HELM_RESOURCE_POLICY, RESOURCES_FINALIZER } from '../model/annotations.ts';
import { type Application, qualifiedName } from '../model/application.ts';
import { Conflict, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { annotationOf, groupVersionOf, keyOf, type LiveObject, objectName, type Propagation } from '../model/manifest.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { deletionStep, hookRefusal, isHookFinalizer, leavingSeconds } from '../policy/deletion.ts';
import { resourceRefusal } from '../policy/project.ts';
import type { ObjectRef } from '../ports.ts';
import { comeBack, type Outcome } from './again.ts';
import { DELETION_CONDITIONS } from './conditions.ts';
import { inventoryOf, readLive } from './live.ts';
import type { ReconcilePorts } from './ports.ts';
import { prepareDeletion } from './prepare.ts';
import { withConditions } from './status.ts';
import { excludedIn, ownerOf, type Target } from './target.ts';
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
  if (!finalizers.some((name) => isCascade(name) || isHookFinalizer(name))) return {};
  try {
    const prepared = await prepareDeletion(application, ports);
    if (prepared === 'nowhere') return await released(application, (name) => isCascade(name) || isHookFinalizer(name), ports);
    if ('conditions' in prepared) throw new NotPermitted(prepared.conditions.map(({ message }) => message).join('; '));
    refuseHooks(finalizers, 'before');
    const cascade = finalizers.find(isCascade);
    if (cascade) return await deletePass(prepared, CASCADE[cascade] ?? 'Foreground', ports);
    refuseHooks(finalizers, 'after');
    return {};
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Conflict) throw error;
    return failed(application, messageOf(error), ports);
  }
}

function isCascade(finalizer: string): boolean {
  return Object.hasOwn(CASCADE, finalizer);
}

function refuseHooks(finalizers: readonly string[], stage: 'before' | 'after'): void {
  const refusal = hookRefusal(finalizers, stage);
  if (refusal !== undefined) throw new NotPermitted(refusal);
}

/** Nothing is left to do for these finalizers. One that stands for hooks is the next pass's. */
async function released(application: Application, done: (finalizer: string) => boolean, ports: ReconcilePorts): Promise<Outcome> {
  const finalizers = (application.metadata.finalizers ?? []).filter((name) => !done(name));
  await writeApplication(ports.control, application, { finalizers });
  if (finalizers.some(isHookFinalizer)) return comeBack('delete', 1, ports.clock());
  ports.log.info('deleted', { application: qualifiedName(application.metadata) });
  return {};
}

const RETRY_SECONDS = 30;

async function failed(application: Application, message: string, ports: ReconcilePorts): Promise<Outcome> {
  const conditions = [{ type: 'DeletionError' as const, message }];
  const status = withConditions(application.status ?? {}, DELETION_CONDITIONS, conditions, timeOf(ports));
  await writeApplication(ports.control, application, { status });
  ports.log.warn('deletion failed', { application: qualifiedName(application.metadata), message });
  return comeBack('delete', RETRY_SECONDS, ports.clock());
}

/** One pass: deletes a wave, waits for one that is on its way or not approved, or lets the Application go. */
async function deletePass(target: Target, propagation: Propagation, ports: ReconcilePorts): Promise<Outcome> {
  const { application } = target;
  const step = deletionStep(application, await ownedBy(target));
  if (step.kind === 'done') return released(application, isCascade, ports);
  if (step.kind === 'unconfirmed') {
    const objects = step.objects.map((live) => objectName(keyOf(live)));
    const wayOut = `annotate the Application with ${DELETION_APPROVED}=<time in RFC 3339>`;
    ports.log.info('deletion waits for approval', { application: qualifiedName(application.metadata), objects, wayOut });
    return comeBack('delete', RETRY_SECONDS, ports.clock());
  }
  if (step.kind === 'delete') {
    await Promise.all(step.objects.map((live) => target.cluster.delete(refOf(live), { propagation, ...uidOf(live) })));
  }
  return comeBack('delete', leavingSeconds(application, ports.clock()), ports.clock());
}

/** Live objects that carry our tracking, are permitted, and are neither excluded nor to be kept. */
async function ownedBy(target: Target): Promise<readonly LiveObject[]> {
  const { application, project, destination, cluster } = target;
  const owner = ownerOf(target);
  const excluded = excludedIn(target);
  const wanted = inventoryOf(application).filter((ref) => !excluded(ref));
  const live = await readLive(cluster, wanted, owner);
  return trackedAmong([...live.values()], owner.instance, owner.tracking).filter(
    (object) =>
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
