// advanceSync: the story around nextStep. It does what a step says until the operation waits or ends; the only file here with I/O.
import { setTimeout as sleep } from 'node:timers/promises';
import { HOOK_OPERATION } from '../model/annotations.ts';
import type { Health } from '../model/application.ts';
import { Conflict, messageOf, Unavailable } from '../model/errors.ts';
import { NO_TAKE_OVER, type TakeOver } from '../model/managed-fields.ts';
import type { LiveObject, Manifest } from '../model/manifest.ts';
import type { OperationPhase } from '../model/operation.ts';
import { propagationOf } from '../model/sync-options.ts';
import type { Clock, Cluster, ObjectRef } from '../ports.ts';
import { applyManifest, asSent } from './apply.ts';
import { nextStep, type Step, type StepInput } from './next.ts';
import { inParallel } from './parallel.ts';
import { keepsNamespace } from './plan.ts';
import { applied, carriedOut, pruned, refused, undeleted, withoutRequest } from './result.ts';
import { runMark, type SyncTask } from './task.ts';

export interface SyncPorts {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Throws Conflict when somebody else has gone on with the operation since it was read, or it is over. */
  readonly confirm: () => Promise<void>;
  /** Writes the rows down, fenced: throws Conflict when the operation is no longer the current one. */
  readonly save: (tasks: readonly SyncTask[]) => Promise<void>;
  /** The health of an object as it was answered. */
  readonly health: (live: LiveObject) => Promise<Health | undefined>;
  /** Keeps an object before it is pruned. Throws what keeps it from going. */
  readonly keep: (live: LiveObject) => Promise<void>;
  /** Whose fields become ours with an apply of what Git names. */
  readonly takeOver: TakeOver;
  /** The manifest that is sent for a task: ignored fields may have to keep their live values. */
  readonly prepare: (task: SyncTask) => Manifest;
}

export interface SyncOutcome {
  readonly tasks: readonly SyncTask[];
  readonly phase: OperationPhase;
  readonly message: string;
  /** Set while the operation is not over: come back then. */
  readonly afterSeconds: number | undefined;
}

/** How many requests of one wave are under way at a time: the API server's fairness queues punish more. */
const CONCURRENCY = 16;

/**
 * Runs steps until the operation waits, ends, or `deadline` (ms) is near. Unavailable passes through: the step is repeated later.
 * Rows are saved before the next wave and before hooks are deleted, so that a worker that is lost never leaves a step half known; before the
 * first wave it is asked whether the record is still the one that was read, for a worker that was overtaken must apply nothing.
 */
export async function advanceSync(input: StepInput, ports: SyncPorts, deadline: number): Promise<SyncOutcome> {
  let tasks = input.tasks;
  for (let waves = 0; ; waves += 1) {
    const next = nextStep({ ...input, tasks });
    if (next.step.kind !== 'run') return outcomeOf(next.step, await deleteHooks(hooksOf(next.step), next.tasks, input, ports), input);
    await (waves > 0 ? ports.save(next.tasks) : ports.confirm());
    if (ports.clock() >= deadline) return interrupted(next.tasks, input);
    tasks = await runWave(next.tasks, next.step, input, ports);
  }
}

type Last = Exclude<Step, { readonly kind: 'run' }>;

function hooksOf(step: Last): readonly SyncTask[] {
  if (step.kind === 'wait') return [];
  return step.kind === 'finish' ? step.deleteHooks : step.hooks;
}

function outcomeOf(step: Last, tasks: readonly SyncTask[], { phase }: StepInput): SyncOutcome {
  if (step.kind === 'finish') return { tasks, phase: step.phase, message: step.message, afterSeconds: undefined };
  return { tasks, phase, message: step.message, afterSeconds: step.kind === 'wait' ? step.afterSeconds : 1 };
}

function interrupted(tasks: readonly SyncTask[], { phase }: StepInput): SyncOutcome {
  return { tasks, phase, message: 'one or more tasks are running', afterSeconds: 0 };
}

/**
 * A hook's object is the proof of its end, so the rows that tell of it are saved first. Only the run that was seen is deleted. Returns
 * the tasks, with the refusals among them when there were any.
 */
