// carryOut: what a task asks for is done in the cluster, and the task has its row (spec/sync.md §4).
import { setTimeout as sleep } from 'node:timers/promises';
import { HOOK_OPERATION } from '../model/annotations.ts';
import type { Health } from '../model/application.ts';
import { Conflict, messageOf, Unavailable, Unprocessable } from '../model/errors.ts';
import { held } from '../model/hook.ts';
import { NO_TAKE_OVER, type TakeOver } from '../model/managed-fields.ts';
import { gvkOf, type LiveObject, type Manifest } from '../model/manifest.ts';
import { propagationOf } from '../model/sync-options.ts';
import type { Clock, Cluster, ObjectRef } from '../ports.ts';
import { creationRefusal, sendManifest } from './apply.ts';
import { isDefined, mayCome, postponed, unchecked, withoutKind, withoutNamespace } from './kind.ts';
import { givenRoom, unchanged } from './make-room.ts';
import { givenUp, isInPlace, withoutOld } from './recreate.ts';
import { deleted } from './release.ts';
import { applied, foreseen, pruned, refused, verbOf, withoutRequest } from './result.ts';
import type { StepInput } from './step.ts';
import { isEarlierRun, runMark, type SyncTask } from './task.ts';
import { wayOf } from './way.ts';

export interface TaskPorts {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** The health of an object as it was answered. */
  readonly health: (live: LiveObject) => Promise<Health | undefined>;
  /** Keeps an object before it is pruned. Throws what keeps it from going. */
  readonly keep: (live: LiveObject) => Promise<void>;
  /** Whose fields become ours with an apply of what Git names. */
  readonly takeOver: TakeOver;
  /** Why the project does not permit a task's object, now that its kind is known; undefined when it does. */
  readonly refusal: (task: SyncTask) => Promise<string | undefined>;
  /** The manifest that is sent for a task: ignored fields may have to keep their live values. */
  readonly prepare: (task: SyncTask) => Manifest;
}

/** What comes or goes by itself within three seconds is waited for on the spot (spec/sync.md §4.2). */
const POLLS = 30;
const POLL_MS = 100;

/** What a restore says of an object that does not go. */
const STILL_GOING = 'still being deleted: restore it once it is gone';

/** Somebody wrote at the same moment: so often it is tried again at once, for that is over as soon as it has happened. */
const CONFLICTS = 3;

/** Prunes or applies. A refusal by the API server is the task's result; only what may go away by itself is thrown. */
export async function carryOut(task: SyncTask, input: StepInput, ports: TaskPorts): Promise<SyncTask> {
  const act = task.target ? apply : prune;
  for (let tries = 1; ; tries += 1) {
    try {
      return withoutRequest(task, input, input.operationId) ?? (await act(task, input, ports));
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      const passes = error instanceof Conflict && tries < CONFLICTS;
      if (!passes) return refused(task, refusalText(task, error));
    }
    await sleep(POLL_MS * tries);
  }
}

function refusalText(task: SyncTask, error: unknown): string {
  return `${givenUp(task) === undefined ? '' : 'deleted, but not created again: '}${messageOf(error)}`;
}

/** Deletes the live object of a task that is to be created again: the task with what is there of it then, or with a refusal. */
export async function withoutLive(task: SyncTask, input: StepInput, ports: TaskPorts): Promise<SyncTask> {
  const refusal = await refusedDeletion(task, input, ports.cluster);
  return refusal === undefined ? withoutOld(task, await gone(task, ports.cluster)) : refused(task, `not deleted: ${refusal}`);
}

/** Deletes the live object of a task, in this very incarnation. Returns the API server's refusal; throws what may go away by itself. */
export function refusedDeletion(task: SyncTask, input: StepInput, cluster: Cluster): Promise<string | undefined> {
  return refusalBy(() => deleteLive(task, input, cluster));
}

/** What the API server refuses to do; throws what may go away by itself. */
export async function refusalBy(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Conflict) throw error;
    return messageOf(error);
  }
}

async function deleteLive({ live }: SyncTask, { operation }: StepInput, cluster: Cluster): Promise<void> {
  if (live) await deleted(cluster, live, propagationOf(operation.syncOptions ?? []));
}

async function gone(task: SyncTask, cluster: Cluster): Promise<LiveObject | undefined> {
  let live = await cluster.get(refOf(task));
  for (let polls = 0; polls < POLLS && live && live.metadata.uid === task.live?.metadata.uid; polls += 1) {
    await sleep(POLL_MS);
    live = await cluster.get(refOf(task));
  }
  return live;
}

