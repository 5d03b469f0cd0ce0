// When to look again although nothing may tell us: right after a change the cluster is still moving (spec/health.md, Progressing).
import type { Application } from '../model/application.ts';
import type { Comparison } from '../model/comparison.ts';

const FIRST_SECONDS = 1;
const LAST_SECONDS = 60;
/** After so long the change feed and the resync are enough. */
const GIVE_UP_SECONDS = 30 * 60;

/**
 * Seconds until the next look, growing with the time since the last sync ended, or undefined when nothing is on its way:
 * health that progresses, and pruned objects that are still going.
 */
export function recheckSeconds(application: Application, comparison: Comparison, now: number): number | undefined {
  const leaving = comparison.resources.some((row) => row.requiresPruning && row.live?.metadata.deletionTimestamp);
  if (comparison.health.status !== 'Progressing' && !leaving) return undefined;
  const { operationState, health } = application.status ?? {};
  const since = Date.parse(operationState?.finishedAt ?? health?.lastTransitionTime ?? '');
  const elapsed = Number.isNaN(since) ? 0 : Math.max(0, (now - since) / 1000);
  if (elapsed > GIVE_UP_SECONDS) return undefined;
  return Math.min(LAST_SECONDS, Math.max(FIRST_SECONDS, Math.round(elapsed / 2)));
}
