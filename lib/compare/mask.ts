// maskedSecrets: Secrets as they may be shown: that a value changes is visible, the value is not (spec/diff.md §14).
import { LAST_APPLIED } from '../model/annotations.ts';
import { isRecord, type Manifest } from '../model/manifest.ts';
import { withPlainData } from './normalize.ts';

const SHORTEST = 8;
const STEP = 4;
const UNREADABLE = '+'.repeat(SHORTEST);

/**
 * The versions of one Secret, masked together: equal values of a key get equal masks, each further value a longer one. What is missing
 * stays missing. Of the annotations those that are named are masked in the same way (`resource.sensitive.mask.annotations`). The
 * last-applied annotation holds the values once more, so its content is masked with the same masks, and the whole of it when it is named.
 */
export function maskedSecrets<T extends Manifest | undefined>(versions: readonly T[], annotations: readonly string[] = []): readonly T[] {
  const plain = versions.map((version) => version && withPlainData(version));
  const remembered = plain.map(rememberedIn);
  const all = [...plain, ...remembered];
  const named = all.map((version) => Object.fromEntries(annotationsOf(version).filter(([name]) => annotations.includes(name))));
  const masks = { data: masksOf(all.map(dataOf)), annotations: masksOf(named) };
  return plain.map((version, index) => version && withMasks(version, remembered[index], masks)) as T[]; // missing where it was missing
}

type Data = Readonly<Record<string, unknown>>;
type ValueMasks = ReadonlyMap<string, ReadonlyMap<string, string>>;

interface Masks {
  readonly data: ValueMasks;
  readonly annotations: ValueMasks;
}

function annotationsOf(object: Manifest | undefined): readonly (readonly [name: string, value: unknown])[] {
  const annotations = object?.metadata.annotations;
  return isRecord(annotations) ? Object.entries(annotations) : [];
}

function dataOf(object: Manifest | undefined): Data {
  const data = object?.['data'];
  return isRecord(data) ? data : {};
}

/** The Secret in the last-applied annotation, with its data in plain form; undefined when there is none that can be read. */
function rememberedIn(version: Manifest | undefined): Manifest | undefined {
  try {
    const document: unknown = JSON.parse(version?.metadata.annotations?.[LAST_APPLIED] ?? '');
    if (!isRecord(document)) return undefined;
    const { apiVersion, kind, metadata } = document;
    const named = { apiVersion: String(apiVersion), kind: String(kind), metadata: isRecord(metadata) ? metadata : {} };
    return withPlainData({ ...document, ...named });
  } catch {
    return undefined;
  }
}

/** Masks by key and value, in the order in which the values come. */
function masksOf(all: readonly Data[]): ValueMasks {
  const masks = new Map<string, Map<string, string>>();
  for (const [key, value] of all.flatMap((data) => Object.entries(data))) {
    const known = masks.get(key) ?? new Map<string, string>();
    masks.set(key, known);
    if (!known.has(textOf(value))) known.set(textOf(value), '+'.repeat(SHORTEST + STEP * known.size));
  }
  return masks;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function withMasks(version: Manifest, remembered: Manifest | undefined, masks: Masks): Manifest {
  const hidden = hiddenData(version, masks);
  const { annotations } = hidden.metadata;
  if (annotations?.[LAST_APPLIED] === undefined || masks.annotations.has(LAST_APPLIED)) return hidden;
  const text = remembered ? JSON.stringify(hiddenData(remembered, masks)) : UNREADABLE;
  return { ...hidden, metadata: { ...hidden.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}

/** What a Secret may show; a misspelt `stringData` is none of it. */
const SHOWN: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'type', 'immutable']);

function hiddenData(object: Manifest, masks: Masks): Manifest {
  const hidden = Object.entries(object).map(([field, value]) => [field, SHOWN.has(field) ? value : UNREADABLE]);
  const data = Object.entries(dataOf(object)).map(([key, value]) => [key, masks.data.get(key)?.get(textOf(value)) ?? UNREADABLE]);
  const metadata = { ...object.metadata, ...hiddenAnnotations(object, masks.annotations) };
  return { ...object, ...Object.fromEntries(hidden), metadata, ...(isRecord(object['data']) ? { data: Object.fromEntries(data) } : {}) };
}

function hiddenAnnotations(object: Manifest, masks: ValueMasks): Pick<Manifest['metadata'], 'annotations'> {
  const annotations = annotationsOf(object).map(([name, value]) => [name, masks.get(name)?.get(textOf(value)) ?? value]);
  return annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {};
}
