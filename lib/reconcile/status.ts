// nextStatus: the facts of a run -> the Application's status (spec/application.md §7). Rules only; write.ts sends it.
import {
  type Application,
  type ApplicationCondition,
  type ApplicationStatus,
  type ConditionType,
  isMultiSource,
  type ResourceStatus,
} from '../model/application.ts';
import type { Comparison, ResourceComparison } from '../model/comparison.ts';
import type { DesiredState } from '../model/desired.ts';
import { groupVersionOf, keyOfRow, keyText, type LiveObject } from '../model/manifest.ts';
import { mergePatch } from '../model/merge-patch.ts';
import { isAsked, type SyncOperation } from '../model/operation.ts';
import { containerImages } from '../sync/task.ts';
import { COMPARISON_CONDITIONS, SPEC_CONDITIONS, setConditions } from './conditions.ts';

export interface Facts {
  readonly comparison: Comparison;
  readonly desired: DesiredState;
  /** What was found beside the comparison. */
  readonly warnings?: readonly ApplicationCondition[];
  readonly live: Iterable<LiveObject>;
}

/** Status after a comparison, or after none was possible. `now` is RFC 3339. */
export function statusOf(application: Application, facts: Evaluated, now: string): ApplicationStatus {
  if ('failure' in facts) return failedStatus(application, facts.failure, now);
  return comparedStatus(application, { ...facts, live: facts.live.values() }, now);
}

type Evaluated = { readonly failure: string } | (Omit<Facts, 'live'> & { readonly live: ReadonlyMap<string, LiveObject> });

/** Status after a comparison. `now` is RFC 3339. */
export function comparedStatus(application: Application, facts: Facts, now: string): ApplicationStatus {
  const before = application.status ?? {};
  const multiple = isMultiSource(application.spec);
  const { comparison, desired, warnings = [] } = facts;
  const types = desired.sourceTypes;
  return {
    ...withConditions(
      before,
      [...SPEC_CONDITIONS, ...COMPARISON_CONDITIONS],
      [...desired.conditions, ...comparison.conditions, ...warnings],
      now,
    ),
    sync: {
      status: comparison.status,
      comparedTo: comparedTo(application),
      ...(multiple ? { revisions: desired.revisions } : { revision: desired.revisions[0] ?? '' }),
    },
    health: healthSince(before, comparison.health, now),
    resources: comparison.resources.map(rowOf).filter((row) => row !== undefined),
    sourceType: multiple ? undefined : types[0],
    sourceTypes: multiple ? types : undefined,
    summary: summaryOf(facts),
    controllerNamespace: application.metadata.namespace,
  };
}

/** An Application whose spec is refused: nothing is known of it any more, the rest of its status stays (spec/application.md §3). */
export function refusedStatus(application: Application, conditions: readonly ApplicationCondition[], now: string): ApplicationStatus {
  const before = application.status ?? {};
  return {
    ...withConditions(before, SPEC_CONDITIONS, conditions, now),
    sync: { ...(before.sync ?? { comparedTo: comparedTo(application) }), status: 'Unknown' },
    health: healthSince(before, { status: 'Unknown' }, now),
  };
}

/** Desired or live could not be loaded: every row and the Application are Unknown, health stays as last seen (spec/diff.md §12). */
export function failedStatus(application: Application, message: string, now: string): ApplicationStatus {
  const before = application.status ?? {};
  const cleared = withConditions(before, SPEC_CONDITIONS, [], now);
  return {
    ...withConditions(cleared, COMPARISON_CONDITIONS, [{ type: 'ComparisonError', message }], now),
    sync: { ...(before.sync ?? { comparedTo: comparedTo(application) }), status: 'Unknown' },
    health: before.health ?? healthSince(before, { status: 'Unknown' }, now),
    resources: before.resources?.map((row) => (row.status ? { ...row, status: 'Unknown' } : row)),
  };
}

/**
 * The status with rows of what an operation is about to touch and the Application's own commits, which may be others, do not name: so a
 * deletion, and the next comparison, find it. Nothing is said of how it compares.
 */