async function deleteHooks(
  hooks: readonly SyncTask[],
  tasks: readonly SyncTask[],
  input: StepInput,
  ports: SyncPorts,
): Promise<readonly SyncTask[]> {
  if (hooks.length === 0) return tasks;
  await ports.save(tasks);
  const done = new Map<SyncTask, SyncTask>();
  await inParallel(hooks, CONCURRENCY, async (task) => {
    const refusal = await refusedDeletion(task, input, ports.cluster);
    if (refusal !== undefined) done.set(task, undeleted(task, refusal));
  });
  return done.size === 0 ? tasks : tasks.map((task) => done.get(task) ?? task);
}

async function refusedDeletion(task: SyncTask, input: StepInput, cluster: Cluster): Promise<string | undefined> {
  try {
    await cluster.delete(refOf(task), deletionOf(task, input));
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable || error instanceof Conflict) throw error;
    return messageOf(error);
  }
}

function deletionOf(task: SyncTask, { operation }: StepInput) {
  const uid = task.live?.metadata.uid;
  return { propagation: propagationOf(operation.syncOptions ?? []), ...(uid ? { uid } : {}) };
}

type Run = Extract<Step, { readonly kind: 'run' }>;

/** Prunes in parallel, then applies kind after kind; a refused object does not stop the others of its wave. */
async function runWave(tasks: readonly SyncTask[], step: Run, input: StepInput, ports: SyncPorts): Promise<readonly SyncTask[]> {
  const done = new Map<SyncTask, SyncTask>();
  const record = async (task: SyncTask, act: typeof prune) => done.set(task, await settledBy(task, act, input, ports));
  await inParallel(step.prune, CONCURRENCY, (task) => record(task, prune));
  for (const group of step.apply) await inParallel(group, CONCURRENCY, (task) => record(task, apply));
  return carriedOut(tasks, done);
}

/** Somebody wrote at the same moment: so often it is tried again at once, for that is over as soon as it has happened. */
const CONFLICTS = 3;
const CONFLICT_MS = 100;

/** A refusal by the API server is the task's result; only what may go away by itself is thrown. */
async function settledBy(task: SyncTask, act: typeof prune, input: StepInput, ports: SyncPorts): Promise<SyncTask> {
  for (let tries = 1; ; tries += 1) {
    try {
      return withoutRequest(task, input.operation, input.operationId) ?? (await act(task, input, ports));
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      if (!(error instanceof Conflict) || tries === CONFLICTS) return refused(task, messageOf(error));
    }
    await sleep(CONFLICT_MS * tries);
  }
}

async function prune(task: SyncTask, input: StepInput, ports: SyncPorts): Promise<SyncTask> {
  if (task.live && !task.live.metadata.deletionTimestamp) {
    await ports.keep(task.live);
    await ports.cluster.delete(refOf(task), deletionOf(task, input));
  }
  return pruned(task, await ports.cluster.get(refOf(task)));
}

async function apply(task: SyncTask, input: StepInput, ports: SyncPorts): Promise<SyncTask> {
  const dryRun = input.operation.dryRun === true;
  const manifest = task.hook ? marked(ports.prepare(task), runMark(task, input.operationId)) : ports.prepare(task);
  if (dryRun) {
    await ports.cluster.apply(asSent(manifest), { dryRun });
    return applied(task, true);
  }
  const answer = await applyManifest(ports.cluster, manifest, task.live, keepsNamespace(task) ? NO_TAKE_OVER : ports.takeOver);
  const live = task.key.kind === 'CustomResourceDefinition' ? await established(task, answer, ports.cluster) : answer;
  return applied({ ...task, live, health: await ports.health(live) }, false);
}

/** A hook carries which operation ran it, so that a repeated step finds it again. */
function marked(manifest: Manifest, mark: string): Manifest {
  const annotations = { ...manifest.metadata.annotations, [HOOK_OPERATION]: mark };
  return { ...manifest, metadata: { ...manifest.metadata, annotations } };
}

/** Objects of a kind can be created once its definition is established: at most three seconds (spec/sync.md §4.2). */
async function established(task: SyncTask, applied: LiveObject, cluster: Cluster): Promise<LiveObject> {
  let live = applied;
  for (let polls = 0; polls < 30 && !isEstablished(live); polls += 1) {
    await sleep(100);
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
