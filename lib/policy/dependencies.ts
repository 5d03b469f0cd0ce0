// Which Applications another one waits for: those that its annotation names have to be Synced and Healthy before it is synced.
// Ours alone: Argo CD orders Applications only by the waves of an Application that holds them.
import { DEPENDS_ON } from '../model/annotations.ts';
import type { Application } from '../model/application.ts';
import { annotationList } from '../model/manifest.ts';
import { BLOCKED } from '../model/operation.ts';
import { patientSeconds } from './patience.ts';

/** Names of Applications of the control namespace, each once, in the order in which they are written. */
export function dependenciesOf(application: Pick<Application, 'metadata'>): readonly string[] {
  return annotationList(application, DEPENDS_ON);
}

/** What is known of those that an Application waits for, and of those that they wait for, by name; undefined: there is none of that name. */
export type KnownApplications = ReadonlyMap<string, Application | undefined>;

/** Why an Application may not be synced for the sake of others: never, as long as the annotations stand, or not yet. */
export type DependencyVerdict = { readonly kind: 'free' } | { readonly kind: 'cycle' | 'blocked'; readonly message: string };

export function dependencyVerdict(application: Application, known: KnownApplications): DependencyVerdict {
  const cycle = cycleFrom(application, known);
  if (cycle) return { kind: 'cycle', message: `annotation ${DEPENDS_ON}: ${cycle.join(' -> ')} is a cycle, in which nobody can be first` };
  const waits = dependenciesOf(application).flatMap((other) => standing(other, known.get(other)));
  return waits.length === 0 ? { kind: 'free' } : { kind: 'blocked', message: `${BLOCKED}${waits.join(', ')}` };
}

/** The shortest way from an Application back to itself. Cycles of others alone are theirs to tell. */
function cycleFrom(application: Application, known: KnownApplications): readonly string[] | undefined {
  const { name } = application.metadata;
  const seen = new Set<string>();
  let paths = dependenciesOf(application).map((next) => [name, next]);
  while (paths.length > 0) {
    const found = paths.find((path) => path.at(-1) === name);
    if (found) return found;
    paths = paths.flatMap((path) => stepsOn(path, known, seen));
  }
  return undefined;
}

function stepsOn(path: readonly string[], known: KnownApplications, seen: Set<string>): string[][] {
  const at = path.at(-1) ?? '';
  const application = seen.has(at) ? undefined : known.get(at);
  seen.add(at);
  return application ? dependenciesOf(application).map((next) => [...path, next]) : [];
}

/** Seconds until the next look at those that are waited for since that time (RFC 3339). */
export function dependencySeconds(since: string | undefined, now: number): number {
  return patientSeconds(since, now, { least: 15, most: 120, part: 4 });
}

/** What keeps another Application from being waited for no longer, in words; nothing when nothing does. */
function standing(name: string, application: Application | undefined): readonly string[] {
  if (!application) return [`${name} (not found)`];
  const { status, operation, metadata } = application;
  const [sync, health] = [status?.sync?.status ?? 'Unknown', status?.health?.status ?? 'Unknown'];
  const faults = [
    metadata.deletionTimestamp ? 'is being deleted' : '',
    sync === 'Synced' ? '' : sync,
    health === 'Healthy' ? '' : health,
    operation ? 'is syncing' : '',
  ].filter((fault) => fault !== '');
  return faults.length === 0 ? [] : [`${name} (${faults.join(', ')})`];
}
