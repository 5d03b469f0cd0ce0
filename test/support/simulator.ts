// A destination as a map of objects, and an invocation of the sync machine upon it: the real plan and the real nextStep, whose steps are
// carried out here in the order of lib/sync/run.ts. Nothing is asynchronous; time is a tick, and a worker can be lost at any action.
import { isDeepStrictEqual } from 'node:util';
import { type ComparisonRules, compare } from '../../lib/compare/compare.ts';
import { pairObjects } from '../../lib/compare/pair.ts';
import { ignoreRules } from '../../lib/compare/system-rules.ts';
import { resourceHealth } from '../../lib/health/health.ts';
import { FIELD_MANAGER, HOOK_OPERATION } from '../../lib/model/annotations.ts';
import { isHook } from '../../lib/model/hook.ts';
import { keyOf, keyText, type LiveObject, type ManagedFieldsEntry, type Manifest, type ResourceKey } from '../../lib/model/manifest.ts';
import type { OperationPhase, OperationState } from '../../lib/model/operation.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import { operationId, withRows } from '../../lib/reconcile/operation.ts';
import { nextStep, type Step, type StepInput } from '../../lib/sync/next.ts';
import { beginning, type PlanInput, planSync } from '../../lib/sync/plan.ts';
import { applied, carriedOut, pruned, refused, undeleted, withoutRequest } from '../../lib/sync/result.ts';
import { runMark, type SyncTask } from '../../lib/sync/task.ts';

export const INSTANCE = 'sample';

/** When every operation here begins, and when everything is applied. */
export const NOW = '2026-11-22T15:04:05Z';

const RULES: ComparisonRules = {
  application: `argocd/${INSTANCE}`,
  instanceName: INSTANCE,
  ignoreDifferences: ignoreRules(DEFAULT_RESOURCE_SETTINGS),
  syncOptions: [],
};

/** How the simulated API server and its controllers treat an object. Objects without a word here are as they were applied. */
export interface Nature {
  /** The API server's refusal of every apply and delete. */
  readonly refusal?: string | undefined;
  /** After so many ticks the object has this status, unless it has one already. */
  readonly settles?: { readonly ticks: number; readonly status: unknown } | undefined;
  /** Once deleted it stays for so many ticks. */
  readonly lingers?: number | undefined;
}

/** Thrown inside an invocation: the worker is gone, and what it had not saved with it. */
export class Lost extends Error {}

export class Simulator {
  readonly live = new Map<string, LiveObject>();
  /** Every object that came into being, as `<key> <mark of the operation>`. */
  readonly created: string[] = [];
  readonly #nature: (key: ResourceKey) => Nature;
  readonly #ages = new Map<string, number>();
  #uids = 0;

  constructor(objects: readonly LiveObject[], nature: (key: ResourceKey) => Nature = () => ({})) {
    this.#nature = nature;
    for (const object of objects) this.#put(object);
  }

  /** Throws what the API server would say of any write to the object. */
  check(key: ResourceKey): void {
    const { refusal } = this.#nature(key);
    if (refusal !== undefined) throw new Error(refusal);
  }

  apply(manifest: Manifest): LiveObject {
    const key = keyOf(manifest);
    this.check(key);
    const before = this.live.get(keyText(key));
    const metadata = { ...before?.metadata, ...manifest.metadata, managedFields: [applyRecord(manifest, NOW)] };
    if (before) return this.#set({ ...before, ...manifest, metadata });
    this.created.push(`${keyText(key)} ${manifest.metadata.annotations?.[HOOK_OPERATION] ?? ''}`.trim());
    return this.#put({ ...manifest, metadata });
  }

  delete(key: ResourceKey): void {
    this.check(key);
    const { lingers = 0 } = this.#nature(key);
    const before = this.live.get(keyText(key));
    if (!before) return;
    if (lingers === 0) this.live.delete(keyText(key));
    else this.#set({ ...before, metadata: { ...before.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    this.#ages.set(before.metadata.uid ?? '', 0);
  }

  /** Controllers come a little further. */
  tick(): void {
    for (const object of [...this.live.values()]) {
      const age = (this.#ages.get(object.metadata.uid ?? '') ?? 0) + 1;
      this.#ages.set(object.metadata.uid ?? '', age);
      const { settles, lingers = 0 } = this.#nature(keyOf(object));
      if (object.metadata.deletionTimestamp) {
        if (age >= lingers) this.live.delete(keyText(keyOf(object)));
      } else if (settles && object['status'] === undefined && age >= settles.ticks) this.#set({ ...object, status: settles.status });
    }
  }

  #put(object: LiveObject): LiveObject {
    this.#uids += 1;
    return this.#set({ ...object, metadata: { ...object.metadata, uid: `uid-${this.#uids}` } });
  }

  #set(object: LiveObject): LiveObject {
    this.live.set(keyText(keyOf(object)), object);
    return object;
  }
}

/** What the API server remembers of an apply, as far as the machine asks. */
export function applyRecord({ apiVersion }: Manifest, time: string): ManagedFieldsEntry {
  return { manager: FIELD_MANAGER, operation: 'Apply', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: {} };
}

/** What an invocation works from besides the cluster; only `state` is stored between invocations. */
export interface Sync extends Pick<PlanInput, 'destinationNamespace' | 'managedNamespaceMetadata'> {
  /** Resources and hooks, named and tracked. */
  readonly desired: readonly Manifest[];
  readonly state: OperationState;
  readonly deletionApproved: boolean;
  readonly refusals: ReadonlyMap<string, string>;
  readonly overdue?: boolean | undefined;
  readonly overBudget?: boolean | undefined;
}

