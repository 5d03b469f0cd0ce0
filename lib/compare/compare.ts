// compare: pairs of desired and live -> Comparison. Tier 1 looks in memory; what it doubts, a server-side dry run has judged (spec/diff.md §12).
import { isDeepStrictEqual } from 'node:util';
import { applicationHealth } from '../health/application.ts';
import { healthError, isBeingDeleted, resourceHealth } from '../health/health.ts';
import { COMPARE_OPTIONS, IGNORE_HEALTHCHECK } from '../model/annotations.ts';
import type { Health, SyncStatusCode } from '../model/application.ts';
import type { Comparison, Pair, ResourceComparison } from '../model/comparison.ts';
import { isHook, isSkipped } from '../model/hook.ts';
import { NO_TAKE_OVER } from '../model/managed-fields.ts';
import { annotationList, annotationOf, keyOf, keyText, type LiveObject, type Manifest, type ResourceKey } from '../model/manifest.ts';
import type { HealthCheck, HealthScript, ScriptedHealth } from '../model/script.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { DEFAULT_TRACKING } from '../model/tracking.ts';
import { waveOf } from '../model/wave.ts';
import { differences, kindOf } from './differences.ts';
import { type NormalizeRules, normalized } from './normalize.ts';
import { ownedPart } from './owned.ts';
import type { Kind } from './schema.ts';
import { isMigrating, isSelfReferenced, sharedWarnings, trackedAmong } from './tracking.ts';

export interface ComparisonRules extends NormalizeRules {
  /** The Application's `<namespace>/<name>`, for messages. */
  readonly application: string;
  /** The Application's name in its marks. */
  readonly instanceName: string;
  /** The Application's own sync options; an object may set its own. */
  readonly syncOptions: readonly string[];
  /** Whether the project lets the Application have such an object; all are permitted when absent. */
  readonly permitted?: (key: ResourceKey) => boolean;
  /** No dry run is asked: the comparison in memory decides (spec/diff.md §9, `ServerSideDiff=false`). */
  readonly alone?: boolean;
  /** What webhooks would change beside what we set counts too (spec/diff.md §9, `IncludeMutationWebhook=true`). */
  readonly includeMutations?: boolean;
  /** `metadata.uid` of the Application, whose own health is not its resources'. */
  readonly applicationUid?: string | undefined;
  /** The destination's Namespace as syncs keep it beside what Git names (`keptNamespace`). */
  readonly namespace?: Manifest | undefined;
  /** What scripts said of live objects, by `keyText`: the answers to `healthChecks`. */
  readonly scripted?: ReadonlyMap<string, ScriptedHealth>;
}

/** The objects that are held against each other, for `jqEdits`; predictions are more of them. */
export function comparedObjects(pairs: readonly Pair[], rules: ComparisonRules): readonly Manifest[] {
  return ours(pairs, rules)
    .filter(isCompared)
    .flatMap(({ target, live }) => [target, live]);
}

/** Which script is to be asked about which live object, by `keyText`. `scriptOf`: the script that counts for a kind. */
export function healthChecks(
  pairs: readonly Pair[],
  rules: ComparisonRules,
  scriptOf: (kind: Kind) => HealthScript | undefined,
): ReadonlyMap<string, HealthCheck> {
  const checks = ours(pairs, rules).flatMap((pair) => {
    // A sync waits for hooks, although they have no part in the Application's health.
    const live = hasHealth(pair, rules) || (pair.live && isHook(pair.live)) ? pair.live : undefined;
    const script = live && !isBeingDeleted(live) && scriptOf(kindOf(live));
    return script ? [[keyText(pair.key), { ...script, object: live }] as const] : [];
  });
  return new Map(checks);
}

/** What memory alone says of each pair that is compared, by `keyText`. It is asked once for `suspects` and `compare`. */
export type InMemory = ReadonlyMap<string, Verdict | 'doubtful'>;

export function judgeInMemory(pairs: readonly Pair[], rules: ComparisonRules): InMemory {
  const compared = ours(pairs, rules).filter(isCompared);
  return new Map(compared.map((pair) => [keyText(pair.key), inMemory(pair, rules)]));
}

