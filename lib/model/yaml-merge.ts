// Merge keys as go-yaml takes them: keys are set in the order in which they stand, so what is merged replaces what came before it and is
// replaced by what comes after. YAML's own rule, by which an object's own keys always win, is not what Kubernetes' tools do.
import { InvalidInput } from './errors.ts';
import { isRecord } from './manifest.ts';

const MERGE = '\u0000<<';

/** Names for the plain `<<`s of a text until `merged` takes them out: each another, since an object may have several, and none that a key has. */
export function mergeKeys(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${MERGE}${count}`;
  };
}

function isMergeKey(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(MERGE);
}

/** Data with its merge keys carried out; a `<<` that is no key is that text. Throws InvalidInput for one that merges something else than objects. */
export function merged(value: unknown): unknown {
  if (isMergeKey(value)) return '<<';
  if (Array.isArray(value)) return value.map(merged);
  if (!isRecord(value)) return value;
  const entries = new Map<string, unknown>();
  for (const [key, child] of Object.entries(value)) {
    const own = merged(child);
    if (!isMergeKey(key)) entries.set(key, own);
    else for (const [name, inherited] of sourcesOf(own).flatMap(Object.entries)) entries.set(name, inherited);
  }
  return Object.fromEntries(entries);
}

/** The objects behind a merge key; of a list the first counts most, so it comes last. */
function sourcesOf(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  const sources: readonly unknown[] = Array.isArray(value) ? value.toReversed() : [value];
  if (sources.every(isRecord)) return sources;
  throw new InvalidInput('a merge key wants an object or a list of objects');
}
