import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineDecoder, readLine } from '../../../lib/adapters/watch.ts';
import { Unavailable } from '../../../lib/model/errors.ts';

const CONFIG_MAP = { group: '', version: 'v1', kind: 'ConfigMap' };

describe('createLineDecoder', () => {
  it('gives the same lines wherever the bytes are split', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => JSON.stringify({ text }));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(), { maxLength: 20 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
        expect(decoded(bytes, cuts)).toEqual(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same lines for every single place to split one message', () => {
    const lines = ['{"a":"ü€😀"}', '{"b":1}'];
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    for (let cut = 0; cut <= bytes.length; cut++) expect(decoded(bytes, [cut])).toEqual(lines);
  });

  it('keeps a last line that was cut off to itself', () => {
    expect(createLineDecoder().push(Buffer.from('{"a":1}\n{"b":'))).toEqual(['{"a":1}']);
  });

  it('does not rely on the caller leaving a chunk as it was', () => {
    const decoder = createLineDecoder();
    const chunk = Buffer.from('{"a":');
    decoder.push(chunk);
    chunk.fill(0);
    expect(decoder.push(Buffer.from('1}\n'))).toEqual(['{"a":1}']);
  });

  it('refuses a line without an end', () => {
    const decoder = createLineDecoder();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    expect(() => {
      for (let i = 0; i < 20; i++) decoder.push(chunk);
    }).toThrow(Unavailable);
  });
});

describe('readLine', () => {
  it('fills in the kind that metadata-only objects lack', () => {
    const line = JSON.stringify({
      type: 'MODIFIED',
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a', resourceVersion: '7' } },
    });
    expect(readLine(line, CONFIG_MAP)).toEqual({
      gone: false,
      resourceVersion: '7',
      change: { type: 'MODIFIED', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', resourceVersion: '7' } } },
    });
  });

  it('takes of a bookmark the resourceVersion alone', () => {
    const line = JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } });
    expect(readLine(line, CONFIG_MAP)).toEqual({ gone: false, resourceVersion: '9', change: undefined });
  });

  it('reads 410 as gone', () => {
    const line = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect(readLine(line, CONFIG_MAP)).toEqual({ gone: true });
  });

  it.each([
    ['an error other than 410', JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 500, reason: 'InternalError' } })],
    ['a line that is not JSON', '{"type":"ADDED","object":{"data":"canary'],
    ['an event without an object', '{"type":"ADDED"}'],
  ])('throws Unavailable on %s, without quoting it', (_, line) => {
    expect(() => readLine(line, CONFIG_MAP)).toThrow(Unavailable);
    expect(() => readLine(line, CONFIG_MAP)).not.toThrow(/canary/);
  });
});

function decoded(bytes: Buffer, cuts: readonly number[]): readonly string[] {
  const decoder = createLineDecoder();
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return places.slice(1).flatMap((end, index) => decoder.push(bytes.subarray(places[index], end)));
}