/** The pairs that look different in memory, so that a dry-run server-side apply of their target must judge them. */
export function suspects(pairs: readonly Pair[], rules: ComparisonRules, known = judgeInMemory(pairs, rules)): readonly Pair[] {
  return rules.alone ? [] : pairs.filter(({ key }) => known.get(keyText(key)) === 'doubtful');
}

/**
 * Every row, the status and the health of an Application. `predicted` holds by `keyText` what the dry run said of the suspects: live and
 * prediction equal after normalisation are Synced. A suspect without prediction is OutOfSync.
 */
export function compare(
  pairs: readonly Pair[],
  predicted: ReadonlyMap<string, LiveObject>,
  rules: ComparisonRules,
  known = judgeInMemory(pairs, rules),
): Comparison {
  const mine = ours(pairs, rules);
  const rows = mine.map((pair) => rowOf(pair, { known, predicted }, rules)).sort(byKey);
  const namespaceDiffers = hasOtherNamespace(pairs, rules);
  const outOfSync = namespaceDiffers || rows.some((row) => differs(row) && !isExtraneous(row));
  const status = outOfSync ? 'OutOfSync' : 'Synced';
  const conditions = [...shared(mine, rules), ...healthErrors(rows, rules)];
  return { status, health: applicationHealth(rows), resources: rows, conditions, namespaceDiffers };
}

/** One that is not there is created with what goes into it, and is no difference by itself; what others set on one that is stays theirs. */
function hasOtherNamespace(pairs: readonly Pair[], rules: ComparisonRules): boolean {
  const { namespace } = rules;
  const key = namespace && keyText(keyOf(namespace));
  const pair = pairs.find((other) => !other.target && keyText(other.key) === key);
  if (!namespace || !pair?.live || rules.permitted?.(pair.key) === false) return false;
  return differences(namespace, pair.live, { ...rules, takeOver: NO_TAKE_OVER }, true).length > 0;
}

function shared(pairs: readonly Pair[], rules: ComparisonRules): Comparison['conditions'] {
  const { application, instanceName: instance, tracking = DEFAULT_TRACKING } = rules;
  const objects = pairs.flatMap(({ target, live }) => (target && live ? [live] : []));
  return sharedWarnings(objects, { application, instance }, tracking);
}

/** Of several objects that could not be judged the first is told (spec/health.md §3). */
function healthErrors(rows: readonly ResourceComparison[], rules: ComparisonRules): Comparison['conditions'] {
  const errors = rows.map((row) =>
    row.live && row.health?.status === 'Unknown' ? healthError(row.live, scriptedOf(row, rules)) : undefined,
  );
  const message = errors.find((error) => error !== undefined);
  return message === undefined ? [] : [{ type: 'ComparisonError', message }];
}

/** Of what the project does not permit the live side is not looked at; what another Application or controller owns is no extra object. */
function ours(pairs: readonly Pair[], rules: ComparisonRules): readonly Pair[] {
  const live = pairs.flatMap((pair) => pair.live ?? []);
  const tracked = new Set(trackedAmong(live, rules.instanceName, rules.tracking ?? DEFAULT_TRACKING));
  return pairs.flatMap((pair) => {
    const permitted = rules.permitted?.(pair.key) ?? true;
    if (pair.target) return [permitted ? pair : { ...pair, live: undefined }];
    return permitted && pair.live && tracked.has(pair.live) ? [pair] : [];
  });
}

type Both = Pair & { readonly target: Manifest; readonly live: LiveObject };

/** Both sides are there, and neither a hook, nor left out. */
function isCompared(pair: Pair): pair is Both {
  return pair.target !== undefined && pair.live !== undefined && ![pair.target, pair.live].some(isHook) && !isSkipped(pair.target);
}

type Verdict = 'same' | 'different';

/** What an earlier client set stays after an apply until its fields are taken over: no dry run would tell of it. */
function inMemory({ target, live }: Both, rules: ComparisonRules): Verdict | 'doubtful' {
  const found = differences(target, live, rules, rules.alone);
  if (found.some(({ reason }) => reason === 'inherited')) return 'different';
  // What webhooks would add no field of ours tells: only a dry run does.
  const asksWebhooks = rules.includeMutations === true && !rules.alone;
  return found.length === 0 && !asksWebhooks ? 'same' : 'doubtful';
}

interface Judged {
  readonly known: InMemory;
  readonly predicted: ReadonlyMap<string, LiveObject>;
}

