// Health of Flux's kinds, by the conditions that Flux's API reference gives them: Ready, Reconciling and Stalled, each for a generation.
import { health } from './decode.ts';
import { byCondition, conditionOf, conditions, currentOf, flag, lenientRule, metadata, struct, text, told } from './lenient.ts';

const fluxObject = struct({
  metadata,
  spec: struct({ suspend: flag, type: text }),
  status: struct({ conditions }),
});

/** Kustomization, HelmRelease and the sources, except for HelmRepository. */
export const fluxHealth = lenientRule(fluxObject, ({ metadata: { generation }, spec, status }, { kind }) => {
  if (spec.suspend) return health('Suspended');
  // `status.observedGeneration` is the one that was applied: after a failure only the conditions move on.
  const now = currentOf(status.conditions, generation);
  const ready = conditionOf(now, 'Ready');
  const stalled = conditionOf(now, 'Stalled', 'True');
  if (stalled) return health('Degraded', told(stalled));
  if (ready?.status === 'False' && ready.reason === 'DependencyNotReady') return health('Progressing', told(ready));
  if (ready?.status === 'False') return health('Degraded', told(ready));
  const reconciling = conditionOf(now, 'Reconciling', 'True');
  if (reconciling) return health('Progressing', told(reconciling));
  return byCondition(now, 'Ready', ready ? told(ready) : `Waiting for ${kind}`);
});

/** One of type `oci` is only data for others: no controller reports on it. */
export const helmRepositoryHealth = lenientRule(fluxObject, ({ spec, status }, live) =>
  spec.type === 'oci' && !spec.suspend && status.conditions.length === 0 ? health('Healthy') : fluxHealth(live),
);
