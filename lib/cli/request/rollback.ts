// `app rollback` as an operation on one Application: which deployment is meant, what may not be asked for, and what is written
// (spec/cli.md §6, spec/api.md §4.4).
import { type Application, isAutomated, isMultiSource, type RevisionHistory, sourcesOf } from '../../model/application.ts';
import { withoutUserinfo } from '../../model/git-url.ts';
import type { Operation } from '../../model/operation.ts';
import { progressRefusal } from './operation.ts';

type Refusal = { readonly refusal: string };

/** The id of a deployment that is asked for as below and that the Application does not hold any more; undefined when it may hold it itself. */
export function olderId(application: Application, id: string | undefined): string | undefined {
  const history = application.status?.history ?? [];
  const oldest = history[0]?.id ?? 0;
  const wanted = id ?? (history.length === 1 ? String(oldest - 1) : '');
  return /^\d+$/.test(wanted) && Number(wanted) < oldest ? String(Number(wanted)) : undefined;
}

/** The deployment with this id; without one, the last but one. `older`: what is known beyond those that the Application holds. */
export function deploymentAsked(
  application: Application,
  id: string | undefined,
  older: readonly RevisionHistory[] = [],
): RevisionHistory | Refusal {
  const history = [...older, ...(application.status?.history ?? [])];
  const { name } = application.metadata;
  const found = id === undefined ? history.at(-2) : history.find((entry) => String(entry.id) === id);
  if (found && !found.source && !isMultiSource(found)) {
    return { refusal: 'cannot rollback to revision deployed with Argo CD v0.11 or lower. sync to revision instead.' };
  }
  if (found) return found;
  if (id === undefined) return { refusal: `application '${name}' should have at least two successful deployments` };
  return { refusal: `application '${name}' does not have deployment id '${id}' in history` };
}

/** Why the Application's present state forbids a rollback; undefined when it does not. Asked again right before the write. */
export function rollbackRefusal(application: Application): string | undefined {
  if (application.metadata.deletionTimestamp) return 'application is deleting';
  if (isAutomated(application.spec.syncPolicy)) {
    return 'rollback cannot be initiated when auto-sync is enabled: set spec.syncPolicy.automated.enabled to false first, or revert the commit in Git';
  }
  return progressRefusal(application);
}

/** The operation to write: exactly what that deployment applied, without hooks. `spec` stays, so Git differs afterwards. */
export function rollbackOperation(
  application: Application,
  { source, sources, revision, revisions, ...entry }: RevisionHistory,
  prune: boolean,
  username: string | undefined,
): Operation {
  const options = application.spec.syncPolicy?.syncOptions ?? [];
  return {
    sync: {
      ...(isMultiSource({ ...entry, sources }) ? { revisions, sources } : { revision, source }),
      ...(prune ? { prune } : {}),
      ...(options.length > 0 ? { syncOptions: options } : {}),
      syncStrategy: { apply: {} },
    },
    ...(username ? { initiatedBy: { username } } : {}),
  };
}

const COMMIT = /^[0-9a-f]{40}$/;

/** How Git and what runs now can be made to agree; none where they do. */
export function waysBack(application: Application): readonly string[] {
  const { status, spec, metadata } = application;
  const result = status?.operationState?.syncResult;
  const compared = isMultiSource(spec) ? (status?.sync?.revisions ?? []) : [status?.sync?.revision ?? ''];
  const deployed = isMultiSource(spec) ? (result?.revisions ?? []) : [result?.revision ?? ''];
  const differing = sourcesOf(spec).flatMap((source, index) => {
    const [now = '', git = ''] = [deployed[index], compared[index]];
    if (now === git || now === '' || git === '') return [];
    return [{ repository: withoutUserinfo(source.repoURL), target: source.targetRevision || 'HEAD', now, git }];
  });
  if (differing.length === 0) return [];
  const pairs = differing.map(({ target, now, git }) => `${short(now)} runs, ${target} is at ${short(git)}`);
  // What follows one commit is taken back in the Application.
  const commits = differing.filter(({ target, now, git }) => COMMIT.test(now) && COMMIT.test(git) && !COMMIT.test(target));
  return [
    `Git differs from what runs now: ${pairs.join('; ')}`,
    `to have what Git has: evenkeel app sync ${metadata.name}`,
    ...commits.map(({ repository, target, now }) => {
      const place = isMultiSource(spec) ? ` of ${repository}` : '';
      return `to take Git back too, with all that was committed since, in a clean clone${place} at ${target}: ${restoringCommit(now)}`;
    }),
  ];
}

/** One commit that takes the whole tree back, whatever lies between: a revert of the range stops at merges, and at commits that are not in it. */
function restoringCommit(commit: string): string {
  return `git restore --source ${commit} --staged --worktree :/ && git commit -m 'Back to ${short(commit)}'`;
}

function short(revision: string): string {
  return COMMIT.test(revision) ? revision.slice(0, 7) : revision;
}
