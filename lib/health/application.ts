// applicationHealth: the rows of a comparison -> the health of their Application (spec/health.md §3). Children of rows are never looked at.
import type { Health, HealthStatusCode } from '../model/application.ts';
import type { ResourceComparison } from '../model/comparison.ts';
import { isSkipped } from '../model/hook.ts';
import type { ResourceKey } from '../model/manifest.ts';

/** Best to worst (spec/health.md §1). */
const ORDER: readonly HealthStatusCode[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

const NAMED_CAUSES = 3;

/** The worse of two codes. */
export function worstHealth(current: HealthStatusCode, next: HealthStatusCode): HealthStatusCode {
  return ORDER.indexOf(next) > ORDER.indexOf(current) ? next : current;
}

/** The worst health among the live resources, with the resources that caused it; Missing when there should be some and none is live. */
export function applicationHealth(rows: readonly ResourceComparison[]): Health {
  const resources = rows.filter((row) => !row.hook && !(row.target && isSkipped(row.target)));
  if (resources.length > 0 && resources.every((row) => !row.live)) return { status: 'Missing' };
  const counted = resources.filter(counts);
  const status = counted.reduce<HealthStatusCode>((worst, row) => worstHealth(worst, row.health?.status ?? 'Healthy'), 'Healthy');
  if (status === 'Healthy') return { status };
  return { status, message: causedBy(counted.filter((row) => row.health?.status === status)) };
}

function counts({ key, live, health }: ResourceComparison): boolean {
  if (!live || !health) return false;
  const child = key.group === 'argoproj.io' && key.kind === 'Application';
  return !(child && (health.status === 'Missing' || health.status === 'Unknown'));
}

function causedBy(causes: readonly ResourceComparison[]): string {
  const named = causes.slice(0, NAMED_CAUSES).map(({ key }) => causeName(key));
  const more = causes.length - named.length;
  return `Caused by ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function causeName({ group, kind, namespace, name }: ResourceKey): string {
  return `${group === '' ? '' : `${group}/`}${kind}:${namespace === '' ? '' : `${namespace}/`}${name}`;
}
