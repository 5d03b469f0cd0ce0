// Health of KEDA's ScaledObject and ScaledJob, by the conditions that KEDA's API reference gives them.
import { health } from './decode.ts';
import { byCondition, conditioned, conditionOf, lenientRule, told } from './lenient.ts';

/** While replicas are the fallback's, no trigger can be read, though the object is well defined. */
export const scaledHealth = lenientRule(conditioned, ({ status: { conditions } }, { kind }) => {
  const ready = conditionOf(conditions, 'Ready');
  if (ready?.status === 'False') return health('Degraded', told(ready));
  const paused = conditionOf(conditions, 'Paused', 'True');
  if (paused) return health('Suspended', told(paused));
  const fallback = conditionOf(conditions, 'Fallback', 'True');
  if (fallback) return health('Degraded', told(fallback));
  // It starts as Unknown without a reason; with one, some of the triggers do not work.
  if (ready?.status === 'Unknown' && ready.reason !== '') return health('Degraded', told(ready));
  return byCondition(conditions, 'Ready', `Waiting for ${kind}`);
});
