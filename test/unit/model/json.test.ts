import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../lib/model/json.ts';
import { asRead } from '../../support/integers.ts';

const LONGEST = 2n ** 63n;

describe('parseJson', () => {
  it.each([
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
    ['9223372036854775808', 2 ** 63],
    ['18446744073709551615', 2 ** 64],
    ['9007199254740993.0', 9007199254740992],
    ['9007199254740993e0', 9007199254740992],
    ['0.1234567890123456789', 0.12345678901234568],
    ['"9007199254740993"', '9007199254740993'],
  ])('reads %s as Kubernetes holds it, wherever it stands', (text, value) => {
    expect(parseJson(text)).toBe(value);
    expect(parseJson(`[ ${text} ]`)).toEqual([value]);
    expect(parseJson(`{"a":${text},"b": {"c":[1,${text}]}}`)).toEqual({ a: value, b: { c: [1, value] } });
    expect(parseJson(`{\n  "a": ${text}\n}`)).toEqual({ a: value });
  });

  it('gives back the digits of any integer of 64 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -LONGEST, max: LONGEST - 1n })), (numbers) => {
        const text = `{"a":[${numbers.join(',')}],"b":"x"}`;
        expect(JSON.stringify(parseJson(text))).toBe(text);
      }),
    );
  });

  it('reads anything else as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (value, spaced) => {
        const text = JSON.stringify({ value, long: 9007199254740993n }, undefined, spaced ? 2 : 0);
        expect(parseJson(text)).toEqual({ value: JSON.parse(JSON.stringify(value), (_key, one) => asRead(one)), long: 9007199254740993n });
      }),
    );
  });

  it('throws for what is no JSON, long integers in it or not', () => {
    for (const text of ['{', '{"a":9007199254740993', 'x']) expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});
