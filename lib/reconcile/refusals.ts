// refusalsOf: what the project does not permit, asked before anything is applied (spec/sync.md §2.4).
import { groupVersionOf, gvkOf } from '../model/manifest.ts';
import { resourceRefusal } from '../policy/project.ts';
import type { Cluster, ResourceType } from '../ports.ts';
import { type SyncTask, taskId } from '../sync/task.ts';
import type { Target } from './target.ts';

/** Why tasks may not run, by `taskId`. Where a kind is not served yet, nothing can be said of its objects. */
export async function refusalsOf(tasks: readonly SyncTask[], target: Target): Promise<ReadonlyMap<string, string>> {
  const answers = await Promise.all(tasks.map(async (task) => [taskId(task), await refusalOf(task, target)] as const));
  return new Map(answers.filter((answer): answer is readonly [string, string] => answer[1] !== undefined));
}

/** Why a task may not run; undefined when it may, or when its kind is not served. */
export async function refusalOf(task: SyncTask, { cluster, project, destination }: Target): Promise<string | undefined> {
  const type = await servedType(task, cluster);
  return type && resourceRefusal(project, task.key, type.namespaced, destination);
}

async function servedType(task: SyncTask, cluster: Cluster): Promise<ResourceType | undefined> {
  if (task.target) return cluster.resourceType(gvkOf(task.target));
  return task.live && cluster.resourceType({ ...task.key, version: groupVersionOf(task.live.apiVersion).version });
}
