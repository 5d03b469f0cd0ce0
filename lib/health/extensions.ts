// Health of what extends the API: APIService and CustomResourceDefinition (spec/health.md §4, §6.3).
import type { Health } from '../model/application.ts';
import { type Condition, condition, health, listOf, struct, typedRule } from './decode.ts';
import { conditioned, lenientRule } from './lenient.ts';

const apiService = struct({ status: struct({ conditions: listOf(condition) }) });

export const apiServiceHealth = typedRule(['v1', 'v1beta1'], apiService, ({ status }) => {
  const available = status.conditions.find(({ type }) => type === 'Available');
  if (!available) return health('Progressing', 'Waiting to be processed');
  return health(available.status === 'True' ? 'Healthy' : 'Progressing', `${available.reason}: ${available.message}`);
});

export const definitionHealth = lenientRule(conditioned, ({ status: { conditions } }) => {
  if (conditions.length === 0) return health('Progressing', 'Status conditions not found');
  const trouble = conditions.map(troubleOf).find((found) => found !== undefined);
  if (trouble) return trouble;
  const established = conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  return established ? health('Healthy', 'CRD is healthy') : health('Degraded', 'CRD is not established');
});

/** What a condition by itself says against the definition, if anything. */
function troubleOf({ type, status, reason, message }: Condition): Health | undefined {
  const told = `${type}=${status}`;
  if (told === 'Terminating=True') return health('Progressing', `CRD is terminating: ${message}`);
  if (told === 'NamesAccepted=False') return health('Degraded', `CRD names have not been accepted: ${message}`);
  if (told === 'NonStructuralSchema=True') return health('Degraded', `Schema violations found: ${message}`);
  if (type === 'Established' && status !== 'True' && reason === 'Installing') return health('Progressing', 'CRD is being installed');
  return undefined;
}
