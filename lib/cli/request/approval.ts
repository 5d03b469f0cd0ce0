// What `app confirm-deletion` writes: the time of an approval (spec/sync.md §4.1, spec/application.md §9).
import type { Application } from '../../model/application.ts';
import { approvableSince, isAsking } from '../../sync/deadline.ts';

/**
 * The time, in RFC 3339, from which an approval counts for what asks now, whatever the user's clock says: so what comes later asks again.
 * Undefined where nothing asks.
 */
export function approvalTime({ metadata, status }: Application): string | undefined {
  const state = status?.operationState;
  const asked = [state && isAsking(state) ? approvableSince(state) : Number.NaN, Date.parse(metadata.deletionTimestamp ?? '')];
  const times = asked.filter((time) => !Number.isNaN(time));
  return times.length > 0 ? `${new Date(Math.max(...times)).toISOString().slice(0, 19)}Z` : undefined;
}
