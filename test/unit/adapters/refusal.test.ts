import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGone, isMissingKind, refusalOf, secretValues, withoutValues } from '../../../lib/adapters/refusal.ts';
import { Unavailable } from '../../../lib/model/errors.ts';

const ASKED = { action: 'apply', subject: 'apps/Deployment shop/web' };

interface Told {
  readonly code: number;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: unknown;
}

function answer({ code, ...status }: Told, retryAfter?: string) {
  return { status: code, body: JSON.stringify({ kind: 'Status', code, ...status }), retryAfter, etag: undefined };
}

describe('refusalOf', () => {
  it.each<[string, Told, string, string]>([
    ['403 of RBAC', { code: 403, message: 'deployments.apps "web" is forbidden' }, 'NotPermitted', 'deployments.apps "web" is forbidden'],
    [
      '409 of a conflict',
      { code: 409, reason: 'Conflict', message: 'the object has been modified' },
      'Conflict',
      'the object has been modified',
    ],
    ['409 of a twin', { code: 409, reason: 'AlreadyExists', message: 'already exists' }, 'Conflict', 'already exists'],
    [
      '422',
      { code: 422, reason: 'Invalid', message: 'spec.replicas: Invalid value: -1' },
      'InvalidInput',
      'spec.replicas: Invalid value: -1',
    ],
    [
      'a missing namespace',
      { code: 404, message: 'namespaces "shop" not found', details: { kind: 'namespaces', name: 'shop' } },
      'InvalidInput',
      'namespaces "shop" not found',
    ],
    [
      'a kind that is not served',
      { code: 404, message: 'the server could not find the requested resource', details: {} },
      'InvalidInput',
      'apps/Deployment shop/web: the server could not find the requested resource',
    ],
    [
      'a manifest that the apply library refuses with 500',
      {
        code: 500,
        message: 'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.x: field not declared in schema',
      },
      'InvalidInput',
      'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.x: field not declared in schema',
    ],
    [
      'a fault of the server',
      { code: 500, reason: 'InternalError', message: 'etcdserver: request timed out' },
      'Unavailable',
      'apply apps/Deployment shop/web: etcdserver: request timed out',
    ],
    [
      'an admission webhook that does not answer, which concerns this object alone',
      { code: 500, reason: 'InternalError', message: 'Internal error occurred: failed calling webhook "x.example.com"' },
      'InvalidInput',
      'Internal error occurred: failed calling webhook "x.example.com"',
    ],
    [
      'a namespace on its way out',
      { code: 403, message: 'unable to create new content', details: { kind: 'x', causes: [{ reason: 'NamespaceTerminating' }] } },
      'Unavailable',
      'unable to create new content',
    ],
    [
      'what etcd does not take',
      { code: 500, reason: '', message: 'etcdserver: request is too large' },
      'InvalidInput',
      'etcdserver: request is too large',
    ],
    [
      'what the way to etcd does not take',
      { code: 500, reason: '', message: 'rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)' },
      'InvalidInput',
      'rpc error: code = ResourceExhausted desc = trying to send message larger than max (3 vs. 2)',
    ],
  ])('maps %s', (_, told, name, message) => {
    const error = refusalOf(answer(told), ASKED);
    expect([error.name, error.message]).toEqual([name, message]);
  });

  it('says that the credential was refused without any of the server’s words', () => {
    const error = refusalOf(answer({ code: 401, message: 'Unauthorized canary' }), ASKED);
    expect([error.name, error.message]).toEqual([
      'NotPermitted',
      'apply apps/Deployment shop/web: the API server does not accept the credential (401 Unauthorized)',
    ]);
  });

  it.each([
    ['the header', answer({ code: 429, message: 'too many requests', details: { kind: 'x', retryAfterSeconds: 9 } }, '3'), 3],
    ['the Status', answer({ code: 503, details: { kind: 'x', retryAfterSeconds: 9 } }), 9],
    ['neither', answer({ code: 503 }), undefined],
  ])('takes the time to wait from %s', (_, refused, seconds) => {
    const error = refusalOf(refused, ASKED);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({ retryAfterSeconds: seconds });
  });

  it('shows nothing of an answer that is no Status', () => {
    const error = refusalOf({ status: 502, body: '<html>canary</html>', retryAfter: undefined, etag: undefined }, ASKED);
    expect(error.message).toBe('apply apps/Deployment shop/web: HTTP 502');
  });
});

describe('what an answer says beside its status', () => {
  it('tells a missing kind from a missing object', () => {
    expect(isMissingKind({ ...answer({ code: 404 }), body: '404 page not found\n' })).toBe(true);
    expect(isMissingKind(answer({ code: 404, details: {} }))).toBe(true);
    expect(isMissingKind(answer({ code: 404, details: { kind: 'deployments', name: 'web' } }))).toBe(false);
  });

  it('takes a resourceVersion of the future for one that is gone', () => {
    expect(isGone(answer({ code: 410 }))).toBe(true);
    expect(isGone(answer({ code: 504, details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }))).toBe(true);
    expect(isGone(answer({ code: 504 }))).toBe(false);
  });
});

describe('withoutValues', () => {
  it.each([
    ['a value that was sent, unquoted', 'cannot use hunter22 here', 'cannot use *** here'],
    [
      'what stands in quotes',
      'Secret "a" is invalid: metadata.labels: Invalid value: "live value": bad',
      'Secret "***" is invalid: metadata.labels: Invalid value: "***": bad',
    ],
    [
      'quotes within quotes',
      'patch: Invalid value: "{\\"data\\":{\\"p\\":\\"live\\"}}": illegal base64',
      'patch: Invalid value: "***": illegal base64',
    ],
    [
      'what Go prints of a value',
      '.data.p: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"x":"live"}}',
      '.data.p: expected string, got ***',
    ],
    [
      'the head of a body',
      'json parse error: unexpected end of JSON input ({"apiVersion":"v1","stringData":{"p":"li ...)',
      'json parse error: unexpected end of JSON input (***)',
    ],
    ['a quote that does not end', 'Invalid value: "live and cut off', 'Invalid value: "***"'],
  ])('takes out %s', (_, message, expected) => {
    expect(withoutValues(message, secretValues({ p: 'hunter22' }))).toBe(expected);
  });

  it('leaves a refusal by RBAC as it is, since it holds names only', () => {
    const message =
      'secrets "db" is forbidden: User "system:serviceaccount:a:b" cannot patch resource "secrets" in API group "" in the namespace "shop"';
    expect(withoutValues(message, [])).toBe(message);
    expect(withoutValues(`${message}: "live"`, [])).not.toContain('live');
  });

  it('never repeats a value that was sent, plain or as base64', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.string(), fc.string(), (value, before, after) => {
        fc.pre(!'***"(got '.includes(value));
        const base64 = Buffer.from(value).toString('base64');
        const shown = withoutValues(`${before}${value}${after} ${base64}`, secretValues({ stringData: { key: value } }));
        expect(shown.includes(base64)).toBe(false);
        expect(shown.includes(value)).toBe(false);
      }),
    );
  });
});
