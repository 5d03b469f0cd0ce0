import { describe, expect, it } from 'vitest';
import { applicationHealth } from '../../../lib/health/application.ts';
import type { HealthStatusCode } from '../../../lib/model/application.ts';
import type { ResourceComparison } from '../../../lib/model/comparison.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';

const manifest = (kind: string, name: string, annotations = {}): Manifest => ({ apiVersion: 'v1', kind, metadata: { name, annotations } });

/** A live resource of that health; the rest of the row is beside the point. */
function row(name: string, status: HealthStatusCode | undefined, set: Partial<ResourceComparison> = {}): ResourceComparison {
  return {
    key: { group: 'apps', kind: 'Deployment', namespace: 'shop', name },
    version: 'v1',
    target: manifest('Deployment', name),
    live: manifest('Deployment', name),
    status: 'Synced',
    hook: false,
    requiresPruning: false,
    requiresDeletionConfirmation: false,
    syncWave: 0,
    health: status && { status },
    settled: true,
    ...set,
  };
}

const missing = (name: string) => row(name, 'Missing', { live: undefined });
const child = (status: HealthStatusCode) =>
  row('child', status, { key: { group: 'argoproj.io', kind: 'Application', namespace: 'argocd', name: 'child' } });

const TABLE: readonly (readonly [sentence: string, rows: readonly ResourceComparison[], status: string, message?: string])[] = [
  ['no resources are healthy', [], 'Healthy'],
  ['only hooks are healthy', [row('a', 'Degraded', { hook: true })], 'Healthy'],
  [
    'a skipped target does not count',
    [row('a', 'Degraded', { target: manifest('Job', 'a', { 'argocd.argoproj.io/hook': 'Skip' }) })],
    'Healthy',
  ],
  ['suspended is worse than healthy', [row('a', 'Healthy'), row('b', 'Suspended')], 'Suspended', 'Caused by apps/Deployment:shop/b'],
  ['unknown is worst', [row('a', 'Degraded'), row('b', 'Unknown')], 'Unknown', 'Caused by apps/Deployment:shop/b'],
  ['one missing does not lower the rest', [row('a', 'Healthy'), missing('b')], 'Healthy'],
  ['all missing is missing, with no message', [missing('a'), missing('b')], 'Missing'],
  ['a live object without health counts as existing', [row('a', undefined), missing('b')], 'Healthy'],
  ['a missing child does not count', [child('Missing'), row('a', 'Healthy')], 'Healthy'],
  ['an unknown child does not count', [child('Unknown')], 'Healthy'],
  ['a degraded child does', [child('Degraded')], 'Degraded', 'Caused by argoproj.io/Application:argocd/child'],
  [
    'an extra object counts',
    [row('a', 'Degraded', { target: undefined, requiresPruning: true })],
    'Degraded',
    'Caused by apps/Deployment:shop/a',
  ],
  [
    'core and cluster-scoped causes are named short',
    [row('x', 'Progressing', { key: { group: '', kind: 'Pod', namespace: '', name: 'x' } })],
    'Progressing',
    'Caused by Pod:x',
  ],
  [
    'three causes are named, the others counted',
    ['a', 'b', 'c', 'd', 'e'].map((name) => row(name, 'Degraded')),
    'Degraded',
    'Caused by apps/Deployment:shop/a, apps/Deployment:shop/b, apps/Deployment:shop/c and 2 more',
  ],
];

describe('applicationHealth', () => {
  it.each(TABLE.map(([sentence, rows, status, message]) => ({ sentence, rows, status, message })))(
    'says so: $sentence',
    ({ rows, status, message }) => {
      expect(applicationHealth(rows)).toEqual(message === undefined ? { status } : { status, message });
    },
  );
});
