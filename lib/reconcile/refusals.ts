// refusalsOf: why tasks may not run at all, asked before anything is applied (spec/sync.md §2.4).
import { groupVersionOf, gvkOf } from '../model/manifest.ts';
import { hasOption, objectOptions } from '../model/sync-options.ts';
import { resourceRefusal } from '../policy/project.ts';
import type { Cluster, ResourceType } from '../ports.ts';
import { definesKind } from '../sync/plan.ts';
import { type SyncTask, taskId } from '../sync/task.ts';
import type { Target } from './target.ts';

const SKIP_MISSING = 'SkipDryRunOnMissingResource=true';

/** Kinds that are not served, and what the project does not permit, by `taskId`. `options` are the operation's sync options. */
export async function refusalsOf(
  tasks: readonly SyncTask[],
  options: readonly string[],
  target: Target,
): Promise<ReadonlyMap<string, string>> {
  const answers = await Promise.all(tasks.map(async (task) => [taskId(task), await refusalOf(task, tasks, options, target)] as const));
  return new Map(answers.filter((answer): answer is readonly [string, string] => answer[1] !== undefined));
}

async function refusalOf(
  task: SyncTask,
  tasks: readonly SyncTask[],
  options: readonly string[],
  target: Target,
): Promise<string | undefined> {
  const type = await servedType(task, target.cluster);
  if (type) return resourceRefusal(target.project, task.key, type.namespaced, target.destination);
  if (!task.target || mayBeMissing(task, tasks, options)) return undefined;
  const { group, kind, name } = task.key;
  return (
    `The Kubernetes API could not find ${group}/${kind} for requested resource ${task.rowNamespace}/${name}. ` +
    `Make sure the "${kind}" CRD is installed on the destination cluster.`
  );
}

async function servedType(task: SyncTask, cluster: Cluster): Promise<ResourceType | undefined> {
  if (task.target) return cluster.resourceType(gvkOf(task.target));
  return task.live && cluster.resourceType({ ...task.key, version: groupVersionOf(task.live.apiVersion).version });
}

function mayBeMissing(task: SyncTask, tasks: readonly SyncTask[], options: readonly string[]): boolean {
  if (hasOption(options, SKIP_MISSING) || hasOption(objectOptions(task.target), SKIP_MISSING)) return true;
  return tasks.some((other) => definesKind(other, task));
}
