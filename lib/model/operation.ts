// One sync as Argo CD records it: what was asked for, and how far it got (spec/application.md §6, §7.1).
import type { Application, ApplicationSource, RetryStrategy, SyncPolicy } from './application.ts';
import type { ResourceKey } from './manifest.ts';

export interface SyncOperationResource {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

export interface SyncOperation {
  readonly revision?: string | undefined;
  readonly revisions?: readonly string[] | undefined;
  readonly prune?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly syncStrategy?:
    | { readonly apply?: { readonly force?: boolean } | undefined; readonly hook?: { readonly force?: boolean } | undefined }
    | undefined;
  readonly resources?: readonly SyncOperationResource[] | undefined;
  readonly source?: ApplicationSource | undefined;
  readonly sources?: readonly ApplicationSource[] | undefined;
  readonly manifests?: readonly string[] | undefined;
  readonly syncOptions?: readonly string[] | undefined;
  readonly autoHealAttemptsCount?: number | undefined;
}

export interface Operation {
  readonly sync?: SyncOperation | undefined;
  readonly initiatedBy?: { readonly username?: string | undefined; readonly automated?: boolean | undefined } | undefined;
  readonly info?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly retry?: RetryStrategy | undefined;
}

export type OperationPhase = 'Running' | 'Terminating' | 'Failed' | 'Error' | 'Succeeded';
export type SyncPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail';
export type ResultCode = 'Synced' | 'SyncFailed' | 'Pruned' | 'PruneSkipped';

/** A row of `syncResult.resources`; every key but `images` is serialised even when empty. */
export interface ResourceResult {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly status?: ResultCode | undefined;
  readonly message?: string | undefined;
  readonly hookType?: SyncPhase | '' | undefined;
  readonly hookPhase?: OperationPhase | undefined;
  readonly syncPhase?: SyncPhase | undefined;
  readonly images?: readonly string[] | undefined;
}

export interface SyncResult {
  readonly revision: string;
  readonly revisions?: readonly string[] | undefined;
  readonly source: ApplicationSource;
  readonly sources?: readonly ApplicationSource[] | undefined;
  readonly resources?: readonly ResourceResult[] | undefined;
  /** What the spec asked for when the operation began. */
  readonly managedNamespaceMetadata?: SyncPolicy['managedNamespaceMetadata'];
}

export interface OperationState {
  readonly operation: Operation;
  readonly phase: OperationPhase;
  readonly message?: string | undefined;
  readonly startedAt: string;
  readonly finishedAt?: string | undefined;
  readonly retryCount?: number | undefined;
  readonly syncResult?: SyncResult | undefined;
}

/** How an operation says, in its own information, that it brings back what was pruned, from what was kept and not from Git. */
export const RESTORE = { name: 'Restores what was pruned', value: 'true' } as const;

export function isRestore({ info = [] }: Operation): boolean {
  return info.some(({ name, value }) => name === RESTORE.name && value === RESTORE.value);
}

/** How an operation begins its message when Git or the cluster does not answer it, or does not take anything for now. */
export const STALLED = 'cannot go on for now: ';

/** How the message begins of an operation that waits for other Applications. */
export const BLOCKED = 'blocked by ';

/** Failed, Error and Succeeded end an operation; nothing follows them. */
export function isCompleted(phase: OperationPhase): boolean {
  return phase === 'Failed' || phase === 'Error' || phase === 'Succeeded';
}

/** The operation that a worker has begun and that is not over. It is none of the Application's any more once its request is gone. */
export function runningState({ status }: Application): OperationState | undefined {
  const state = status?.operationState;
  return state && !isCompleted(state.phase) ? state : undefined;
}

/** Whether an operation is about this object: about all, or about those that it names. */
export function isAsked({ group, kind, name, namespace }: ResourceKey, { resources = [] }: SyncOperation): boolean {
  return (
    resources.length === 0 ||
    resources.some(
      (item) =>
        (item.group ?? '') === group && item.kind === kind && item.name === name && (!item.namespace || item.namespace === namespace),
    )
  );
}
