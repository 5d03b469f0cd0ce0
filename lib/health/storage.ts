// Health of PersistentVolumeClaim (spec/health.md §4).
import type { HealthStatusCode } from '../model/application.ts';
import { health, struct, text, typedRule } from './decode.ts';

const PHASES: ReadonlyMap<string, HealthStatusCode> = new Map([
  ['Lost', 'Degraded'],
  ['Pending', 'Progressing'],
  ['Bound', 'Healthy'],
]);

export const claimHealth = typedRule(['v1'], struct({ status: struct({ phase: text }) }), ({ status }) =>
  health(PHASES.get(status.phase) ?? 'Unknown'),
);
