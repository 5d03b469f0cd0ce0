// finalize: an Application that is being deleted. One pass does one step; the next message does the next (spec/application.md §9).

import { trackedAmong } from '../compare/tracking.ts';
import { CASCADE_FINALIZERS, HELM_RESOURCE_POLICY, RESOURCES_FINALIZER } from '../model/annotations.ts';
import { type Application, applicationOrFault, qualifiedName } from '../model/application.ts';
import { Conflict, messageOf, NotPermitted, Unavailable } from '../model/errors.ts';
import { isHeld } from '../model/hook.ts';
import { annotationOf, keyOf, type LiveObject, type Propagation, refOf } from '../model/manifest.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { finalizersOf, isHookFinalizer } from '../policy/delete-hooks.ts';
import { approvalMessage, deletionStep, leavingSeconds, retrySeconds, stuckMessage, unfinishedMessage } from '../policy/deletion.ts';
import { resourceRefusal } from '../policy/project.ts';
import { inParallel } from '../sync/parallel.ts';
import { released as letGo } from '../sync/release.ts';
import { comeRound, type Outcome } from './again.ts';
import { DELETION_CONDITIONS } from './conditions.ts';
import { cleanHooks, type HookProgress, runHooks } from './delete-hooks.ts';
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

/**
 * Until when a pass may take its time, and what was read from Git too early to count for it, both in milliseconds since the epoch; and
 * whether silence of Git or the cluster is left to the queue once more.
 */
export interface Pass {
  readonly deadline: number;
  readonly notBefore: number;
  readonly patient: boolean;
}

/** Runs the hooks before, deletes what the Application owns, last wave first, runs the hooks after, cleans up, then lets it go. */
export async function finalize(application: Application, ports: ReconcilePorts, pass: Pass): Promise<Outcome> {
  const finalizers = application.metadata.finalizers ?? [];
  if (!finalizers.some((name) => isCascade(name) || isHookFinalizer(name))) return {};
  try {
    const prepared = await prepareDeletion(application, ports);
    if (prepared === 'nowhere') return await released(application, (name) => isCascade(name) || isHookFinalizer(name), ports);
    if ('conditions' in prepared) throw new NotPermitted(prepared.conditions.map(({ message }) => message).join('; '));
    return await nextStage(prepared, ports, pass);
  } catch (error) {
    if (error instanceof Conflict || (error instanceof Unavailable && pass.patient)) throw error;
    return failed(application, messageOf(error), ports);
  }
}

/** The first stage whose finalizer is still there. */
async function nextStage(target: Target, ports: ReconcilePorts, { deadline, notBefore }: Pass): Promise<Outcome> {
  const finalizers = target.application.metadata.finalizers ?? [];
  const asked = { target, notBefore };
  const [before, after] = [finalizersOf('PreDelete'), finalizersOf('PostDelete')];
  if (finalizers.includes(before.run)) return hooked(target, before.run, await runHooks(asked, 'PreDelete', ports), ports);
  const cascade = finalizers.find(isCascade);
  if (cascade) return deletePass(target, CASCADE[cascade] ?? 'Foreground', ports, deadline);
  if (finalizers.includes(after.run)) return hooked(target, after.run, await runHooks(asked, 'PostDelete', ports), ports);
  if (finalizers.includes(before.cleanup)) return hooked(target, before.cleanup, await cleanHooks(asked, 'PreDelete', ports), ports);
  return hooked(target, after.cleanup, await cleanHooks(asked, 'PostDelete', ports), ports);
}

function hooked({ application }: Target, finalizer: string, progress: HookProgress, ports: ReconcilePorts): Promise<Outcome> {
  if (progress === 'done') return released(application, (name) => name === finalizer, ports);
  const now = ports.clock();
  const held = stuckMessage(progress.waitsFor, now) ?? unfinishedMessage(progress.waitsFor, now);
  if (held === undefined) return Promise.resolve(again(application, leavingSeconds(application, now), ports));
  return told(application, [held], retrySeconds(application, now), ports);
}

function isCascade(finalizer: string): boolean {
  return CASCADE_FINALIZERS.includes(finalizer);
}

