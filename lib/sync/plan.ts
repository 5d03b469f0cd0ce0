// planSync: operation x comparison -> the ordered tasks, with the rows recorded so far put back on them (spec/sync.md §2).
import { isDeepStrictEqual } from 'node:util';
import { namespaceManifest } from '../compare/managed-namespace.ts';
import { resourceHealth } from '../health/health.ts';
import { FIELD_MANAGER } from '../model/annotations.ts';
import type { SyncPolicy } from '../model/application.ts';
import type { Comparison, ResourceComparison } from '../model/comparison.ts';
import { hookPhases, isHeld, isHook, isSkipped } from '../model/hook.ts';
import { entriesOf } from '../model/managed-fields.ts';
import { keyOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';
import { isAsked, type OperationState, type ResourceResult, type SyncOperation, type SyncPhase } from '../model/operation.ts';
import type { ScriptedHealth } from '../model/script.ts';
import { hasOption, objectOptions } from '../model/sync-options.ts';
import { waveOf } from '../model/wave.ts';
import { kindIndex, PHASE_ORDER } from './order.ts';
import { reversedWaves, withPruneWaves } from './prune-waves.ts';
import { isUnsuccessful, recordedTask, rowId, type SyncTask, taskId } from './task.ts';

export interface PlanInput {
  readonly operationState: OperationState;
  readonly comparison: Comparison;
  /** Hooks from Git, named (`hookName`); the comparison knows them only while a live object exists. */
  readonly hooks: readonly Manifest[];
  /** What the cluster has, by `keyText`. */
  readonly live: ReadonlyMap<string, LiveObject>;
  /** What scripts said of live objects, by `keyText`. */
  readonly scripted?: ReadonlyMap<string, ScriptedHealth> | undefined;
  readonly destinationNamespace: string;
  readonly managedNamespaceMetadata?: SyncPolicy['managedNamespaceMetadata'];
}

/** All tasks of the operation, in the order in which they run. */
export function planSync(input: PlanInput): readonly SyncTask[] {
  const sync = input.operationState.operation.sync ?? {};
  const hooked = !isPartial(sync) && !sync.syncStrategy?.apply;
  const hooks = hooked ? input.hooks.flatMap((hook) => hookTasks(hook, input)) : [];
  const found = [...createdNamespace(input, sync), ...resourceTasks(input), ...hooks];
  const tasks = pruneLast(reversePruneWaves(found, input.operationState), sync);
  const planned = bubble([...tasks].sort(byOrder), input.destinationNamespace).map((task) => restored(task, input.operationState));
  const ordered = [...failures(input.operationState, planned), ...planned];
  const onlyOutOfSync = hasOption(sync.syncOptions ?? [], 'ApplyOutOfSyncOnly=true');
  return onlyOutOfSync ? ordered.filter(isWorthApplying) : ordered;
}

/** The record with what has to be known of the plan before its first object goes; one that has rows was made with it. */
export function beginning(input: PlanInput): OperationState {
  const { operationState: state } = input;
  const begins = (state.syncResult?.resources ?? []).length === 0;
  return begins ? withPruneWaves(state, wavesOfPruned(resourceTasks(input))) : state;
}

/**
 * Live hooks of the Application that an earlier operation left held, and that none of `tasks` is about: Git has them no more, or this
 * operation runs no hooks. Each as a task that has no row and asks for nothing.
 */
export function leftHooks({ resources }: Comparison, tasks: readonly SyncTask[]): readonly SyncTask[] {
  const known = new Set(tasks.map(({ key }) => keyText(key)));
  const left = resources.filter(({ key, hook, requiresPruning }) => hook && requiresPruning && !known.has(keyText(key)));
  return left.flatMap(({ key, version, live, health }) => {
    if (!live || !isHeld(live)) return [];
    const nothing = { target: undefined, settled: false, sent: false, result: undefined };
    return [{ key, version, phase: 'Sync' as const, wave: 0, live, health, hook: true, rowNamespace: key.namespace, ...nothing }];
  });
}

/** What is unchanged is left out, unless this very operation made it so: then it is still waited for. */
function isWorthApplying({ settled, result, sent }: SyncTask): boolean {
  return !settled || result !== undefined || sent;
}

/** Whether an object was last applied since the operation began (to the second: it may have been right before). */
function isSent(live: LiveObject | undefined, { startedAt, operation }: OperationState): boolean {
  if (!live || operation.sync?.dryRun === true) return false;
  return entriesOf(live, FIELD_MANAGER, 'Apply').some(({ time = '' }) => Date.parse(time) >= Date.parse(startedAt));
}

function wavesOfPruned(tasks: readonly SyncTask[]): readonly number[] {
  return tasks.filter(({ target }) => !target).map(({ wave }) => wave);
}

function isPartial({ resources = [] }: SyncOperation): boolean {
  return resources.length > 0;
}

function resourceTasks(input: PlanInput): readonly SyncTask[] {
  const sync = input.operationState.operation.sync ?? {};
  const rows = input.comparison.resources.filter((row) => takesPart(row) && !isKeptNamespace(row, input) && isAsked(row.key, sync));
  return rows.map((row) => resourceTask(row, input));
}

/** Whether the row is about the Namespace that Git does not name and whose metadata is managed: `createdNamespace` has its task. */
function isKeptNamespace({ target }: ResourceComparison, { destinationNamespace, managedNamespaceMetadata }: PlanInput): boolean {
  return target !== undefined && isDeepStrictEqual(target, namespaceManifest(destinationNamespace, managedNamespaceMetadata));
}

/** Hooks, skipped objects and objects whose tracking speaks of another one stay out (spec/sync.md §2). Git decides, where it names the object. */
function takesPart(row: ResourceComparison): boolean {
  if (row.target) return !isHook(row.target) && !isSkipped(row.target);
  return row.requiresPruning && row.live !== undefined && !isHook(row.live) && !isSkipped(row.live);
}

function resourceTask(row: ResourceComparison, input: PlanInput): SyncTask {
  const { key, version, target, live, health, settled, leftAlone } = row;
  const rowNamespace = target ? key.namespace || input.destinationNamespace : key.namespace;
  const wave = waveOf(target ?? live ?? { apiVersion: '', kind: '', metadata: {} });
  const sent = settled && isSent(live, input.operationState);
  return {
    key,
    version,
    phase: 'Sync',
    wave,
    target,
    live,
    health,
    hook: false,
    settled,
    leftAlone,
    sent,
    rowNamespace,
    result: undefined,
  };
}

/**
 * The destination namespace, where Git does not name it and the operation is to create it, or the comparison keeps its metadata
 * (spec/sync.md §6.1). It is not tracked.
 */
function createdNamespace(input: PlanInput, sync: SyncOperation): readonly SyncTask[] {
  const name = input.destinationNamespace;
  const key = { group: '', kind: 'Namespace', namespace: '', name };
  const creates = hasOption(sync.syncOptions ?? [], 'CreateNamespace=true');
  const isKept = isAsked(key, sync) && input.comparison.resources.some((row) => isKeptNamespace(row, input));
  if (name === '' || !(creates || isKept)) return [];
  const live = input.live.get(keyText(key));
  const metadata = input.managedNamespaceMetadata;
  const inGit = input.comparison.resources.some(
    (row) => row.target && !isHook(row.target) && !isKeptNamespace(row, input) && keyText(row.key) === keyText(key),
  );
  const sent = !metadata && isSent(live, input.operationState);
  if (inGit || (live && !metadata && !sent)) return [];
  const target = namespaceManifest(name, metadata);
  const health = live && resourceHealth(live);
  const task = { key, version: 'v1', phase: 'PreSync', wave: 0, target, live, health, hook: false, createsNamespace: true } as const;
  return [{ ...task, settled: sent, sent, rowNamespace: '', result: undefined }];
}

function hookTasks(hook: Manifest, input: PlanInput): readonly SyncTask[] {
  return hookPhases(hook).map((phase) => hookTask(hook, phase, input));
}

function hookTask(hook: Manifest, phase: SyncPhase, input: PlanInput): SyncTask {
  const key = keyOf(hook);
  const live = input.live.get(keyText(key));
  const slash = hook.apiVersion.indexOf('/');
  return {
    key,
    version: hook.apiVersion.slice(slash + 1),
    phase,
    wave: waveOf(hook),
    target: hook,
    live,
    health: live && resourceHealth(live, input.scripted?.get(keyText(key))),
    hook: true,
    settled: false,
    sent: false,
    rowNamespace: key.namespace || input.destinationNamespace,
    result: undefined,
  };
}

function reversePruneWaves(tasks: readonly SyncTask[], state: OperationState): readonly SyncTask[] {
  const swapped = reversedWaves(state, wavesOfPruned(tasks));
  return tasks.map((task) => (task.target ? task : { ...task, wave: swapped.get(task.wave) ?? task.wave }));
}

function pruneLast(tasks: readonly SyncTask[], sync: SyncOperation): readonly SyncTask[] {
  const last = Math.max(0, ...tasks.filter((task) => task.phase === 'Sync').map((task) => task.wave)) + 1;
  const whole = hasOption(sync.syncOptions ?? [], 'PruneLast=true');
  const goesLast = (task: SyncTask) => !task.target && (whole || hasOption(objectOptions(task.live), 'PruneLast=true'));
  return tasks.map((task) => (goesLast(task) ? { ...task, wave: last } : task));
}

function byOrder(a: SyncTask, b: SyncTask): number {
  return (
    PHASE_ORDER[a.phase] - PHASE_ORDER[b.phase] ||
    a.wave - b.wave ||
    kindIndex(a.key.kind) - kindIndex(b.key.kind) ||
    compareText(a.key.name, b.key.name) ||
    compareText(taskId(a), taskId(b))
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A Namespace moves before the first task that lives in it, a CRD before the first object of its kind (spec/sync.md §2.3). */
function bubble(tasks: readonly SyncTask[], destinationNamespace: string): readonly SyncTask[] {
  const ordered = [...tasks];
  for (const needed of tasks.filter((task) => task.target && isNeededByOthers(task))) {
    const from = ordered.indexOf(needed);
    const to = ordered.findIndex((task) => task !== needed && task.target && needs(task, needed, destinationNamespace));
    const first = ordered[to];
    if (!first || to > from) continue;
    ordered.splice(from, 1);
    ordered.splice(to, 0, { ...needed, phase: first.phase, wave: first.wave });
  }
  return ordered;
}

function isNeededByOthers({ key }: SyncTask): boolean {
  return (key.group === '' && key.kind === 'Namespace') || key.kind === 'CustomResourceDefinition';
}

function needs(task: SyncTask, needed: SyncTask, destinationNamespace: string): boolean {
  if (needed.key.kind === 'Namespace') return (task.key.namespace || destinationNamespace) === needed.key.name;
  return definesKind(needed, task);
}

/** Whether one task creates the definition of the other's kind. */
export function definesKind(definition: SyncTask, task: SyncTask): boolean {
  if (definition.key.kind !== 'CustomResourceDefinition') return false;
  const spec = definition.target?.['spec'] as { readonly group?: unknown; readonly names?: { readonly kind?: unknown } } | undefined; // a CRD as people write it
  return task.key.group === spec?.group && task.key.kind === spec?.names?.kind;
}

/** What failed stays failed when its object goes, or leaves Git: a task that holds its row, and nothing to do. */
function failures(state: OperationState, planned: readonly SyncTask[]): readonly SyncTask[] {
  const known = new Set(planned.map(taskId));
  const rows = (state.syncResult?.resources ?? []).filter((row) => !known.has(rowId(row)));
  return rows.map(recordedTask).filter(isUnsuccessful);
}

function restored(task: SyncTask, state: OperationState): SyncTask {
  const id = taskId(task);
  const result = state.syncResult?.resources?.find((row: ResourceResult) => rowId(row) === id);
  return result ? { ...task, result } : task;
}
