// advanceSync: the story around nextStep. It does what a step says until the operation waits or ends; `carryOut` does what its tasks ask for.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationPhase } from '../model/operation.ts';
import type { Clock, Cluster } from '../ports.ts';
import { carryOut, refusalBy, refusedDeletion, type TaskPorts, withoutLive } from './carry-out.ts';
import { UNDER_WAY } from './message.ts';
import { nextStep } from './next.ts';
import { inParallel } from './parallel.ts';
import { released } from './release.ts';
import { carriedOut, undeleted, unreleased } from './result.ts';
import { endOf, type Step, type StepInput } from './step.ts';
import type { SyncTask } from './task.ts';

export interface SyncPorts extends TaskPorts {
  /** Throws Conflict when somebody else has gone on with the operation since it was read, or it is over. */
  readonly confirm: () => Promise<void>;
  /** Writes the rows down, fenced: throws Conflict when the operation is no longer the current one. */
  readonly save: (tasks: readonly SyncTask[]) => Promise<void>;
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
 * Rows are saved before the next wave and before anything is deleted that is not pruned, so that a worker that is lost never leaves a step
 * half known; before the first wave it is asked whether the record is still the one that was read, for a worker that was overtaken must
 * apply nothing.
 */
export async function advanceSync(input: StepInput, ports: SyncPorts, deadline: number): Promise<SyncOutcome> {
  await hasBegun(input, ports.clock);
  let tasks = input.tasks;
  for (let waves = 0; ; waves += 1) {
    const next = nextStep({ ...input, tasks });
    const { step } = next;
    if (isLast(step)) return outcomeOf(step, await removeHooks(step, next.tasks, input, ports), input);
    await (waves > 0 || step.kind !== 'run' ? ports.save(next.tasks) : ports.confirm());
    // One step is taken however late it is: else a look that takes all its time would be followed by others for ever.
    if (waves > 0 && ports.clock() >= deadline) return interrupted(next.tasks, input);
    tasks = await taken(step, next.tasks, input, ports);
  }
}

const SECOND_MS = 1000;

/**
 * The cluster's times are whole seconds. An operation that follows another within the same one begins with the next, and does nothing before:
 * what it sends or creates would pass for the other's.
 */
async function hasBegun({ startedAt }: StepInput, clock: Clock): Promise<void> {
  const left = Math.min(startedAt - clock(), SECOND_MS);
  if (left > 0) await sleep(left);
}

type Last = Extract<Step, { readonly kind: 'finish' | 'wait' | 'deleteHooks' }>;
type Inner = Exclude<Step, Last>;

function isLast(step: Step): step is Last {
  return step.kind === 'finish' || step.kind === 'wait' || step.kind === 'deleteHooks';
}

function taken(step: Inner, tasks: readonly SyncTask[], input: StepInput, ports: SyncPorts): Promise<readonly SyncTask[]> {
  switch (step.kind) {
    case 'run':
      return runWave(tasks, step, input, ports);
    case 'recreate':
      return makeRoom(tasks, step.tasks, input, ports);
    case 'release':
      return letGo(tasks, step.hooks, ports);
  }
}

function outcomeOf(step: Last, tasks: readonly SyncTask[], { phase }: StepInput): SyncOutcome {
  if (step.kind === 'finish') return { tasks, ...endOf(step, tasks), afterSeconds: undefined };
  return { tasks, phase, message: step.message, afterSeconds: step.kind === 'wait' ? step.afterSeconds : 1 };
}

function interrupted(tasks: readonly SyncTask[], { phase }: StepInput): SyncOutcome {
  return { tasks, phase, message: UNDER_WAY, afterSeconds: 0 };
}

/** Deletes what is to be created again; what takes long to go is waited for by the machine. The rows that tell of it are saved. */
async function makeRoom(
  tasks: readonly SyncTask[],
  due: readonly SyncTask[],
  input: StepInput,
  ports: SyncPorts,
): Promise<readonly SyncTask[]> {
  const done = new Map<SyncTask, SyncTask>();
  await inParallel(due, CONCURRENCY, async (task) => done.set(task, await withoutLive(task, input, ports)));
  return carriedOut(tasks, done);
}

/** Hooks that have ended are let go. The rows that tell of it are saved. */
async function letGo(tasks: readonly SyncTask[], hooks: readonly SyncTask[], { cluster }: SyncPorts): Promise<readonly SyncTask[]> {
  const done = new Map<SyncTask, SyncTask>();
  await inParallel(hooks, CONCURRENCY, async (task) => done.set(task, await withoutHold(task, cluster)));
  return carriedOut(tasks, done);
}

/** The task with what is there of its hook once that is let go, or with the refusal. */
async function withoutHold(task: SyncTask, cluster: Cluster): Promise<SyncTask> {
  let { live } = task;
  const refusal = await refusalBy(async () => {
    live = live && (await released(cluster, live));
  });
  return refusal === undefined ? { ...task, live } : unreleased(task, refusal);
}

/**
 * Deletes and lets go what a last step says. A hook's object is the proof of its end, so the rows that tell of it are saved first. Only
 * the run that was seen is deleted. Returns the tasks, with the refusals among them when there were any.
 */
async function removeHooks(step: Last, tasks: readonly SyncTask[], input: StepInput, ports: SyncPorts): Promise<readonly SyncTask[]> {
  const [hooks, release] = removalsOf(step);
  if (hooks.length + release.length === 0) return tasks;
  await ports.save(tasks);
  const done = new Map<SyncTask, SyncTask>();
  const work = [...hooks.map((task) => ({ task, goes: true })), ...release.map((task) => ({ task, goes: false }))];
  await inParallel(work, CONCURRENCY, async ({ task, goes }) => {
    if (!goes) return void done.set(task, await withoutHold(task, ports.cluster));
    const refusal = await refusedDeletion(task, input, ports.cluster);
    if (refusal !== undefined) done.set(task, undeleted(task, refusal));
  });
  return done.size === 0 ? tasks : tasks.map((task) => done.get(task) ?? task);
}

/** The hooks that a last step deletes, and those that it only lets go. */
function removalsOf(step: Last): readonly [readonly SyncTask[], readonly SyncTask[]] {
  if (step.kind === 'wait') return [[], []];
  return step.kind === 'finish' ? [step.deleteHooks, step.release] : [step.hooks, []];
}

type Run = Extract<Step, { readonly kind: 'run' }>;

/** Prunes in parallel, then applies kind after kind; a refused object does not stop the others of its wave. */
async function runWave(tasks: readonly SyncTask[], step: Run, input: StepInput, ports: SyncPorts): Promise<readonly SyncTask[]> {
  const done = new Map<SyncTask, SyncTask>();
  for (const group of [step.prune, ...step.apply]) {
    const now = { ...input, tasks: carriedOut(tasks, done) };
    await inParallel(group, CONCURRENCY, async (task) => done.set(task, await carryOut(task, now, ports)));
  }
  return carriedOut(tasks, done);
}
