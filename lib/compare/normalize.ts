// normalized: an object without what must never count as a difference: what the API server writes about it, its status,
// how Secrets may be written, and what people asked to ignore (spec/diff.md §5, §7).
import { LAST_APPLIED } from '../model/annotations.ts';
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import { isRecord, type LiveObject, type Manifest } from '../model/manifest.ts';
import { rulesFor, withoutPointer, withoutTrusted } from './ignore.ts';
import type { Kind } from './schema.ts';

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

/**
 * Desired (or predicted) and live, ready to be held against each other. Both are plain data; `live` tells the managers.
 * Rules with jqPathExpressions are not followed: `unsupportedRules` names them.
 */
export function normalized(
  desired: Manifest,
  live: LiveObject,
  kind: Kind,
  rules: readonly ResourceIgnoreDifferences[],
): readonly [Manifest, LiveObject] {
  const mine = rulesFor(rules, kind, live);
  const managers = mine.flatMap((rule) => rule.managedFieldsManagers ?? []);
  const pointers = mine.flatMap((rule) => rule.jsonPointers ?? []);
  const sides = withoutTrusted([cleaned(desired, kind), cleaned(live, kind)], live, managers);
  const [before, after] = sides.map((side) => pointers.reduce(withoutPointer, side));
  return [asManifest(before, desired), asManifest(after, live)];
}

/** Ignoring may take `metadata` away, which the type of an object always has. */
function asManifest(value: unknown, original: Manifest): Manifest {
  const { apiVersion, kind } = original;
  if (!isRecord(value)) return { apiVersion, kind, metadata: {} };
  return { apiVersion, kind, ...value, metadata: isRecord(value['metadata']) ? value['metadata'] : {} };
}

/** One object without what the API server writes about it, and with a Secret's data in one form. */
export function cleaned(object: Manifest, kind: Kind): Manifest {
  const { status: _status, ...rest } = object;
  const manifest: Manifest = { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: cleanedMetadata(object) };
  return kind.group === '' && kind.kind === 'Secret' ? withPlainData(manifest) : manifest;
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
