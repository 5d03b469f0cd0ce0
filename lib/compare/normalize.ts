// normalized: an object without what must never count as a difference: what the API server writes about it, how Secrets may be written,
// whose it is by another method, and what people asked to ignore (spec/diff.md §2, §5, §7).
import { LAST_APPLIED } from '../model/annotations.ts';
import type { TakeOver } from '../model/managed-fields.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { DEFAULT_TRACKING, type Tracking } from '../model/tracking.ts';
import { withSortedSubsets } from './endpoints.ts';
import { type IgnoreRule, rulesFor, withoutPointer } from './ignore.ts';
import { type KnownFields, withKnownFields } from './known-fields.ts';
import type { Kind } from './schema.ts';
import { migrated } from './tracking.ts';
import { withTrusted } from './trusted.ts';

/** What does not count as a difference, beside what the API server writes. */
export interface NormalizeRules {
  /** The Application's rules, then those of the installation (`ignoreRules`); a `/status` that does not count is one of these. */
  readonly ignoreDifferences: readonly IgnoreRule[];
  /** Whether the rules of a role that others are added up to are its controller's; false when absent. */
  readonly ignoreAggregatedRoles?: boolean;
  /** By annotation when absent. */
  readonly tracking?: Tracking;
  /** Fields of custom resources that hold the API's own types (`knownFields`); none when absent. */
  readonly knownFields?: KnownFields;
  /** Whose fields become ours at the next apply. */
  readonly takeOver?: TakeOver;
  /** What jq made of targets, of live objects and of predictions: the answers to `jqEdits`. */
  readonly edited?: Edited;
}

/** Written by the API server, never by Git. */
const SERVER_METADATA: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** What jq made of objects, by the object that it was given: how `jqEdits` came out. */
export type Edited = ReadonlyMap<Manifest, Manifest>;

export const UNEDITED: Edited = new Map();

const NO_KNOWN_FIELDS: KnownFields = new Map();

/** An object without what jq path expressions name. */
export function edited(object: Manifest, edits: Edited): Manifest {
  const found = edits.get(object);
  return found ? asManifest(found, object) : object;
}

/**
 * Desired (or predicted) and live, ready to be held against each other. Both are plain data; `live` tells the managers.
 * What jq takes away is gone first, then what a trusted manager set is as live has it, then what pointers name is gone,
 * and fields of known types have one form.
 */
export function normalized(desired: Manifest, live: LiveObject, kind: Kind, rules: NormalizeRules): readonly [Manifest, LiveObject] {
  const { tracking = DEFAULT_TRACKING, ignoreAggregatedRoles = false, edited: edits = UNEDITED } = rules;
  const mine = rulesFor(rules.ignoreDifferences, kind, live);
  const managers = mine.flatMap((rule) => rule.managedFieldsManagers ?? []);
  const pointers = mine.flatMap((rule) => rule.jsonPointers ?? []);
  const clean = (object: Manifest) => (ignoreAggregatedRoles ? withoutAggregated(cleaned(object, kind), kind) : cleaned(object, kind));
  const [wanted, actual] = [edited(desired, edits), edited(live, edits)];
  const now = clean(migrated(desired, actual, kind, tracking));
  const then = withTrusted(clean(wanted), now, live, managers);
  const { knownFields: known = NO_KNOWN_FIELDS } = rules;
  const settled = (side: Manifest, original: Manifest) =>
    asManifest(withKnownFields(asManifest(pointers.reduce<unknown>(withoutPointer, side), original), kind, known), original);
  return [settled(then, desired), settled(now, live)];
}

/** Ignoring may take `metadata` away, which the type of an object always has. */
function asManifest(value: unknown, original: Manifest): Manifest {
  const { apiVersion, kind } = original;
  if (!isRecord(value)) return { apiVersion, kind, metadata: {} };
  return { apiVersion, kind, ...value, metadata: isRecord(value['metadata']) ? value['metadata'] : {} };
}

/** A role with an `aggregationRule` without its rules, which a controller adds up. */
function withoutAggregated(role: Manifest, { group, kind }: Kind): Manifest {
  if (group !== 'rbac.authorization.k8s.io' || !['Role', 'ClusterRole'].includes(kind) || !isRecord(role['aggregationRule'])) return role;
  const { rules: _rules, ...rest } = role;
  return { ...rest, apiVersion: role.apiVersion, kind: role.kind, metadata: role.metadata };
}

/** One object without what the API server writes into its metadata, and with a Secret's data and subsets of Endpoints in one form. */
export function cleaned(object: Manifest, kind: Kind): Manifest {
  const manifest: Manifest = { ...object, metadata: cleanedMetadata(object) };
  if (kind.group !== '') return manifest;
  if (kind.kind === 'Endpoints') return withSortedSubsets(manifest);
  return kind.kind === 'Secret' ? withPlainData(manifest) : manifest;
}

function cleanedMetadata({ metadata }: Manifest): Manifest['metadata'] {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => !SERVER_METADATA.has(name)));
  if (metadata.annotations?.[LAST_APPLIED] === undefined) return kept;
  return { ...kept, annotations: Object.fromEntries(Object.entries(metadata.annotations).filter(([name]) => name !== LAST_APPLIED)) };
}

/** `stringData` over `data` as base64, and `data` as the API server writes it (spec/diff.md §7.4). */
export function withPlainData(secret: Manifest): Manifest {
  const { stringData, data, ...rest } = secret;
  if (!isRecord(stringData) && !isRecord(data)) return secret;
  const encoded = Object.entries(isRecord(stringData) ? stringData : {}).map(([key, value]) => [key, encodedText(value)]);
  const plain = Object.entries({ ...(isRecord(data) ? data : {}), ...Object.fromEntries(encoded) }).map(([key, value]) => [
    key,
    reencoded(value),
  ]);
  return { ...rest, apiVersion: secret.apiVersion, kind: secret.kind, metadata: secret.metadata, data: Object.fromEntries(plain) };
}

function encodedText(value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value, 'utf8').toString('base64') : value;
}

function reencoded(value: unknown): unknown {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value.replace(/[\r\n]/g, '') : value;
}
