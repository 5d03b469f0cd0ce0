// Health of Deployment, StatefulSet, DaemonSet and ReplicaSet (spec/health.md §4): first condition that holds wins.
import * as z from 'zod';
import type { Health } from '../model/application.ts';
import { condition, count, flag, health, listOf, metadata, struct, text, typedRule } from './decode.ts';

const ROLLOUT = 'Waiting for rollout to finish:';
const replicas = z.int().nullish();
const conditions = listOf(condition);

/** Fewer than asked for; where no number is asked for, nothing is short. */
function isShort(have: number, wanted: number | null | undefined): wanted is number {
  return typeof wanted === 'number' && have < wanted;
}

const deployment = struct({
  metadata,
  spec: struct({ paused: flag, replicas }),
  status: struct({ observedGeneration: count, replicas: count, updatedReplicas: count, availableReplicas: count, conditions }),
});

export const deploymentHealth = typedRule(['v1'], deployment, ({ metadata: { generation, name }, spec, status }) => {
  const { updatedReplicas: updated, availableReplicas: available } = status;
  if (spec.paused) return health('Suspended', 'Deployment is paused');
  if (generation > status.observedGeneration)
    return health('Progressing', `${ROLLOUT} observed deployment generation less than desired generation`);
  if (status.conditions.find(({ type }) => type === 'Progressing')?.reason === 'ProgressDeadlineExceeded')
    return health('Degraded', `Deployment "${name}" exceeded its progress deadline`);
  if (isShort(updated, spec.replicas))
    return health('Progressing', `${ROLLOUT} ${updated} out of ${spec.replicas} new replicas have been updated...`);
  if (status.replicas > updated)
    return health('Progressing', `${ROLLOUT} ${status.replicas - updated} old replicas are pending termination...`);
  if (available < updated) return health('Progressing', `${ROLLOUT} ${available} of ${updated} updated replicas are available...`);
  return health('Healthy');
});

const statefulSet = struct({
  metadata,
  spec: struct({
    replicas,
    updateStrategy: struct({ type: text, rollingUpdate: z.looseObject({ partition: z.int().nullish() }).nullish() }),
  }),
  status: struct({
    observedGeneration: count,
    readyReplicas: count,
    updatedReplicas: count,
    currentReplicas: count,
    updateRevision: text,
    currentRevision: text,
  }),
});

export const statefulSetHealth = typedRule(['v1'], statefulSet, (object) => {
  const { metadata: meta, spec, status } = object;
  if (status.observedGeneration === 0 || meta.generation > status.observedGeneration)
    return health('Progressing', 'Waiting for statefulset spec update to be observed...');
  if (isShort(status.readyReplicas, spec.replicas))
    return health('Progressing', `Waiting for ${spec.replicas - status.readyReplicas} pods to be ready...`);
  if (spec.updateStrategy.type === 'RollingUpdate' && spec.updateStrategy.rollingUpdate)
    return partitioned(spec.replicas, spec.updateStrategy.rollingUpdate.partition, status.updatedReplicas);
  if (spec.updateStrategy.type === 'OnDelete') return health('Healthy', `statefulset has ${status.readyReplicas} ready pods`);
  if (status.updateRevision !== status.currentRevision)
    return health(
      'Progressing',
      `waiting for statefulset rolling update to complete ${status.updatedReplicas} pods at revision ${status.updateRevision}...`,
    );
  return health('Healthy', `statefulset rolling update complete ${status.currentReplicas} pods at revision ${status.currentRevision}...`);
});

function partitioned(wanted: number | null | undefined, partition: number | null | undefined, updated: number): Health {
  const due = (wanted ?? 0) - (partition ?? 0);
  if (typeof wanted === 'number' && typeof partition === 'number' && updated < due)
    return health('Progressing', `Waiting for partitioned roll out to finish: ${updated} out of ${due} new pods have been updated...`);
  return health('Healthy', `partitioned roll out complete: ${updated} new pods have been updated...`);
}

const daemonSet = struct({
  metadata,
  spec: struct({ updateStrategy: struct({ type: text }) }),
  status: struct({
    observedGeneration: count,
    updatedNumberScheduled: count,
    desiredNumberScheduled: count,
    numberAvailable: count,
  }),
});

export const daemonSetHealth = typedRule(['v1'], daemonSet, ({ metadata: { generation, name }, spec, status }) => {
  const { updatedNumberScheduled: updated, desiredNumberScheduled: desired, numberAvailable: available } = status;
  const waiting = `Waiting for daemon set "${name}" rollout to finish:`;
  if (generation > status.observedGeneration)
    return health('Progressing', `${ROLLOUT} observed daemon set generation less than desired generation`);
  if (spec.updateStrategy.type === 'OnDelete')
    return health('Healthy', `daemon set ${updated} out of ${desired} new pods have been updated`);
  if (updated < desired) return health('Progressing', `${waiting} ${updated} out of ${desired} new pods have been updated...`);
  if (available < desired) return health('Progressing', `${waiting} ${available} of ${desired} updated pods are available...`);
  return health('Healthy');
});

const replicaSet = struct({
  metadata,
  spec: struct({ replicas }),
  status: struct({ observedGeneration: count, availableReplicas: count, conditions }),
});

export const replicaSetHealth = typedRule(['v1'], replicaSet, ({ metadata: { generation }, spec, status }) => {
  const failure = status.conditions.find(({ type }) => type === 'ReplicaFailure');
  if (generation > status.observedGeneration)
    return health('Progressing', `${ROLLOUT} observed replica set generation less than desired generation`);
  if (failure?.status === 'True') return health('Degraded', failure.message);
  if (isShort(status.availableReplicas, spec.replicas))
    return health('Progressing', `${ROLLOUT} ${status.availableReplicas} out of ${spec.replicas} new replicas are available...`);
  return health('Healthy');
});
