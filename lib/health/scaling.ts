// Health of HorizontalPodAutoscaler and PodDisruptionBudget (spec/health.md §4.1, §6.3).
import type { Health } from '../model/application.ts';
import { annotationOf, isRecord, type LiveObject } from '../model/manifest.ts';
import { type Condition, condition, type HealthRule, health, type Judgement, listOf, struct, typedRule } from './decode.ts';
import { conditioned, lenientRule } from './lenient.ts';

/** Where autoscaling/v1 keeps what v2 has in `status.conditions`. */
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';

const FAILURES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['AbleToScale', new Set(['FailedGetScale', 'FailedUpdateScale'])],
  [
    'ScalingActive',
    new Set([
      'FailedGetResourceMetric',
      'FailedGetObjectMetric',
      'FailedGetPodsMetric',
      'FailedGetExternalMetric',
      'FailedComputeMetricsReplicas',
      'InvalidSelector',
    ]),
  ],
]);

function scalerHealth(conditions: readonly Condition[]): Health {
  const failed = conditions.find(({ type, reason }) => FAILURES.get(type)?.has(reason));
  if (failed) return health('Degraded', failed.message);
  const able = conditions.find(({ type, status }) => (type === 'AbleToScale' || type === 'ScalingLimited') && status === 'True');
  return able ? health('Healthy', able.message) : health('Progressing', 'Waiting to Autoscale');
}

const inStatus = typedRule(
  ['v2'],
  struct({ status: struct({ conditions: listOf(condition) }) }),
  ({ status }) => scalerHealth(status.conditions),
  'HPA',
);

export const horizontalPodAutoscalerHealth: HealthRule = (live) =>
  live.apiVersion === 'autoscaling/v1' ? annotatedHealth(live) : inStatus(live);

function annotatedHealth(live: LiveObject): Judgement {
  const annotation = annotationOf(live, CONDITIONS);
  if (annotation === undefined) return scalerHealth([]);
  const decoded = listOf(condition).safeParse(parsed(annotation));
  if (decoded.success) return scalerHealth(decoded.data);
  return { fault: `failed to convert conditions annotation to typed: ${CONDITIONS} is not a list of conditions` };
}

/** Keys of the annotation count in any case. Text that is not JSON comes back as itself, and so is no list. */
function parsed(annotation: string): unknown {
  try {
    const value: unknown = JSON.parse(annotation);
    return Array.isArray(value) ? value.map(lowerCased) : value;
  } catch {
    return annotation;
  }
}

function lowerCased(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toLowerCase(), member]));
}

export const disruptionBudgetHealth = lenientRule(conditioned, ({ status: { conditions } }) => {
  const refused = conditions.find(({ status, reason }) => status === 'False' && reason !== 'InsufficientPods');
  const last = conditions.at(-1);
  if (refused) return health('Degraded', `PodDisruptionBudget has ${refused.reason}`);
  return last ? health('Healthy', `PodDisruptionBudget has ${last.reason}`) : health('Progressing', 'Waiting for status');
});