export interface Invocation {
  /** The record as it was last saved. */
  readonly state: OperationState;
  /** Every step that was begun. */
  readonly steps: readonly Step[];
  /** `lost`: in the middle of it. */
  readonly end: 'finished' | 'waits' | 'lost';
}

/** A worker in the middle of an invocation. */
interface Worker {
  readonly sync: Sync;
  readonly cluster: Simulator;
  readonly action: (name: string) => void;
  readonly steps: Step[];
  state: OperationState;
}

/** Everything that the machine decides, with one `action` before each of its effects; an action may throw Lost. */
export function invoke(sync: Sync, cluster: Simulator, action: (name: string) => void = () => {}): Invocation {
  const worker: Worker = { sync, cluster, action, steps: [], state: sync.state };
  let end: Invocation['end'] = 'lost';
  try {
    end = advance(worker);
  } catch (error) {
    if (!(error instanceof Lost)) throw error;
  }
  return { state: worker.state, steps: worker.steps, end };
}

function advance(worker: Worker): 'finished' | 'waits' {
  let input = inputOf(worker);
  for (let waves = 0; ; waves += 1) {
    const { step, tasks } = nextStep(input);
    worker.steps.push(step);
    if (step.kind !== 'run') return close(worker, step, removeHooks(step, tasks, worker), input.phase);
    if (waves > 0) save(worker, tasks);
    input = { ...input, tasks: runWave(tasks, step, input, worker) };
  }
}

type Last = Exclude<Step, { kind: 'run' }>;

/** Rows are saved before hooks go; what may not be deleted is the hook's result. */
function removeHooks(step: Last, tasks: readonly SyncTask[], worker: Worker): readonly SyncTask[] {
  const hooks = hooksOf(step);
  if (hooks.length === 0) return tasks;
  save(worker, tasks);
  const refusals = new Map(hooks.flatMap((hook) => removal(hook, worker)));
  return refusals.size === 0 ? tasks : tasks.map((task) => refusals.get(task) ?? task);
}

function removal(hook: SyncTask, worker: Worker): readonly (readonly [SyncTask, SyncTask])[] {
  try {
    remove(hook, worker);
    return [];
  } catch (error) {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    return [[hook, undeleted(hook, error.message)]];
  }
}

/** The end of an invocation is saved with its message. */
function close(worker: Worker, step: Last, tasks: readonly SyncTask[], phase: OperationPhase): 'finished' | 'waits' {
  save(worker, tasks, { phase: step.kind === 'finish' ? step.phase : phase, message: step.message });
  return step.kind === 'finish' ? 'finished' : 'waits';
}

function save(worker: Worker, tasks: readonly SyncTask[], change: Partial<OperationState> = {}): void {
  worker.action('save');
  worker.state = { ...withRows(worker.state, tasks), ...change };
}

function hooksOf(step: Last): readonly SyncTask[] {
  if (step.kind === 'finish') return step.deleteHooks;
  return step.kind === 'deleteHooks' ? step.hooks : [];
}

function inputOf(worker: Worker): StepInput {
  const { sync, cluster } = worker;
  const { live } = cluster;
  const pairs = pairObjects(sync.desired, [...live.values()]);
  const comparison = compare(pairs, new Map(), RULES);
  const plan = { ...sync, comparison, hooks: sync.desired.filter(isHook), live };
  worker.state = beginning({ ...plan, operationState: worker.state });
  if (!isDeepStrictEqual(worker.state, sync.state)) worker.action('save');
  const { state } = worker;
  return {
    tasks: planSync({ ...plan, operationState: state }),
    phase: state.phase === 'Terminating' ? 'Terminating' : 'Running',
    operation: state.operation.sync ?? {},
    operationId: operationId(state),
    refusals: sync.refusals,
    deletionApproved: sync.deletionApproved,
    overdue: sync.overdue ?? false,
    overBudget: sync.overBudget ?? false,
  };
}

type Run = Extract<Step, { kind: 'run' }>;

function runWave(tasks: readonly SyncTask[], step: Run, input: StepInput, worker: Worker): readonly SyncTask[] {
  const done = new Map<SyncTask, SyncTask>();
  for (const task of [...step.prune, ...step.apply.flat()]) done.set(task, carryOut(task, input, worker));
  return carriedOut(tasks, done);
}

function carryOut(task: SyncTask, input: StepInput, worker: Worker): SyncTask {
  const free = withoutRequest(task, input.operation, input.operationId);
  if (free) return free;
  try {
    return task.target ? apply(task, task.target, input, worker) : pruned(task, remove(task, worker));
  } catch (error) {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    return refused(task, error.message);
  }
}

function apply(task: SyncTask, target: Manifest, input: StepInput, { cluster, action }: Worker): SyncTask {
  action(`apply ${keyText(task.key)}`);
  cluster.check(task.key);
  if (input.operation.dryRun) return applied(task, true);
  const mark = task.hook ? { [HOOK_OPERATION]: runMark(task, input.operationId) } : {};
  const live = cluster.apply({ ...target, metadata: { ...target.metadata, annotations: { ...target.metadata.annotations, ...mark } } });
  return applied({ ...task, live, health: resourceHealth(live) }, false);
}

function remove(task: SyncTask, { cluster, action }: Worker): LiveObject | undefined {
  action(`delete ${keyText(task.key)}`);
  if (!task.live?.metadata.deletionTimestamp) cluster.delete(task.key);
  return cluster.live.get(keyText(task.key));
}
