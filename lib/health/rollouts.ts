// Health of Argo Rollouts' kinds: Rollout, AnalysisRun and Experiment (spec/health.md §6.3).
import * as z from 'zod';
import type { Health, HealthStatusCode } from '../model/application.ts';
import { health } from './decode.ts';
import { conditionOf, conditions, count, countOr, flag, lenientRule, listOf, optional, struct, text } from './lenient.ts';

const WORKLOAD_GENERATION = 'rollout.argoproj.io/workload-generation';

/** A number that Rollouts' API keeps as text; undefined where it is none. */
const generation = z.preprocess((value) => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return Number.isSafeInteger(number) ? number : undefined;
}, z.int().optional());

const rollout = struct({
  metadata: struct({ generation: count, annotations: struct({ [WORKLOAD_GENERATION]: generation }) }),
  spec: struct({
    paused: flag,
    replicas: countOr(1),
    workloadRef: optional({}),
    strategy: struct({ blueGreen: optional({}) }),
  }),
  status: optional({
    phase: text,
    message: text,
    observedGeneration: generation,
    workloadObservedGeneration: generation,
    conditions,
    pauseConditions: listOf(z.unknown()),
    replicas: count,
    updatedReplicas: count,
    availableReplicas: count,
    currentPodHash: text,
    stableRS: text,
    canary: struct({ stableRS: text }),
    blueGreen: struct({ activeSelector: text }),
  }),
});

type Rollout = z.output<typeof rollout>;
type RolloutStatus = NonNullable<Rollout['status']>;

const PHASES: ReadonlyMap<string, HealthStatusCode> = new Map([
  ['Healthy', 'Healthy'],
  ['Degraded', 'Degraded'],
  ['Progressing', 'Progressing'],
  ['Paused', 'Suspended'],
]);

export const rolloutHealth = lenientRule(rollout, (object) => {
  const { status } = object;
  if (!status || !isObserved(object, status)) return health('Progressing', 'Waiting for rollout spec update to be observed');
  return status.phase === '' ? formerHealth(object, status) : health(PHASES.get(status.phase) ?? 'Unknown', status.message);
});

/** Before v0.10 what was observed is a hash: one that is no number, or lies ahead, says nothing. */
function isObserved({ metadata, spec }: Rollout, status: RolloutStatus): boolean {
  if (status.observedGeneration !== undefined && status.observedGeneration < metadata.generation) return false;
  const wanted = metadata.annotations[WORKLOAD_GENERATION];
  const observed = status.workloadObservedGeneration;
  return !spec.workloadRef || wanted === undefined || observed === undefined || wanted === observed;
}

/** A controller before v1.0 tells no phase: it follows from conditions, replicas and which pods get the traffic. */
function formerHealth({ spec }: Rollout, status: RolloutStatus): Health {
  const failed = status.conditions.find(
    ({ type, reason }) =>
      type === 'InvalidSpec' || (type === 'Progressing' && (reason === 'RolloutAborted' || reason === 'ProgressDeadlineExceeded')),
  );
  if (failed) return health('Degraded', failed.message);
  if (spec.paused || status.pauseConditions.length > 0) return health('Suspended');
  return health(isRolledOut(spec, status) ? 'Healthy' : 'Progressing', conditionOf(status.conditions, 'Progressing')?.message);
}

function isRolledOut(spec: Rollout['spec'], status: RolloutStatus): boolean {
  const { updatedReplicas: updated, availableReplicas: available } = status;
  if (updated < spec.replicas || available < updated) return false;
  if (spec.strategy.blueGreen) return status.blueGreen.activeSelector === status.currentPodHash;
  return status.replicas <= updated && (status.stableRS || status.canary.stableRS) === status.currentPodHash;
}

const RUN_PHASES: ReadonlyMap<string, HealthStatusCode> = new Map([
  ['', 'Progressing'],
  ['Pending', 'Progressing'],
  ['Running', 'Progressing'],
  ['Successful', 'Healthy'],
  ['Failed', 'Degraded'],
  ['Error', 'Degraded'],
]);

/** AnalysisRun and Experiment; Inconclusive, which only the former knows, is Unknown like any other phase. */
export const analysisHealth = lenientRule(struct({ status: struct({ phase: text, message: text }) }), ({ status: { phase, message } }) =>
  health(RUN_PHASES.get(phase) ?? 'Unknown', message),
);
