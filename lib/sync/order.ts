// In which order tasks run: phase, wave, kind, name, as data (spec/sync.md §2.3).
import type { SyncPhase } from '../model/operation.ts';

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
