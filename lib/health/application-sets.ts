// Health of ApplicationSet (spec/health.md §6.3).
import { health } from './decode.ts';
import { conditioned, conditionOf, lenientRule } from './lenient.ts';

export const applicationSetHealth = lenientRule(conditioned, ({ status: { conditions } }) => {
  const failed = conditionOf(conditions, 'ErrorOccurred', 'True') ?? conditionOf(conditions, 'ResourcesUpToDate', 'False');
  if (failed) return health('Degraded', failed.message);
  const rolling = conditionOf(conditions, 'RolloutProgressing', 'True');
  if (rolling) return health('Progressing', rolling.message);
  const done = conditionOf(conditions, 'ResourcesUpToDate', 'True');
  return done ? health('Healthy', done.message) : health('Progressing', 'Waiting for the status to be reported');
});