export function withInventory(status: ApplicationStatus, touched: readonly ResourceComparison[], sync: SyncOperation): ApplicationStatus {
  if (sync.dryRun) return status;
  const { resources = [] } = status;
  const known = new Set(resources.map((row) => keyText(keyOfRow(row))));
  const added = touched.filter(({ key, target, hook }) => target && !hook && isAsked(key, sync) && !known.has(keyText(key)));
  if (added.length === 0) return status;
  const rows = added.map(({ key: { group, kind, namespace, name }, version }) => ({
    ...(group === '' ? {} : { group }),
    version,
    kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
  }));
  return { ...status, resources: [...resources, ...rows] };
}

export function withConditions(
  status: ApplicationStatus,
  owned: readonly ConditionType[],
  found: readonly ApplicationCondition[],
  now: string,
): ApplicationStatus {
  const conditions = setConditions(status.conditions ?? [], owned, found, now);
  return { ...status, conditions: conditions.length > 0 ? conditions : undefined };
}

/** `reconciledAt` moves when anything else does, and whenever `stamp` asks for it (after an operation, after a refresh). */
export function stamped(before: ApplicationStatus | undefined, next: ApplicationStatus, now: string, stamp: boolean): ApplicationStatus {
  const changed = mergePatch({ ...before }, { ...next }) !== undefined;
  return changed || stamp || !next.reconciledAt ? { ...next, reconciledAt: now } : next;
}

function comparedTo({ spec }: Application) {
  const { destination, ignoreDifferences } = spec;
  const sources = isMultiSource(spec) ? { source: { repoURL: '' }, sources: spec.sources } : { source: spec.source };
  return { ...sources, destination, ignoreDifferences };
}

/** The time moves only with the code. */
function healthSince(before: ApplicationStatus, health: Comparison['health'], now: string) {
  const same = before.health?.status === health.status;
  const since = same ? before.health?.lastTransitionTime : now;
  return { status: health.status, ...(health.message ? { message: health.message } : {}), ...(since ? { lastTransitionTime: since } : {}) };
}

/** A hook is a row only while a live object of it exists. */
function rowOf(row: ResourceComparison): ResourceStatus | undefined {
  if (row.hook && !row.live) return undefined;
  const { group, kind, namespace, name } = row.key;
  return {
    ...(group === '' ? {} : { group }),
    version: row.version,
    kind,
    ...(namespace === '' ? {} : { namespace }),
    name,
    ...(row.status === '' ? {} : { status: row.status }),
    ...(row.health ? { health: row.health } : {}),
    ...(row.hook ? { hook: true } : {}),
    ...(row.requiresPruning ? { requiresPruning: true } : {}),
    ...(row.syncWave === 0 ? {} : { syncWave: row.syncWave }),
    ...(row.requiresDeletionConfirmation ? { requiresDeletionConfirmation: true } : {}),
  };
}

function summaryOf({ comparison, live }: Facts): ApplicationStatus['summary'] {
  const objects = [...live];
  const images = [...new Set(objects.flatMap((object) => [...containerImages(object)]))].sort();
  const isAppOfApps = comparison.resources.some(({ key }) => key.group === 'argoproj.io' && key.kind === 'Application');
  const externalURLs = [...new Set(objects.flatMap(ingressURLs))].sort();
  return {
    ...(externalURLs.length > 0 ? { externalURLs } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(isAppOfApps ? { isAppOfApps } : {}),
  };
}

interface IngressSpec {
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly { readonly host?: string; readonly http?: { readonly paths?: readonly { readonly path?: string }[] } }[];
}

/** Other groups have kinds of this name too, with other fields. */
const INGRESS_GROUPS: ReadonlySet<string> = new Set(['networking.k8s.io', 'extensions']);

/** What an Ingress serves from outside: https for hosts that its TLS section names. */
function ingressURLs(object: LiveObject): readonly string[] {
  if (object.kind !== 'Ingress' || !INGRESS_GROUPS.has(groupVersionOf(object.apiVersion).group)) return [];
  const spec = object['spec'] as IngressSpec | undefined; // networking.k8s.io/v1
  const secure = new Set(spec?.tls?.flatMap((entry) => entry.hosts ?? []) ?? []);
  return (spec?.rules ?? []).flatMap(({ host, http }) =>
    host ? (http?.paths ?? [{}]).map(({ path }) => `${secure.has(host) ? 'https' : 'http'}://${host}${path ?? '/'}`) : [],
  );
}
