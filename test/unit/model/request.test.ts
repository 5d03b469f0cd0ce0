import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { decodeRequest, deduplicationId, encodeRequest, groupId, REASONS, type ReconcileRequest } from '../../../lib/model/request.ts';

const text = (maxLength: number, minLength = 0) => fc.string({ minLength, maxLength });
const requests: fc.Arbitrary<ReconcileRequest> = fc.record({
  application: fc.record({ namespace: text(63, 1), name: text(253, 1) }),
  reason: fc.constantFrom(...REASONS),
  at: fc.nat(),
  event: text(512),
  correlation: text(128),
});

const request: ReconcileRequest = {
  application: { namespace: 'argocd', name: 'web' },
  reason: 'push',
  at: 1,
  event: 'delivery-1',
  correlation: 'delivery-1',
};

describe('decodeRequest', () => {
  test('gives back what was encoded', () => {
    fc.assert(fc.property(requests, (given) => void expect(decodeRequest(encodeRequest(given))).toEqual(given)));
  });

  test('refuses any other text as invalid input, never otherwise', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        expect(() => decodeRequest(body)).toThrow(InvalidInput);
      }),
    );
  });

  test.each([
    ['nonsense', 'message is not JSON'],
    [JSON.stringify({ ...JSON.parse(encodeRequest(request)), v: 2 }), 'v: '],
    [JSON.stringify({ ...JSON.parse(encodeRequest(request)), manifest: {} }), 'manifest'],
    [encodeRequest({ ...request, application: { namespace: '', name: 'web' } }), 'namespace: '],
  ])('says what is wrong with %s', (body, fault) => {
    expect(() => decodeRequest(body)).toThrow(fault);
  });
});

describe('what SQS is told of a request', () => {
  test('group and deduplication ids fit for every name', () => {
    fc.assert(fc.property(requests, (given) => groupId(given).length <= 128 && deduplicationId(given).length <= 128));
  });

  test('two long names that begin alike are two groups', () => {
    const named = (end: string) => groupId({ ...request, application: { namespace: 'n'.repeat(63), name: `${'a'.repeat(252)}${end}` } });
    expect(named('x')).not.toBe(named('y'));
  });

  test('an event sent twice has one deduplication id, another reason or event or Application a different one', () => {
    const ids = [
      request,
      { ...request, at: 2, correlation: 'again' },
      { ...request, reason: 'sweep' as const },
      { ...request, event: 'delivery-2' },
      { ...request, application: { namespace: 'argocd', name: 'api' } },
    ].map(deduplicationId);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(4);
  });

  test('ten of the longest requests fit into one batch of 256 KiB', () => {
    const longest = {
      application: { namespace: 'n'.repeat(63), name: 'a'.repeat(253) },
      event: '\u0001'.repeat(512),
      correlation: '\u0001'.repeat(128),
    };
    expect(encodeRequest({ ...request, ...longest }).length * 10).toBeLessThan(256 * 1024);
  });
});
