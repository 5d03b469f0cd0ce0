// When to look again although nothing may tell us.
import { describe, expect, test } from 'vitest';
import type { Application, ApplicationStatus, HealthStatusCode } from '../../../lib/model/application.ts';
import type { Comparison, ResourceComparison } from '../../../lib/model/comparison.ts';
import { recheckSeconds } from '../../../lib/reconcile/recheck.ts';

const ENDED = '2026-11-22T10:00:00Z';

function look(
  elapsedSeconds: number,
  health: HealthStatusCode,
  status: ApplicationStatus | undefined,
  resources: readonly ResourceComparison[] = [],
) {
  const spec = { project: 'default', destination: {} };
  const application: Application = { apiVersion: '', kind: 'Application', metadata: { name: 'web', namespace: 'argocd' }, spec, status };
  const comparison: Comparison = { status: 'Synced', health: { status: health }, resources, conditions: [] };
  return recheckSeconds(application, comparison, Date.parse(ENDED) + elapsedSeconds * 1000);
}

const synced: ApplicationStatus = { operationState: { operation: {}, phase: 'Succeeded', startedAt: ENDED, finishedAt: ENDED } };

describe('an Application that is on its way', () => {
  test.each([
    [0, 1],
    [1, 1],
    [10, 5],
    [60, 30],
    [600, 60],
    [1800, 60],
    [1801, undefined],
  ])('%d s after its sync is looked at again in %s s', (elapsed, seconds) => {
    expect(look(elapsed, 'Progressing', synced)).toBe(seconds);
  });

  test('counts from when its health changed where it never was synced, else from now', () => {
    expect(look(20, 'Progressing', { health: { status: 'Progressing', lastTransitionTime: ENDED } })).toBe(10);
    expect(look(20, 'Progressing', undefined)).toBe(1);
  });

  test('is one whose pruned objects are still going', () => {
    const leaving = { metadata: { name: 'old', deletionTimestamp: ENDED }, apiVersion: 'v1', kind: 'ConfigMap' };
    const none = { target: undefined, health: undefined, hook: false, requiresDeletionConfirmation: false, syncWave: 0, settled: false };
    const row = {
      key: { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'old' },
      version: 'v1',
      status: 'OutOfSync',
      ...none,
    } as const;
    expect(look(4, 'Healthy', synced, [{ ...row, live: leaving, requiresPruning: true }])).toBe(2);
    expect(look(4, 'Healthy', synced, [{ ...row, live: leaving, requiresPruning: false }])).toBeUndefined();
  });

  test.each(['Healthy', 'Suspended', 'Missing', 'Degraded', 'Unknown'] as const)('is none that is %s', (health) => {
    expect(look(0, health, synced)).toBeUndefined();
  });
});