/** Nothing is left to do for these finalizers. One that stands for another stage is the next pass's. */
async function released(application: Application, done: (finalizer: string) => boolean, ports: ReconcilePorts): Promise<Outcome> {
  const finalizers = (application.metadata.finalizers ?? []).filter((name) => !done(name));
  await writeApplication(ports.control, application, { finalizers });
  if (finalizers.some((name) => isCascade(name) || isHookFinalizer(name))) return again(application, 1, ports);
  ports.log.info('deleted', { application: qualifiedName(application.metadata) });
  return {};
}

async function failed(application: Application, message: string, ports: ReconcilePorts): Promise<Outcome> {
  ports.log.warn('deletion failed', { application: qualifiedName(application.metadata), message });
  return told(application, [message], retrySeconds(application, ports.clock()), ports);
}

/** What holds the deletion, as its condition; none takes away what was said before. */
async function told(application: Application, messages: readonly string[], afterSeconds: number, ports: ReconcilePorts): Promise<Outcome> {
  const conditions = messages.map((message) => ({ type: 'DeletionError' as const, message }));
  // This pass may have written down what it created.
  const object = await ports.control.application(application.metadata);
  if (!object) return {};
  const current = applicationOrFault(object).application;
  const status = withConditions(current.status ?? {}, DELETION_CONDITIONS, conditions, timeOf(ports));
  await writeApplication(ports.control, current, { status });
  return again(application, afterSeconds, ports);
}

function again({ metadata }: Application, seconds: number, { clock }: ReconcilePorts): Outcome {
  return comeRound('delete', seconds, qualifiedName(metadata), clock());
}

/** So many objects are deleted at the same time. */
const AT_ONCE = 10;

/** One pass: lets go the hooks that a sync has left held, deletes a wave, waits for one that is on its way or not approved, or lets the Application go. */
async function deletePass(target: Target, propagation: Propagation, ports: ReconcilePorts, deadline: number): Promise<Outcome> {
  const { application, cluster } = target;
  const tracked = await trackedBy(target);
  await inParallel(tracked.filter(isHeld), AT_ONCE, (live) => letGo(cluster, live));
  const step = deletionStep(
    application,
    tracked.filter((live) => !isKept(live, application)),
  );
  const now = ports.clock();
  switch (step.kind) {
    case 'done':
      return released(application, isCascade, ports);
    case 'unconfirmed':
      return told(application, [approvalMessage(step.objects)], retrySeconds(application, now), ports);
    case 'leaving': {
      const stuck = stuckMessage(step.objects, now);
      return told(application, stuck === undefined ? [] : [stuck], leavingSeconds(application, now), ports);
    }
    case 'delete':
      await deleteUntil(target, step.objects, propagation, () => ports.clock() < deadline);
      return again(application, leavingSeconds(application, ports.clock()), ports);
  }
}

/** Objects whose turn comes when there is no time left are the next pass's. */
function deleteUntil(target: Target, objects: readonly LiveObject[], propagation: Propagation, isTime: () => boolean): Promise<void> {
  return inParallel(objects, AT_ONCE, async (live) => {
    if (isTime()) await target.cluster.delete(refOf(live), { propagation, ...uidOf(live) });
  });
}

/** Live objects that carry our tracking, are permitted and not excluded. */
async function trackedBy(target: Target): Promise<readonly LiveObject[]> {
  const { application, project, destination, cluster } = target;
  const owner = ownerOf(target);
  const excluded = excludedIn(target);
  const wanted = inventoryOf(application).filter((ref) => !excluded(ref));
  const live = await readLive(cluster, wanted, owner);
  return trackedAmong([...live.values()], owner.instance, owner.tracking).filter(
    (object) =>
      object.metadata.uid !== application.metadata.uid &&
      resourceRefusal(project, keyOf(object), object.metadata.namespace !== undefined, destination) === undefined,
  );
}

/** Definitions stay, since deleting one deletes everybody's objects; so does what says so itself. */
function isKept(live: LiveObject, application: Application): boolean {
  if (live.kind === 'CustomResourceDefinition' || annotationOf(live, HELM_RESOURCE_POLICY) === 'keep') return true;
  return effectiveOption(live, application.spec.syncPolicy?.syncOptions ?? [], 'Delete') === 'false';
}

function uidOf({ metadata }: LiveObject): { readonly uid?: string } {
  return metadata.uid ? { uid: metadata.uid } : {};
}
