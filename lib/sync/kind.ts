// Tasks whose kind the cluster does not serve (spec/sync.md §2.4, §4.2): which of them wait for it, and what the others say; and what a dry
// run says where a kind or a namespace is still to come.
import type { ResourceKey } from '../model/manifest.ts';
import type { SyncOperation } from '../model/operation.ts';
import { hasOption, objectOptions } from '../model/sync-options.ts';
import { definesKind } from './plan.ts';
import { refused } from './result.ts';
import type { StepInput } from './step.ts';
import { isUnsuccessful, kubectlName, type SyncTask, withMessage, withResult } from './task.ts';

const SKIP_MISSING = 'SkipDryRunOnMissingResource=true';

/** Whether the kind may come by itself: somebody says so, or its definition is part of this very sync and was not refused. */
export function mayCome(task: SyncTask, tasks: readonly SyncTask[], { syncOptions = [] }: SyncOperation): boolean {
  return hasOption(syncOptions, SKIP_MISSING) || hasOption(objectOptions(task.target), SKIP_MISSING) || isDefined(task, tasks);
}

/** Whether this very sync brings the definition of the task's kind. */
export function isDefined(task: SyncTask, tasks: readonly SyncTask[]): boolean {
  return tasks.some((other) => definesKind(other, task) && !isUnsuccessful(other));
}

/** For so long a kind is waited for. */
const PATIENCE_SECONDS = 60;

const WAITING = /^waiting until (\S+) for its kind to be served$/;

/**
 * A task whose kind may come: its row says until when it is waited for, and it is not tried again in this invocation. Undefined when that
 * time, which is told by the row of an earlier invocation, is over. `now` is milliseconds.
 */
export function postponed(task: SyncTask, now: number): SyncTask | undefined {
  const until = WAITING.exec(task.result?.message ?? '')?.[1] ?? new Date(now + PATIENCE_SECONDS * 1000).toISOString();
  if (Date.parse(until) <= now) return undefined;
  return { ...withMessage(task, `waiting until ${until} for its kind to be served`), postponed: true };
}

/** A dry run brings no definition, so that nothing can be said of the objects of its kind. */
export function unchecked(task: SyncTask): SyncTask {
  return notChecked(task, 'its kind is not served yet');
}

/** A dry run brings no Namespace either: what becomes of a task whose object is to live in one of this very sync; undefined when it is there. */
export function withoutNamespace(task: SyncTask, { operation, tasks }: Pick<StepInput, 'operation' | 'tasks'>): SyncTask | undefined {
  if (!operation.dryRun) return undefined;
  const comes = tasks.some(({ key, target, live }) => isNamespace(key, task.key.namespace) && target && !live);
  return comes ? notChecked(task, 'its namespace is not there yet') : undefined;
}

function isNamespace({ group, kind, name }: ResourceKey, wanted: string): boolean {
  return group === '' && kind === 'Namespace' && name === wanted;
}

function notChecked(task: SyncTask, why: string): SyncTask {
  return withResult(task, 'Succeeded', 'Synced', `${kubectlName(task)} not checked, since ${why} (dry run)`);
}

/** `installed`: the version in which the kind is served, if it is. The texts are Argo CD's. */
export function withoutKind(task: SyncTask, installed: string | undefined): SyncTask {
  const { group, kind, name } = task.key;
  const requested = `${group}/${kind} for requested resource ${task.rowNamespace}/${name}.`;
  return refused(
    task,
    installed === undefined
      ? `The Kubernetes API could not find ${requested} Make sure the "${kind}" CRD is installed on the destination cluster.`
      : `The Kubernetes API could not find version "${task.version}" of ${requested} ` +
          `Version "${installed}" of ${group}/${kind} is installed on the destination cluster.`,
  );
}
