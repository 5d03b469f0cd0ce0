// SyncTask: one object in one phase of an operation, with what is known of it so far.
import { HOOK_OPERATION } from '../model/annotations.ts';
import type { Health } from '../model/application.ts';
import { deletePolicies } from '../model/hook.ts';
import { annotationOf, type LiveObject, type Manifest, type ResourceKey } from '../model/manifest.ts';
import type { OperationPhase, ResourceResult, ResultCode, SyncPhase } from '../model/operation.ts';
import { bounded, ROW_BYTES } from '../model/text.ts';

export interface SyncTask {
  readonly key: ResourceKey;
  readonly version: string;
  readonly phase: SyncPhase;
  readonly wave: number;
  /** Undefined: the live object is to be pruned. */
  readonly target: Manifest | undefined;
  readonly live: LiveObject | undefined;
  readonly health: Health | undefined;
  readonly hook: boolean;
  /** Equal to live already: nothing is sent for it. */
  readonly settled: boolean;
  /** This operation has sent it, as the live object itself tells: the worker may have been lost before it could write that down. */
  readonly sent: boolean;
  /** What rows show: cluster-scoped targets carry the destination namespace (spec/sync.md §2). */
  readonly rowNamespace: string;
  /** The recorded row, once the task was started. */
  readonly result: ResourceResult | undefined;
  /** It is about the destination namespace, which Git does not name: there is nothing to replace or to take over. */
  readonly createsNamespace?: true;
  /** What is there stays as it is: only an object that is gone comes back. */
  readonly leftAlone?: true | undefined;
  /** It waits for its kind, and is not tried again before the next invocation. */
  readonly postponed?: boolean;
}

/** Rows are found again by `<group>/<kind>/<ns>/<name>:<syncPhase>` (spec/sync.md §1). */
export function rowId(row: Pick<ResourceResult, 'group' | 'kind' | 'namespace' | 'name' | 'syncPhase'>): string {
  return `${row.group}/${row.kind}/${row.namespace}/${row.name}:${row.syncPhase ?? 'Sync'}`;
}

export function taskId(task: SyncTask): string {
  return rowId({ ...task.key, namespace: task.rowNamespace, syncPhase: task.phase });
}

/** `deployment.apps/web`, as kubectl prints objects. */
export function kubectlName({ key }: SyncTask): string {
  const kind = key.kind.toLowerCase();
  return `${key.group === '' ? kind : `${kind}.${key.group}`}/${key.name}`;
}

/** What the live object of a hook carries of the run that created it: the operation, and the phase, since one object may run in several. */
export function runMark(task: SyncTask, operationId: string): string {
  return `${operationId}/${task.phase}`;
}

/** Whether the live object of a hook is this very operation's run of it, although a step whose record was lost may have created it. */
export function isOwnRun(task: SyncTask, operationId: string): boolean {
  return task.hook && task.live !== undefined && annotationOf(task.live, HOOK_OPERATION) === runMark(task, operationId);
}

/** Whether the live object of a hook is an earlier run, which goes before this operation's run of it is created (spec/sync.md §5). */
export function isEarlierRun(task: SyncTask, operationId: string): boolean {
  if (!task.hook || !task.live || isOwnRun(task, operationId)) return false;
  const isLeaving = task.live.metadata.deletionTimestamp !== undefined;
  return isLeaving || (task.target !== undefined && deletePolicies(task.target).includes('BeforeHookCreation'));
}

/** A task of which only the row is left: no object on either side. */
export function recordedTask(result: ResourceResult): SyncTask {
  const { group, kind, namespace, name, version, hookType, syncPhase = 'Sync' } = result;
  const nothing = { target: undefined, live: undefined, health: undefined, settled: false, sent: false };
  return {
    key: { group, kind, namespace, name },
    version,
    phase: syncPhase,
    wave: 0,
    ...nothing,
    hook: Boolean(hookType),
    rowNamespace: namespace,
    result,
  };
}

/** Pending until it has a row; then as far as the row says. */
export function stateOf(task: SyncTask): OperationPhase | 'Pending' {
  return task.result?.hookPhase ?? 'Pending';
}

/** Failed and Error. */
export function isUnsuccessful(task: SyncTask): boolean {
  const state = stateOf(task);
  return state === 'Failed' || state === 'Error';
}

/** The task with a row for what was done; an empty new message keeps the old one (spec/sync.md §1). */
export function withResult(task: SyncTask, state: OperationPhase, status: ResultCode | undefined, message: string): SyncTask {
  return withRow(task, { hookPhase: state, status: status ?? task.result?.status, message });
}

/** The task with a row that only says something: it is still to be carried out. */
export function withMessage(task: SyncTask, message: string): SyncTask {
  return withRow(task, { hookPhase: undefined, status: undefined, message });
}

function withRow(
  task: SyncTask,
  { hookPhase, status, message }: Pick<ResourceResult, 'hookPhase' | 'status'> & { message: string },
): SyncTask {
  const result: ResourceResult = {
    group: task.key.group,
    version: task.version,
    kind: task.key.kind,
    namespace: task.rowNamespace,
    name: task.key.name,
    status,
    message: message === '' ? task.result?.message : bounded(message, ROW_BYTES),
    hookType: task.hook ? task.phase : undefined,
    hookPhase,
    syncPhase: task.phase,
    images: task.result?.images ?? imagesOf(task.target),
  };
  return { ...task, result };
}

function imagesOf(target: Manifest | undefined): readonly string[] | undefined {
  const images = target ? [...containerImages(target)].sort() : [];
  return images.length > 0 ? images : undefined;
}

/** Images of a workload's containers, init containers included, at whatever depth its pod template sits. */
export function containerImages(value: unknown): ReadonlySet<string> {
  const images = new Set<string>();
  collectImages(value, images);
  return images;
}

function collectImages(value: unknown, images: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if ((key === 'containers' || key === 'initContainers') && Array.isArray(child)) addImages(child, images);
    else collectImages(child, images);
  }
}

function addImages(containers: readonly unknown[], images: Set<string>): void {
  for (const container of containers) {
    const image = (container as { readonly image?: unknown } | null)?.image; // any shape may come from Git
    if (typeof image === 'string' && image !== '') images.add(image);
  }
}
