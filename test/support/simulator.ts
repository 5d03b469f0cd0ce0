// A destination as a map of objects, and an invocation of the sync machine upon it: the real plan and the real nextStep, whose steps are
// carried out here in the order of lib/sync/run.ts. Nothing is asynchronous; time is a tick, and a worker can be lost at any action.
import { isDeepStrictEqual } from 'node:util';
import { type ComparisonRules, compare } from '../../lib/compare/compare.ts';
import { managedNamespace } from '../../lib/compare/managed-namespace.ts';
import { pairObjects } from '../../lib/compare/pair.ts';
import { ignoreRules } from '../../lib/compare/system-rules.ts';
import { resourceHealth } from '../../lib/health/health.ts';
import { FIELD_MANAGER, HOOK_FINALIZER, HOOK_OPERATION } from '../../lib/model/annotations.ts';
import { Unprocessable } from '../../lib/model/errors.ts';
import { held, isHeld, isHook } from '../../lib/model/hook.ts';
import { keyOf, keyText, type LiveObject, type ManagedFieldsEntry, type Manifest, type ResourceKey } from '../../lib/model/manifest.ts';
import type { OperationPhase, OperationState } from '../../lib/model/operation.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import { DEFAULT_TRACKING } from '../../lib/model/tracking.ts';
import { operationId, withRows } from '../../lib/reconcile/operation.ts';
import { mayCome, postponed, unchecked, withoutKind, withoutNamespace } from '../../lib/sync/kind.ts';
import { givenRoom, unchanged } from '../../lib/sync/make-room.ts';
import { nextStep } from '../../lib/sync/next.ts';
import { beginning, leftHooks, type PlanInput, planSync } from '../../lib/sync/plan.ts';
import { givenUp, isInPlace, withoutOld } from '../../lib/sync/recreate.ts';
import { applied, carriedOut, foreseen, pruned, refused, undeleted, unreleased, verbOf, withoutRequest } from '../../lib/sync/result.ts';
import { endOf, type Step, type StepInput } from '../../lib/sync/step.ts';
import { isEarlierRun, runMark, type SyncTask } from '../../lib/sync/task.ts';
import { wayOf } from '../../lib/sync/way.ts';

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
  /** So many ticks after it has a status it is deleted by itself. */
  readonly ttl?: number | undefined;
  /** The API server's refusal to take a finalizer off. */
  readonly unreleasable?: string | undefined;
  /** The API server's refusal of every change of what is there. */
  readonly fixed?: string | undefined;
  /** The API server's refusal to delete it. */
  readonly undeletable?: string | undefined;
  /** The API server's refusal to create it. */
  readonly uncreatable?: string | undefined;
  /** Its kind is not served, and not before its definition is. */
  readonly unserved?: boolean | undefined;
  /** The version in which its kind is served instead. */
  readonly otherVersion?: string | undefined;
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
  /** Milliseconds since the epoch. */
  now: number;

  constructor(objects: readonly LiveObject[], nature: (key: ResourceKey) => Nature = () => ({}), now = Date.parse(NOW)) {
    this.#nature = nature;
    this.now = now;
    for (const object of objects) this.#put(object);
  }

  /** Throws what the API server would say of any write to the object. */
  check(key: ResourceKey): void {
    const { refusal } = this.#nature(key);
    if (refusal !== undefined) throw new Error(refusal);
  }

  /** Why the object could not be created were it not there. */
  creationRefusal(key: ResourceKey): string | undefined {
    return this.#nature(key).uncreatable;
  }

  /** The version in which the object's kind is served; undefined when it is not. */
  servedVersion(task: SyncTask): string | undefined {
    const { unserved, otherVersion } = this.#nature(task.key);
    if (otherVersion !== undefined) return otherVersion;
    return unserved && ![...this.live.values()].some((live) => defines(live, task.key)) ? undefined : task.version;
  }

  apply(manifest: Manifest, whole = false): LiveObject {
    const key = keyOf(manifest);
    this.check(key);
    const before = this.live.get(keyText(key));
    const record = applyRecord(manifest, new Date(this.now).toISOString());
    if (before?.metadata.deletionTimestamp && isHeld(manifest) && !isHeld(before)) {
      throw new Unprocessable('no new finalizers can be added if the object is being deleted');
    }
    if (before) return this.#set(recorded(this.changed(before, manifest, whole), record));
    const { uncreatable } = this.#nature(key);
    if (uncreatable !== undefined) throw new Unprocessable(uncreatable);
    this.created.push(`${keyText(key)} ${manifest.metadata.annotations?.[HOOK_OPERATION] ?? ''}`.trim());
    const metadata = { ...manifest.metadata, creationTimestamp: new Date(this.now).toISOString() };
    return this.#put(recorded({ ...manifest, metadata, ...firstStatus(manifest) }, record));
  }

  /** What becomes of an object. Throws Unprocessable for a change of what may not be changed. */
  changed(before: LiveObject, manifest: Manifest, whole: boolean): LiveObject {
    const { status } = before;
    const kept = status === undefined ? {} : { status };
    const after = whole
      ? { ...kept, ...manifest, metadata: { ...manifest.metadata, ...incarnation(before) } }
      : { ...before, ...manifest, metadata: { ...before.metadata, ...manifest.metadata } };
    const { fixed } = this.#nature(keyOf(manifest));
    if (fixed !== undefined && !isDeepStrictEqual(recorded(after), recorded(before))) throw new Unprocessable(fixed);
    return after;
  }

  delete(key: ResourceKey): void {
    this.check(key);
    const { lingers = 0, undeletable } = this.#nature(key);
    if (undeletable !== undefined) throw new Error(undeletable);
    const before = this.live.get(keyText(key));
    if (before) this.#leave(before, lingers);
  }

  /** Takes the finalizer of hooks off. */
  release(key: ResourceKey): void {
    this.check(key);
    const { unreleasable } = this.#nature(key);
    if (unreleasable !== undefined) throw new Error(unreleasable);
    const before = this.live.get(keyText(key));
    if (!before) return;
    const { finalizers = [], ...metadata } = before.metadata;
    const left = finalizers.filter((name) => name !== HOOK_FINALIZER);
    this.#set({ ...before, metadata: left.length > 0 ? { ...metadata, finalizers: left } : metadata });
    if (metadata.deletionTimestamp) this.#goneAfter(before, this.#nature(key).lingers ?? 0);
  }

  /** Controllers come a little further. */
  tick(): void {
    this.now += 1000;
    for (const object of [...this.live.values()]) this.#age(object);
  }

  #age(object: LiveObject): void {
    const { uid = '', deletionTimestamp } = object.metadata;
    const age = (this.#ages.get(uid) ?? 0) + 1;
    this.#ages.set(uid, age);
    const { settles, ttl, lingers = 0 } = this.#nature(keyOf(object));
    if (deletionTimestamp) {
      this.#goneAfter(object, lingers);
      return;
    }
    const isDue = settles && !hasSettled(object) && age >= settles.ticks;
    const settled = isDue ? this.#set({ ...object, status: settles.status }) : object;
    const isOver = hasSettled(settled) && ttl !== undefined && age >= (settles?.ticks ?? 0) + ttl;
    if (isOver) this.#leave(settled, lingers);
  }

  /** It is on its way, unless nothing keeps it. */
  #leave(object: LiveObject, lingers: number): void {
    const leaving = { ...object, metadata: { ...object.metadata, deletionTimestamp: new Date(this.now).toISOString() } };
    this.#ages.set(object.metadata.uid ?? '', 0);
    this.#set(leaving);
    this.#goneAfter(leaving, lingers);
  }

  #goneAfter(object: LiveObject, lingers: number): void {
    const key = keyText(keyOf(object));
    const held = isHeld(this.live.get(key) ?? object);
    if (!held && (this.#ages.get(object.metadata.uid ?? '') ?? 0) >= lingers) this.live.delete(key);
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

const FIRST_STATUS: Readonly<Record<string, unknown>> = {
  CustomResourceDefinition: { conditions: [{ type: 'Established', status: 'True' }] },
  PersistentVolumeClaim: { phase: 'Pending' },
};

/** What an object has from the moment when it is created, or a little after: that long is waited for on the spot. */
function firstStatus({ kind }: Manifest): { readonly status?: unknown } {
  return kind in FIRST_STATUS ? { status: FIRST_STATUS[kind] } : {};
}

function hasSettled({ kind, status }: LiveObject): boolean {
  return status !== undefined && !isDeepStrictEqual(status, FIRST_STATUS[kind]);
}

/** What the API server remembers of an apply, as far as the machine asks. */
export function applyRecord({ apiVersion }: Manifest, time: string): ManagedFieldsEntry {
  return { manager: FIELD_MANAGER, operation: 'Apply', apiVersion, time, fieldsType: 'FieldsV1', fieldsV1: {} };
}

/** The object with this record of applies, or with none. */
function recorded(object: LiveObject, record?: ManagedFieldsEntry): LiveObject {
  const { managedFields: _before, ...metadata } = object.metadata;
  return { ...object, metadata: record ? { ...metadata, managedFields: [record] } : metadata };
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
    if (step.kind === 'finish' || step.kind === 'wait' || step.kind === 'deleteHooks') {
      return close(worker, step, removeHooks(step, tasks, worker), input.phase);
    }
    if (waves > 0 || step.kind !== 'run') save(worker, tasks);
    input = { ...input, tasks: taken(step, tasks, input, worker) };
  }
}

type Last = Extract<Step, { kind: 'finish' | 'wait' | 'deleteHooks' }>;

function taken(step: Exclude<Step, Last>, tasks: readonly SyncTask[], input: StepInput, worker: Worker): readonly SyncTask[] {
  if (step.kind === 'run') return runWave(tasks, step, input, worker);
  if (step.kind === 'recreate') return makeRoom(tasks, step.tasks, worker);
  return carriedOut(tasks, new Map(step.hooks.map((task) => [task, withoutHold(task, worker)])));
}

function withoutHold(task: SyncTask, worker: Worker): SyncTask {
  try {
    release(task, worker);
    return { ...task, live: worker.cluster.live.get(keyText(task.key)) };
  } catch (error) {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    return unreleased(task, error.message);
  }
}

function makeRoom(tasks: readonly SyncTask[], due: readonly SyncTask[], worker: Worker): readonly SyncTask[] {
  const done = new Map(due.map((task) => [task, withoutLive(task, worker)]));
  return carriedOut(tasks, done);
}

function withoutLive(task: SyncTask, worker: Worker): SyncTask {
  try {
    return withoutOld(task, remove(task, worker));
  } catch (error) {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    return refused(task, `not deleted: ${error.message}`);
  }
}

/** Rows are saved before hooks go or are let go; what may not be is the hook's result. */
function removeHooks(step: Last, tasks: readonly SyncTask[], worker: Worker): readonly SyncTask[] {
  const hooks = step.kind === 'finish' ? step.deleteHooks : step.kind === 'deleteHooks' ? step.hooks : [];
  const free = step.kind === 'finish' ? step.release : [];
  if (hooks.length + free.length === 0) return tasks;
  save(worker, tasks);
  const done = new Map([
    ...hooks.flatMap((hook) => removal(hook, worker)),
    ...free.map((hook) => [hook, withoutHold(hook, worker)] as const),
  ]);
  return tasks.map((task) => done.get(task) ?? task);
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
  save(worker, tasks, step.kind === 'finish' ? endOf(step, tasks) : { phase, message: step.message });
  return step.kind === 'finish' ? 'finished' : 'waits';
}

function save(worker: Worker, tasks: readonly SyncTask[], change: Partial<OperationState> = {}): void {
  worker.action('save');
  worker.state = { ...withRows(worker.state, tasks), ...change };
}

function inputOf(worker: Worker): StepInput {
  const { sync, cluster } = worker;
  const { live, now } = cluster;
  const pairs = pairObjects([...sync.desired, ...keptNamespace(sync, live.values())], [...live.values()]);
  const comparison = compare(pairs, new Map(), RULES);
  const plan = { ...sync, comparison, hooks: sync.desired.filter(isHook), live };
  worker.state = beginning({ ...plan, operationState: worker.state });
  if (!isDeepStrictEqual(worker.state, sync.state)) worker.action('save');
  const { state } = worker;
  const tasks = planSync({ ...plan, operationState: state });
  return {
    tasks,
    left: leftHooks(comparison, tasks),
    phase: state.phase === 'Terminating' ? 'Terminating' : 'Running',
    operation: state.operation.sync ?? {},
    startedAt: Date.parse(state.startedAt),
    operationId: operationId(state),
    refusals: sync.refusals,
    deletionApproved: sync.deletionApproved,
    overdue: sync.overdue ?? false,
    overBudget: sync.overBudget ?? false,
    now,
  };
}

function keptNamespace({ desired, destinationNamespace, managedNamespaceMetadata }: Sync, live: Iterable<LiveObject>): readonly Manifest[] {
  const destination = { namespace: destinationNamespace };
  const spec = { project: 'default', destination, syncPolicy: { managedNamespaceMetadata } };
  return managedNamespace({ spec }, desired, live, { instance: INSTANCE, tracking: DEFAULT_TRACKING, namespace: destinationNamespace });
}

type Run = Extract<Step, { kind: 'run' }>;

function runWave(tasks: readonly SyncTask[], step: Run, input: StepInput, worker: Worker): readonly SyncTask[] {
  const done = new Map<SyncTask, SyncTask>();
  for (const task of [...step.prune, ...step.apply.flat()]) {
    done.set(task, carryOut(task, { ...input, tasks: carriedOut(tasks, done) }, worker));
  }
  return carriedOut(tasks, done);
}

function carryOut(task: SyncTask, input: StepInput, worker: Worker): SyncTask {
  const free = withoutRequest(task, input, input.operationId);
  if (free) return free;
  try {
    return task.target ? apply(task, task.target, input, worker) : pruned(task, remove(task, worker));
  } catch (error) {
    if (error instanceof Lost || !(error instanceof Error)) throw error;
    return refused(task, `${givenUp(task) === undefined ? '' : 'deleted, but not created again: '}${error.message}`);
  }
}

function apply(task: SyncTask, target: Manifest, input: StepInput, worker: Worker): SyncTask {
  const { cluster, action } = worker;
  const kept = unservedKind(task, input, cluster) ?? withoutNamespace(task, input);
  if (kept) return kept;
  action(`apply ${keyText(task.key)}`);
  const way = wayOf(task, input);
  const refusal = cluster.creationRefusal(task.key);
  if (input.operation.dryRun && isEarlierRun(task, input.operationId)) return foreseen(task, refusal);
  if (way.replace && way.force && isInPlace(task)) return givenRoom(task, input, refusal);
  try {
    return send(task, target, input, cluster);
  } catch (error) {
    if (!(error instanceof Unprocessable && isInPlace(task))) throw error;
    return unchanged(task, input, error.message, refusal);
  }
}

function send(task: SyncTask, target: Manifest, input: StepInput, cluster: Simulator): SyncTask {
  const way = wayOf(task, input);
  const verb = verbOf(task, way);
  cluster.check(task.key);
  if (input.operation.dryRun) {
    if (task.live) cluster.changed(task.live, target, way.replace);
    return applied(task, true, verb);
  }
  const mark = task.hook ? { [HOOK_OPERATION]: runMark(task, input.operationId) } : {};
  const manifest = { ...target, metadata: { ...target.metadata, annotations: { ...target.metadata.annotations, ...mark } } };
  const live = cluster.apply(task.hook ? held(manifest) : manifest, way.replace);
  return applied({ ...task, live, health: resourceHealth(live) }, false, verb);
}

function unservedKind(task: SyncTask, { tasks, operation }: StepInput, cluster: Simulator): SyncTask | undefined {
  const served = cluster.servedVersion(task);
  if (served === task.version) return undefined;
  const waits = mayCome(task, tasks, operation) ? (operation.dryRun ? unchecked(task) : postponed(task, cluster.now)) : undefined;
  return waits ?? withoutKind(task, served);
}

function incarnation({ metadata: { uid, creationTimestamp } }: LiveObject): Pick<LiveObject['metadata'], 'uid' | 'creationTimestamp'> {
  return { ...(uid && { uid }), ...(creationTimestamp && { creationTimestamp }) };
}

function defines(live: LiveObject, key: ResourceKey): boolean {
  const spec = live['spec'] as { readonly group?: unknown; readonly names?: { readonly kind?: unknown } } | undefined; // as cases have it
  return live.kind === 'CustomResourceDefinition' && spec?.group === key.group && spec.names?.kind === key.kind;
}

function remove(task: SyncTask, worker: Worker): LiveObject | undefined {
  const { cluster, action } = worker;
  release(task, worker);
  if (!task.live?.metadata.deletionTimestamp) {
    action(`delete ${keyText(task.key)}`);
    cluster.delete(task.key);
  }
  return cluster.live.get(keyText(task.key));
}

function release({ key, live }: SyncTask, { cluster, action }: Worker): void {
  if (!live || !isHeld(live)) return;
  action(`release ${keyText(key)}`);
  cluster.release(key);
}
