// Health of the Prometheus operator's servers, by the conditions that its API reference gives them. What only configures a server
// (ServiceMonitor, PrometheusRule, ...) has none.
import { health } from './decode.ts';
import { conditioned, conditionOf, lenientRule, told } from './lenient.ts';

/** Prometheus, Alertmanager and ThanosRuler. `Available` is `Degraded` while some pods are not ready, as in every rollout. */
export const serverHealth = lenientRule(conditioned, ({ status: { conditions } }, { kind }) => {
  const failed = conditionOf(conditions, 'Reconciled', 'False') ?? conditionOf(conditions, 'Available', 'False');
  if (failed) return health('Degraded', told(failed));
  const available = conditionOf(conditions, 'Available');
  if (!available) return health('Progressing', `Waiting for ${kind}`);
  return health(available.status === 'True' ? 'Healthy' : 'Progressing', told(available));
});