function verdictOf(pair: Both, judged: Judged, rules: ComparisonRules): Verdict {
  const key = keyText(pair.key);
  const verdict = judged.known.get(key) ?? 'doubtful';
  if (verdict !== 'doubtful') return verdict;
  const predicted = judged.predicted.get(key);
  if (!predicted) return 'different';
  const [after, before] = normalized(predicted, pair.live, kindOf(pair.target), rules);
  if (isDeepStrictEqual(after, before)) return 'same';
  return !rules.includeMutations && isSameOfOurs(predicted, pair.live, rules) ? 'same' : 'different';
}

/** What webhooks and defaults would add now is no difference where all that we set is there as it would be (spec/diff.md §8.3). */
function isSameOfOurs(predicted: LiveObject, live: LiveObject, rules: ComparisonRules): boolean {
  const owned = ownedPart(predicted);
  return owned !== undefined && differences(owned, live, rules).length === 0;
}

function rowOf(pair: Pair, judged: Judged, rules: ComparisonRules): ResourceComparison {
  const { target, live } = pair;
  const subject = live ?? target;
  const hook = subject !== undefined && isHook(subject);
  const self = !live || target !== undefined || isSelfReferenced(live, rules.tracking ?? DEFAULT_TRACKING);
  const verdict = isCompared(pair) ? verdictOf(pair, judged, rules) : undefined;
  const counts = !hook && self && !(target && isSkipped(target));
  return {
    ...pair,
    status: counts ? statusOf(pair, verdict, rules) : '',
    hook,
    requiresPruning: live !== undefined && self && (!target || isHook(target)),
    requiresDeletionConfirmation: isConfirmed(pair, rules.syncOptions),
    syncWave: target ? waveOf(target) : 0,
    health: healthOf(pair, rules),
    settled: verdict === 'same' && !lacksMark(pair, rules),
  };
}

/** A sync has to write our mark onto it, although nothing differs. */
function lacksMark({ target, live }: Pair, { tracking = DEFAULT_TRACKING }: ComparisonRules): boolean {
  return target !== undefined && live !== undefined && isMigrating(target, live, kindOf(target), tracking);
}

function statusOf(pair: Pair, verdict: Verdict | undefined, rules: ComparisonRules): SyncStatusCode {
  if (rules.permitted && !rules.permitted(pair.key)) return 'Unknown';
  return verdict === 'same' ? 'Synced' : 'OutOfSync';
}

/** `Delete` or `Prune` is `confirm`, on either side or for the whole Application. */
function isConfirmed({ target, live }: Pair, options: readonly string[]): boolean {
  const sides = [target, live].filter((side) => side !== undefined);
  return sides.some((side) => ['Delete', 'Prune'].some((key) => effectiveOption(side, options, key) === 'confirm'));
}

function healthOf(pair: Pair, rules: ComparisonRules): Health | undefined {
  if (!hasHealth(pair, rules)) return undefined;
  return pair.live ? resourceHealth(pair.live, scriptedOf(pair, rules)) : { status: 'Missing' };
}

function scriptedOf({ key }: Pair, rules: ComparisonRules): ScriptedHealth | undefined {
  return rules.scripted?.get(keyText(key));
}

/** Hooks and what is left out have none, nor has the Application itself, nor what asks to have none. */
function hasHealth({ target, live }: Pair, rules: ComparisonRules): boolean {
  const subject = live ?? target;
  if ((subject && isHook(subject)) || (target && isSkipped(target))) return false;
  if (!live) return true;
  const itself = rules.applicationUid !== undefined && live.metadata.uid === rules.applicationUid;
  return !itself && annotationOf(live, IGNORE_HEALTHCHECK) !== 'true';
}

/** A target that is not permitted counts too: its live side was not looked at, so it is missing. */
function differs({ status }: ResourceComparison): boolean {
  return status === 'OutOfSync' || status === 'Unknown';
}

function isExtraneous({ target, live }: ResourceComparison): boolean {
  return !target && live !== undefined && annotationList(live, COMPARE_OPTIONS).includes('IgnoreExtraneous');
}

function byKey(left: ResourceComparison, right: ResourceComparison): number {
  return keyText(left.key) < keyText(right.key) ? -1 : 1;
}
