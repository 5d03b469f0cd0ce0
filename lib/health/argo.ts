// Health of Workflow (spec/health.md §4). A child Application has no rule: its health is its own affair.
import type { HealthStatusCode } from '../model/application.ts';
import { isRecord } from '../model/manifest.ts';
import { type HealthRule, health } from './decode.ts';

const PHASES: ReadonlyMap<unknown, HealthStatusCode> = new Map([
  ['', 'Progressing'],
  ['Pending', 'Progressing'],
  ['Running', 'Progressing'],
  ['Succeeded', 'Healthy'],
  ['Failed', 'Degraded'],
  ['Error', 'Degraded'],
]);

/** Read raw, in whatever version. */
export const workflowHealth: HealthRule = (live) => {
  const status = isRecord(live['status']) ? live['status'] : {};
  const message = status['message'];
  return health(PHASES.get(status['phase'] ?? '') ?? 'Unknown', typeof message === 'string' ? message : undefined);
};
