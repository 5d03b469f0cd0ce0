// `app sync` as an operation on one Application: what may not be asked for, and what is written (spec/cli.md §4, spec/api.md §4.3).
import { type Application, isAutomated, isMultiSource, type RetryStrategy, sourcesOf } from '../../model/application.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import { type Operation, type OperationState, runningState, type SyncOperation } from '../../model/operation.ts';
import { isAsking } from '../../sync/deadline.ts';
import { UNDER_WAY } from '../../sync/message.ts';
import { type ResourceFilter, selectedResources } from './filter.ts';
import { positionRefusal, type RevisionRequest, revisionsAsked, sourceRefusal } from './revisions.ts';

export interface SyncRequest extends RevisionRequest {
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly strategy: 'apply' | 'hook';
  /** What cannot be changed may be deleted and created again. */
  readonly force: boolean;
  readonly resources: readonly ResourceFilter[];
  readonly info: readonly { readonly name: string; readonly value: string }[];
  readonly retry?: RetryStrategy | undefined;
  /** Any at all replace those of the spec. */
  readonly syncOptions: readonly string[];
}

/** Why the request does not fit this Application; undefined when it does. */
export function syncRefusal(application: Application, request: SyncRequest): string | undefined {
  const refusal = sourceRefusal(application, request);
  if (refusal || request.resources.length === 0) return refusal;
  if (selectedResources(application.status?.resources ?? [], request.resources).length > 0) return undefined;
  return `No matching app resources found for resource filter: ${request.resources.map(filterText).join(', ')}`;
}

/** Why the Application's present state forbids the sync; undefined when it does not. Asked again right before the write. */
export function stateRefusal(application: Application, request: SyncRequest): string | undefined {
  if (application.metadata.deletionTimestamp) return 'application is deleting';
  const refusal = automatedRefusal(application, request) ?? positionRefusal(application, request);
  if (refusal) return refusal;
  return progressRefusal(application);
}

/** Why no other operation may begin while one is there, with what it waits for and how to end it; undefined when there is none. */
export function progressRefusal(application: Application): string | undefined {
  const { metadata, operation } = application;
  if (!operation) return undefined;
  const state = runningState(application);
  if (!state) return 'another operation is already in progress: no worker has begun it yet';
  const waits = state.message && state.message !== UNDER_WAY ? `: ${state.message}` : '';
  const agrees = isAsking(state) ? `evenkeel app confirm-deletion ${metadata.name} agrees, ` : '';
  return `another operation is already in progress${waits} (${agrees}evenkeel app terminate-op ${metadata.name} ends it)`;
}

/** The operation to write. The worker resolves revisions, so names of branches stay names here. */
export function syncOperation(application: Application, request: SyncRequest, username: string | undefined): Operation {
  const retry = request.retry ?? application.spec.syncPolicy?.retry;
  return {
    sync: {
      ...sourceFields(application, request),
      ...(request.prune ? { prune: true } : {}),
      ...(request.dryRun ? { dryRun: true } : {}),
      syncStrategy: { [request.strategy]: request.force ? { force: true } : {} },
      ...resourceFields(application, request),
      ...optionFields(application, request),
    },
    ...(username ? { initiatedBy: { username } } : {}),
    ...(request.info.length > 0 ? { info: request.info } : {}),
    ...(retry ? { retry } : {}),
  };
}

/** How an operation ended that did not succeed, and why: Argo CD's words and its message. */
export function phaseFault(state: OperationState | undefined): string | undefined {
  if (!state) return 'the operation was taken back before a worker began it';
  if (state.phase === 'Succeeded') return undefined;
  return `Operation has completed with phase: ${state.phase}${state.message ? `: ${state.message}` : ''}`;
}

/** What a finished sync says against exit code 0; undefined when nothing does. */
export function completionFault(application: Application, request: SyncRequest): string | undefined {
  const state = application.status?.operationState;
  if (request.dryRun && state) return undefined;
  const fault = phaseFault(state);
  if (fault || !state) return fault;
  if (request.resources.length > 0 || application.status?.sync?.status === 'Synced') return undefined;
  const skipped = (state.syncResult?.resources ?? []).filter((resource) => resource.status === 'PruneSkipped').length;
  return skipped > 0 ? `${skipped} resources require pruning` : undefined;
}

function automatedRefusal(application: Application, request: SyncRequest): string | undefined {
  if (request.dryRun || !isAutomated(application.spec.syncPolicy)) return undefined;
  for (const [index, revision] of revisionsAsked(application, request)) {
    const source = sourcesOf(application.spec)[index];
    const target = source?.targetRevision || 'HEAD';
    if (revision === target) continue;
    const subject = isMultiSource(application.spec) ? ` source ${withoutUserinfo(source?.repoURL ?? '')}` : '';
    return `Cannot sync${subject} to ${revision}: auto-sync currently set to ${target}`;
  }
  return undefined;
}

function sourceFields(application: Application, request: SyncRequest): Partial<SyncOperation> {
  const { spec } = application;
  const asked = revisionsAsked(application, request);
  if (!isMultiSource(spec)) return { ...(asked.has(0) ? { revision: asked.get(0) } : {}), source: spec.source };
  const revisions = sourcesOf(spec).map((source, index) => asked.get(index) ?? (source.targetRevision || 'HEAD'));
  return { ...(asked.size > 0 ? { revisions } : {}), sources: spec.sources };
}

function resourceFields(application: Application, { resources }: SyncRequest): Partial<SyncOperation> {
  return resources.length > 0 ? { resources: selectedResources(application.status?.resources ?? [], resources) } : {};
}

function optionFields(application: Application, request: SyncRequest): Partial<SyncOperation> {
  const options = request.syncOptions.length > 0 ? request.syncOptions : (application.spec.syncPolicy?.syncOptions ?? []);
  return options.length > 0 ? { syncOptions: options } : {};
}

function filterText(filter: ResourceFilter): string {
  const name = filter.namespace === '' ? filter.name : `${filter.namespace}/${filter.name}`;
  return `${filter.exclude ? '!' : ''}${filter.group}:${filter.kind}:${name}`;
}
