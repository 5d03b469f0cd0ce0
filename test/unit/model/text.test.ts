// bounded: what fits stays as it is, what does not is cut between characters and says so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bounded } from '../../../lib/model/text.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

describe('bounded', () => {
  it('keeps what just fits and cuts one byte more', () => {
    expect(bounded('x'.repeat(20), 20)).toBe('x'.repeat(20));
    expect(bounded('x'.repeat(21), 20)).toBe(`${'x'.repeat(11)}… (cut)`);
  });

  it('counts bytes, and never splits a character', () => {
    expect(bounded('😀'.repeat(6), 20)).toBe('😀😀… (cut)');
    expect(bounded('😀'.repeat(5), 20)).toBe('😀'.repeat(5));
  });

  it('stays within its bounds for any text, begins as the text does, and is settled after one cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 9, max: 80 }), (text, bytes) => {
        const cut = bounded(text, bytes);
        expect(bytesOf(cut)).toBeLessThanOrEqual(bytes);
        if (bytesOf(text) <= bytes) expect(cut).toBe(text);
        else expect(text.startsWith(cut.slice(0, -'… (cut)'.length))).toBe(true);
        expect(bounded(cut, bytes)).toBe(cut);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});
