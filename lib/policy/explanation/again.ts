// againCommand: the command that asks once more for what an operation asked for.
import { isDeepStrictEqual } from 'node:util';
import { type Application, isAutomated, isMultiSource, type RevisionHistory, sourcesOf } from '../../model/application.ts';
import { isRestore, type Operation, type OperationState, type SyncOperation, type SyncOperationResource } from '../../model/operation.ts';
import { type Surroundings, syncCommand } from './explanation.ts';

/** The same restore, rollback or sync. What automation began is asked for as a sync of all that it would sync. */
export function againCommand(application: Application, { operation }: OperationState, around: Surroundings): string {
  const { name } = application.metadata;
  const sync = operation.sync ?? {};
  const [dryRun, prune] = [sync.dryRun ? ' --dry-run' : '', sync.prune ? ' --prune' : ''];
  if (operation.initiatedBy?.automated) return syncCommand(application, around, prune);
  const resources = resourceFlags(sync.resources ?? []);
  if (isRestore(operation)) return `evenkeel app restore ${name}${dryRun}${resources}`;
  const deployment = deploymentOf(application, sync);
  if (deployment) return `evenkeel app rollback ${name} ${deployment.id}${prune}`;
  const { apply, hook } = sync.syncStrategy ?? {};
  const force = apply?.force || hook?.force ? ' --force' : '';
  const strategy = apply ? ' --strategy apply' : '';
  return syncCommand(application, around, `${dryRun}${prune}${force}${strategy}${revisionFlags(application, operation)}${resources}`);
}

/** The deployment that a rollback went to; undefined for other operations, and while no rollback would be taken. */
function deploymentOf({ spec, status }: Application, sync: SyncOperation): RevisionHistory | undefined {
  const { apply } = sync.syncStrategy ?? {};
  const isRollback = apply && !apply.force && !sync.dryRun && (sync.resources ?? []).length === 0;
  if (!isRollback || isAutomated(spec.syncPolicy)) return undefined;
  return status?.history?.findLast((entry) => isDeepStrictEqual(deployed(entry), deployed(sync)));
}

/** What a deployment, or an operation, is of. */
function deployed({ source, sources, revision, revisions }: SyncOperation | RevisionHistory): unknown {
  return isMultiSource({ sources }) ? [sources, revisions] : [source, revision];
}

/** The revisions that a person named; with automation only what it would sync may be synced, but for a look. */
export function revisionFlags({ spec }: Application, { sync = {}, initiatedBy }: Operation): string {
  if (initiatedBy?.automated || (isAutomated(spec.syncPolicy) && !sync.dryRun)) return '';
  if (!isMultiSource(spec)) return sync.revision === undefined ? '' : ` --revision ${sync.revision}`;
  const flags = sourcesOf(spec).map((source, index) => {
    const revision = sync.revisions?.[index];
    const isNamed = revision !== undefined && revision !== (source.targetRevision || 'HEAD');
    return isNamed ? ` --revisions ${revision} --source-positions ${index + 1}` : '';
  });
  return flags.join('');
}

/** More than these are not repeated one by one. */
const MOST_NAMED = 5;

function resourceFlags(resources: readonly SyncOperationResource[]): string {
  if (resources.length > MOST_NAMED) return ` --resource <each of the same ${resources.length}>`;
  return resources.map((resource) => ` --resource ${filterText(resource)}`).join('');
}

/** As `--resource` takes it. */
export function filterText({ group = '', kind, namespace = '', name }: SyncOperationResource): string {
  return `${group}:${kind}:${namespace === '' ? '' : `${namespace}/`}${name}`;
}
