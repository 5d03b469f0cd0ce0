// In which order tasks run: phase, wave, kind, name, as data (spec/sync.md §2.3), and which of an ordered list come next or last.
import type { SyncPhase } from '../model/operation.ts';
import { type SyncTask, stateOf } from './task.ts';

export const PHASE_ORDER: Readonly<Record<SyncPhase, number>> = { PreSync: -1, Sync: 0, PostSync: 1, SyncFail: 2 };

const KIND_ORDER = [
  'Namespace',
  'NetworkPolicy',
  'ResourceQuota',
  'LimitRange',
  'PodSecurityPolicy',
  'PodDisruptionBudget',
  'ServiceAccount',
  'Secret',
  'SecretList',
  'ConfigMap',
  'StorageClass',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleList',
  'ClusterRoleBinding',
  'ClusterRoleBindingList',
  'Role',
  'RoleList',
  'RoleBinding',
  'RoleBindingList',
  'Service',
  'DaemonSet',
  'Pod',
  'ReplicationController',
  'ReplicaSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'StatefulSet',
  'Job',
  'CronJob',
  'IngressClass',
  'Ingress',
  'APIService',
] as const;

const KIND_INDEX: ReadonlyMap<string, number> = new Map(KIND_ORDER.map((kind, index) => [kind, index]));

/** Place of a kind within a wave; the group is not looked at, and kinds that are not listed come last, all equal. */
export function kindIndex(kind: string): number {
  return KIND_INDEX.get(kind) ?? KIND_ORDER.length;
}

/** Whether the tasks spread over several phases or waves; SyncFail hooks and finished tasks count (spec/sync.md §3 step 4). */
export function isMultiStep(tasks: readonly SyncTask[]): boolean {
  const [first] = tasks;
  return tasks.some((task) => task.phase !== first?.phase || task.wave !== first.wave);
}

/** The tasks of the last phase and wave before SyncFail. */
export function lastWave(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const regular = tasks.filter((task) => task.phase !== 'SyncFail');
  const last = regular.at(-1);
  return regular.filter((task) => task.phase === last?.phase && task.wave === last.wave);
}

/** The last wave when it holds no hook, else nothing: what it applies is not waited for (spec/sync.md §3 step 11). */
export function lastWaveWithoutHooks(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const last = lastWave(tasks);
  return last.some((task) => task.hook) ? [] : last;
}

/** What is pending of the first phase and wave that has anything pending. */
export function nextPending(tasks: readonly SyncTask[]): readonly SyncTask[] {
  const pending = tasks.filter((task) => task.phase !== 'SyncFail' && stateOf(task) === 'Pending');
  const [first] = pending;
  return pending.filter((task) => task.phase === first?.phase && task.wave === first.wave);
}

/** Groups of consecutive equal kind: one group after the other, each in parallel (spec/sync.md §4). */
export function byKind(tasks: readonly SyncTask[]): readonly (readonly SyncTask[])[] {
  const groups: SyncTask[][] = [];
  for (const task of tasks) {
    const group = groups.at(-1);
    if (group && group[0]?.key.kind === task.key.kind) group.push(task);
    else groups.push([task]);
  }
  return groups;
}