async function prune(task: SyncTask, input: StepInput, ports: TaskPorts): Promise<SyncTask> {
  if (task.live && !task.live.metadata.deletionTimestamp) await ports.keep(task.live);
  await deleteLive(task, input, ports.cluster);
  return pruned(task, await ports.cluster.get(refOf(task)));
}

async function apply(task: SyncTask, input: StepInput, ports: TaskPorts): Promise<SyncTask> {
  const withoutItsKind = await unservedKind(task, input, ports);
  if (withoutItsKind) return withoutItsKind;
  const refusal = await ports.refusal(task);
  if (refusal !== undefined) return refused(task, refusal);
  if (task.leftAlone && !task.settled) return refused(task, STILL_GOING);
  const withoutItsNamespace = withoutNamespace(task, input);
  if (withoutItsNamespace) return withoutItsNamespace;
  const manifest = task.hook ? marked(ports.prepare(task), runMark(task, input.operationId)) : ports.prepare(task);
  const way = wayOf(task, input);
  if (input.operation.dryRun && isEarlierRun(task, input.operationId))
    return foreseen(task, await creationRefusal(ports.cluster, manifest, way));
  if (!(way.replace && way.force && isInPlace(task))) return sent(task, manifest, input, ports);
  return givenRoom(task, input, await creationRefusal(ports.cluster, manifest, way));
}

async function sent(task: SyncTask, manifest: Manifest, input: StepInput, ports: TaskPorts): Promise<SyncTask> {
  const { dryRun = false } = input.operation;
  const way = wayOf(task, input);
  const verb = verbOf(task, way);
  const takeOver = task.createsNamespace ? NO_TAKE_OVER : ports.takeOver;
  try {
    const answer = await sendManifest(ports.cluster, manifest, task.live, { ...way, takeOver, dryRun });
    return dryRun ? applied(task, true, verb) : applied(await withAnswer(task, answer, ports), false, verb);
  } catch (error) {
    if (!(error instanceof Unprocessable && isInPlace(task))) throw error;
    return unchanged(task, input, messageOf(error), await creationRefusal(ports.cluster, manifest, way));
  }
}

async function withAnswer(task: SyncTask, answer: LiveObject, { cluster, health }: TaskPorts): Promise<SyncTask> {
  const live = task.key.kind === 'CustomResourceDefinition' ? await established(task, answer, cluster) : answer;
  return { ...task, live, health: await health(live) };
}

/** What becomes of a task whose kind is not served; undefined when it is, if need be after a short while. */
async function unservedKind(task: SyncTask, { tasks, operation }: StepInput, ports: TaskPorts): Promise<SyncTask | undefined> {
  if (!task.target || (await isServed(task.target, isDefined(task, tasks) && !operation.dryRun, ports.cluster))) return undefined;
  const waits = mayCome(task, tasks, operation) ? (operation.dryRun ? unchecked(task) : postponed(task, ports.clock())) : undefined;
  return waits ?? withoutKind(task, (await ports.cluster.preferredType(task.key.group, task.key.kind))?.version);
}

/** The definition of a kind is established a little before the kind is served. */
async function isServed(target: Manifest, isComing: boolean, cluster: Cluster): Promise<boolean> {
  for (let polls = 0; ; polls += 1) {
    if (await cluster.resourceType(gvkOf(target))) return true;
    if (!isComing || polls >= POLLS) return false;
    await sleep(POLL_MS);
  }
}

/** A hook carries which operation ran it, so that a repeated step finds it again, and stays until its end was read. */
function marked(manifest: Manifest, mark: string): Manifest {
  const annotations = { ...manifest.metadata.annotations, [HOOK_OPERATION]: mark };
  return held({ ...manifest, metadata: { ...manifest.metadata, annotations } });
}

/** Objects of a kind can be created once its definition is established: at most three seconds (spec/sync.md §4.2). */
async function established(task: SyncTask, applied: LiveObject, cluster: Cluster): Promise<LiveObject> {
  let live = applied;
  for (let polls = 0; polls < POLLS && !isEstablished(live); polls += 1) {
    await sleep(POLL_MS);
    live = (await cluster.get(refOf(task))) ?? live;
  }
  return live;
}

function isEstablished(definition: LiveObject): boolean {
  const status = definition['status'] as { readonly conditions?: readonly { type: string; status: string }[] } | undefined; // apiextensions.k8s.io/v1
  return status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True') ?? false;
}

function refOf(task: SyncTask): ObjectRef {
  return { ...task.key, version: task.version };
}
