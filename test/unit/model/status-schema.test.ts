import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseApplication } from '../../../lib/model/application.ts';

const parsed = (status: unknown) =>
  parseApplication({ metadata: { name: 'shop', namespace: 'argocd' }, spec: { destination: {} }, status }).status;

describe('a status', () => {
  test('of any shape gives parts that have theirs, or none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const status = parsed({ conditions: value, resources: value, history: value, sync: value, health: value, operationState: value });
        for (const list of [status?.conditions, status?.resources, status?.history])
          expect(list === undefined || Array.isArray(list)).toBe(true);
        for (const row of status?.resources ?? []) expect(typeof row.name).toBe('string');
        if (status?.operationState) expect(typeof status.operationState.startedAt).toBe('string');
        expect(() => parsed(value)).not.toThrow();
      }),
    );
  });

  test('as we write it is kept whole, fields that we do not know included', () => {
    const status = {
      sync: { status: 'Synced', revision: 'a', comparedTo: { destination: {} } },
      health: { status: 'Healthy' },
      resources: [{ group: 'apps', version: 'v1', kind: 'Deployment', name: 'web', novelty: 1 }],
      conditions: [{ type: 'SyncError', message: 'm', lastTransitionTime: 't' }],
      history: [{ id: 0, deployedAt: 't' }],
      operationState: {
        operation: { sync: {} },
        phase: 'Succeeded',
        startedAt: 't',
        syncResult: { revision: 'a', source: { repoURL: 'r' } },
      },
      reconciledAt: 't',
      novelty: { a: 1 },
    };
    expect(parsed(status)).toEqual(status);
  });

  test.each([
    ['an operation state', { operationState: { phase: 'Dancing', operation: {}, startedAt: 't' } }],
    ['rows', { resources: [{ kind: 'ConfigMap' }] }],
  ])('whose %s cannot be used has none of it and keeps the rest', (_, spoilt) => {
    expect(parsed({ ...spoilt, health: { status: 'Healthy' } })).toEqual({ health: { status: 'Healthy' } });
  });
});
