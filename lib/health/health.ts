// resourceHealth: what a live object's own status says about it (spec/health.md §2). One file per family of kinds; this is the register.
import { HOOK_FINALIZER } from '../model/annotations.ts';
import type { Health } from '../model/application.ts';
import { groupVersionOf, type LiveObject } from '../model/manifest.ts';
import { workflowHealth } from './argo.ts';
import { type HealthRule, health } from './decode.ts';
import { apiServiceHealth, definitionHealth } from './extensions.ts';
import { cronJobHealth, jobHealth } from './jobs.ts';
import { ingressHealth, serviceHealth } from './network.ts';
import { podHealth } from './pods.ts';
import { disruptionBudgetHealth, horizontalPodAutoscalerHealth } from './scaling.ts';
import { claimHealth } from './storage.ts';
import { daemonSetHealth, deploymentHealth, replicaSetHealth, statefulSetHealth } from './workloads.ts';

const RULES: ReadonlyMap<string, HealthRule> = new Map([
  ['/PersistentVolumeClaim', claimHealth],
  ['/Pod', podHealth],
  ['/Service', serviceHealth],
  ['apiextensions.k8s.io/CustomResourceDefinition', definitionHealth],
  ['apiregistration.k8s.io/APIService', apiServiceHealth],
  ['apps/DaemonSet', daemonSetHealth],
  ['apps/Deployment', deploymentHealth],
  ['apps/ReplicaSet', replicaSetHealth],
  ['apps/StatefulSet', statefulSetHealth],
  ['argoproj.io/Workflow', workflowHealth],
  ['autoscaling/HorizontalPodAutoscaler', horizontalPodAutoscalerHealth],
  ['batch/CronJob', cronJobHealth],
  ['batch/Job', jobHealth],
  ['extensions/Ingress', ingressHealth],
  ['networking.k8s.io/Ingress', ingressHealth],
  ['policy/PodDisruptionBudget', disruptionBudgetHealth],
]);

/**
 * The health of one live object, or undefined when its kind has no check: not shown, not aggregated, done in a sync.
 * An object that is being deleted is Progressing whatever its kind, unless only our own hook finalizer keeps it (spec/health.md §2).
 */
export function resourceHealth(live: LiveObject): Health | undefined {
  const { deletionTimestamp, finalizers } = live.metadata;
  if (deletionTimestamp && !finalizers?.includes(HOOK_FINALIZER)) return health('Progressing', 'Pending deletion');
  return RULES.get(`${groupVersionOf(live.apiVersion).group}/${live.kind}`)?.(live);
}
