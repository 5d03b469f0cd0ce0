// resourceHealth: what a live object's own status says about it (spec/health.md §2). One file per family of kinds; this is the register.
import type { Health } from '../model/application.ts';
import { isHeld } from '../model/hook.ts';
import { groupVersionOf, keyOf, type LiveObject } from '../model/manifest.ts';
import type { ScriptedHealth } from '../model/script.ts';
import { applicationSetHealth } from './application-sets.ts';
import { workflowHealth } from './argo.ts';
import { acmeHealth, certificateHealth, certificateRequestHealth, issuerHealth } from './certificates.ts';
import { type HealthRule, health, type Judgement } from './decode.ts';
import { apiServiceHealth, definitionHealth } from './extensions.ts';
import { fluxHealth, helmRepositoryHealth } from './flux.ts';
import { gatewayClassHealth, gatewayHealth, routeHealth } from './gateways.ts';
import { cronJobHealth, jobHealth } from './jobs.ts';
import { scaledHealth } from './keda.ts';
import { serverHealth } from './monitoring.ts';
import { ingressHealth, serviceHealth } from './network.ts';
import { podHealth } from './pods.ts';
import { analysisHealth, rolloutHealth } from './rollouts.ts';
import { disruptionBudgetHealth, horizontalPodAutoscalerHealth } from './scaling.ts';
import { externalSecretHealth, sealedSecretHealth } from './secrets.ts';
import { claimHealth } from './storage.ts';
import { daemonSetHealth, deploymentHealth, replicaSetHealth, statefulSetHealth } from './workloads.ts';

/** By `group/kind`; a kind that is not here has no health. */
export const HEALTH_RULES: ReadonlyMap<string, HealthRule> = new Map([
  ['/PersistentVolumeClaim', claimHealth],
  ['/Pod', podHealth],
  ['/Service', serviceHealth],
  ['acme.cert-manager.io/Challenge', acmeHealth],
  ['acme.cert-manager.io/Order', acmeHealth],
  ['apiextensions.k8s.io/CustomResourceDefinition', definitionHealth],
  ['apiregistration.k8s.io/APIService', apiServiceHealth],
  ['apps/DaemonSet', daemonSetHealth],
  ['apps/Deployment', deploymentHealth],
  ['apps/ReplicaSet', replicaSetHealth],
  ['apps/StatefulSet', statefulSetHealth],
  ['argoproj.io/AnalysisRun', analysisHealth],
  ['argoproj.io/ApplicationSet', applicationSetHealth],
  ['argoproj.io/Experiment', analysisHealth],
  ['argoproj.io/Rollout', rolloutHealth],
  ['argoproj.io/Workflow', workflowHealth],
  ['autoscaling/HorizontalPodAutoscaler', horizontalPodAutoscalerHealth],
  ['batch/CronJob', cronJobHealth],
  ['batch/Job', jobHealth],
  ['bitnami.com/SealedSecret', sealedSecretHealth],
  ['cert-manager.io/Certificate', certificateHealth],
  ['cert-manager.io/CertificateRequest', certificateRequestHealth],
  ['cert-manager.io/ClusterIssuer', issuerHealth],
  ['cert-manager.io/Issuer', issuerHealth],
  ['extensions/Ingress', ingressHealth],
  ['external-secrets.io/ClusterSecretStore', externalSecretHealth],
  ['external-secrets.io/ExternalSecret', externalSecretHealth],
  ['external-secrets.io/PushSecret', externalSecretHealth],
  ['external-secrets.io/SecretStore', externalSecretHealth],
  ['gateway.networking.k8s.io/GRPCRoute', routeHealth],
  ['gateway.networking.k8s.io/Gateway', gatewayHealth],
  ['gateway.networking.k8s.io/GatewayClass', gatewayClassHealth],
  ['gateway.networking.k8s.io/HTTPRoute', routeHealth],
  ['helm.toolkit.fluxcd.io/HelmRelease', fluxHealth],
  ['keda.sh/ScaledJob', scaledHealth],
  ['keda.sh/ScaledObject', scaledHealth],
  ['kustomize.toolkit.fluxcd.io/Kustomization', fluxHealth],
  ['monitoring.coreos.com/Alertmanager', serverHealth],
  ['monitoring.coreos.com/Prometheus', serverHealth],
  ['monitoring.coreos.com/ThanosRuler', serverHealth],
  ['networking.k8s.io/Ingress', ingressHealth],
  ['policy/PodDisruptionBudget', disruptionBudgetHealth],
  ['source.toolkit.fluxcd.io/Bucket', fluxHealth],
  ['source.toolkit.fluxcd.io/GitRepository', fluxHealth],
  ['source.toolkit.fluxcd.io/HelmChart', fluxHealth],
  ['source.toolkit.fluxcd.io/HelmRepository', helmRepositoryHealth],
  ['source.toolkit.fluxcd.io/OCIRepository', fluxHealth],
]);

/**
 * The health of one live object, or undefined when its kind has no check: not shown, not aggregated, done in a sync.
 * An object that is being deleted is Progressing whatever its kind, unless only our own hook finalizer keeps it; else a script has the last
 * word, even if it says nothing (spec/health.md §2).
 */
export function resourceHealth(live: LiveObject, scripted?: ScriptedHealth): Health | undefined {
  const said = judged(live, scripted);
  return said && 'fault' in said ? health('Unknown', said.fault) : said;
}

function judged(live: LiveObject, scripted: ScriptedHealth | undefined): Judgement | undefined {
  if (isBeingDeleted(live)) return health('Progressing', 'Pending deletion');
  if (scripted) return 'fault' in scripted ? scripted : scripted.health;
  return HEALTH_RULES.get(`${groupVersionOf(live.apiVersion).group}/${live.kind}`)?.(live);
}

/** Then no script is asked about it. */
export function isBeingDeleted(live: LiveObject): boolean {
  return Boolean(live.metadata.deletionTimestamp) && !isHeld(live);
}

/**
 * What an Application's ComparisonError says of a live object that a script or a built-in check could not judge (spec/health.md §2, §3);
 * undefined when it was judged.
 */
export function healthError(live: LiveObject, scripted?: ScriptedHealth): string | undefined {
  const said = judged(live, scripted);
  if (!said || !('fault' in said)) return undefined;
  const { kind, namespace, name } = keyOf(live);
  const [whose, of, where] = [kind, name, namespace].map((text) => JSON.stringify(text));
  const reason = scripted ? `failed to get resource health for ${namespace}/${name}: ${said.fault}` : said.fault;
  return `error setting app health: failed to get resource health for ${whose} with name ${of} in namespace ${where}: ${reason}`;
}
