// JSON merge patches (RFC 7386) between two versions of plain data.
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './manifest.ts';

/**
 * The smallest merge patch that turns `before` into `after`, or undefined when they are equal.
 * Keys that are absent from `after`, or undefined in it, become null; lists are replaced whole.
 */
export function mergePatch(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> | undefined {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changes = [...keys]
    .map((key) => [key, changeOf(own(before, key), own(after, key))] as const)
    .filter(([, change]) => change !== undefined);
  return changes.length > 0 ? Object.fromEntries(changes) : undefined;
}

/** The value of a key of the data itself, whatever the key is called. */
function own(data: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

function changeOf(before: unknown, after: unknown): unknown {
  if (after === undefined) return before === undefined || before === null ? undefined : null;
  if (isRecord(before) && isRecord(after)) return mergePatch(before, after);
  const wanted = withoutUndefined(after);
  return isDeepStrictEqual(withoutUndefined(before), wanted) ? undefined : wanted;
}

/** Undefined values vanish, as they do in JSON, so that comparisons and patches see what the API server will see. */
export function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, withoutUndefined(item)]),
  );
}
