import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalQuantity } from '../../../lib/compare/quantity.ts';

describe('canonicalQuantity', () => {
  it.each([
    ['1 ', '1'],
    ['1000m', '1'],
    ['0.5', '500m'],
    [0.25, '250m'],
    [2, '2'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1.5Ki', '1536'],
    ['0.5Ki', '512'],
    ['1023Ki', '1023Ki'],
    ['1500', '1500'],
    ['1000', '1k'],
    ['1073741824', '1073741824'],
    ['1e3', '1e3'],
    ['12e2', '1200'],
    ['0Mi', '0'],
    ['-1000m', '-1'],
    ['.5', '500m'],
    ['1E', '1E'],
    ['10G', '10G'],
  ])('writes %j as %j', (given, canonical) => expect(canonicalQuantity(given)).toBe(canonical));

  it('takes every digit of a long integer', () => expect(canonicalQuantity(9007199254740993n)).toBe('9007199254740993'));

  it.each(['', 'x', '1000mm', '+5', '5.', '007', '1e999', '0.1n', null, true, {}, '9'.repeat(60)])(
    'takes %j for no quantity of a known form',
    (given) => {
      expect(canonicalQuantity(given)).toBeUndefined();
    },
  );

  it('leaves what it has written as it is', () => {
    const units = fc.constantFrom('', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'u');
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), units, (number, unit) => {
        const canonical = canonicalQuantity(`${number}${unit}`);
        expect(canonical).toBeDefined();
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });

  it('answers any text', () => {
    fc.assert(fc.property(fc.string(), (given) => ['string', 'undefined'].includes(typeof canonicalQuantity(given))));
  });
});
