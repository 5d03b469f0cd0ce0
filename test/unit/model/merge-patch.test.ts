// Merge patches (RFC 7386): applied to the old they give the new, and they hold nothing else.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRecord } from '../../../lib/model/manifest.ts';
import { mergePatch, withoutUndefined } from '../../../lib/model/merge-patch.ts';

type Data = Readonly<Record<string, unknown>>;

/** RFC 7386 §2, as it is written there. */
function applied(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map(Object.entries(isRecord(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, applied(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** Whatever JSON holds but null, which a merge patch cannot set. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.boolean(), fc.integer(), fc.string(), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.string({ maxLength: 3 })), tie('value'), { maxKeys: 4 }),
}));
const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), value, { maxKeys: 5 }).map((made): Data => made);

describe('a merge patch', () => {
  test('makes the new out of the old', () => {
    fc.assert(
      fc.property(data, data, (before, after) => {
        expect(applied(before, mergePatch(before, after) ?? {})).toEqual(Object.fromEntries(Object.entries(after)));
      }),
      { numRuns: 2000 },
    );
  });

  test('is none between equals', () => {
    fc.assert(fc.property(data, (same) => mergePatch(same, structuredClone({ ...same })) === undefined));
  });

  test('holds only what changed', () => {
    expect(
      mergePatch({ a: 1, b: { c: 1, d: 2 }, list: [1, 2], gone: 1 }, { a: 1, b: { c: 1, d: 3 }, list: [1, 3], fresh: { x: undefined } }),
    ).toEqual({
      b: { d: 3 },
      list: [1, 3],
      gone: null,
      fresh: {},
    });
  });

  test('takes an undefined value for an absent one', () => {
    expect(mergePatch({ a: 1 }, { a: undefined })).toEqual({ a: null });
    expect(mergePatch({}, { a: undefined })).toBeUndefined();
    expect(mergePatch({ a: undefined }, {})).toBeUndefined();
    expect(mergePatch({ a: { b: undefined } }, { a: {} })).toBeUndefined();
  });

  test('sees no difference where only undefined values differ, in lists too', () => {
    expect(mergePatch({ rows: [{ name: 'a' }] }, { rows: [{ name: 'a', hook: undefined }] })).toBeUndefined();
  });

  test('replaces what changed its shape', () => {
    expect(mergePatch({ a: { b: 1 } }, { a: [1] })).toEqual({ a: [1] });
    expect(mergePatch({ a: 'text' }, { a: { b: 1 } })).toEqual({ a: { b: 1 } });
  });
});

test('undefined values vanish at any depth, other values stay', () => {
  expect(withoutUndefined({ a: undefined, b: [{ c: undefined, d: null }], e: 0 })).toEqual({ b: [{ d: null }], e: 0 });
});
