import { describe, expect, it } from 'vitest';
import { type ComparisonRules, compare } from '../../../lib/compare/compare.ts';
import { pairObjects } from '../../../lib/compare/pair.ts';
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
  [
    'a live object may itself tell that something is missing',
    [row('a', 'Missing'), row('b', 'Progressing'), missing('c')],
    'Missing',
    'Caused by apps/Deployment:shop/a',
  ],
  [
    'progressing is worse than suspended',
    [row('a', 'Progressing'), row('b', 'Suspended')],
    'Progressing',
    'Caused by apps/Deployment:shop/a',
  ],
  ['degraded is worse than missing', [row('a', 'Degraded'), row('b', 'Missing')], 'Degraded', 'Caused by apps/Deployment:shop/a'],
  [
    'three causes are named without a count',
    ['a', 'b', 'c'].map((name) => row(name, 'Unknown')),
    'Unknown',
    'Caused by apps/Deployment:shop/a, apps/Deployment:shop/b, apps/Deployment:shop/c',
  ],
  ['a suspended child does', [child('Suspended')], 'Suspended', 'Caused by argoproj.io/Application:argocd/child'],
  ['a child that is ignored exists', [child('Missing'), missing('b')], 'Healthy'],
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

const failed = { status: { phase: 'Failed' } };
const pod = (name: string, annotations = {}, more = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', annotations },
  ...more,
});
const tracked = (name: string) => ({ 'argocd.argoproj.io/tracking-id': `bookstore:/Pod:shop/${name}` });
const HOOK = 'argocd.argoproj.io/hook';
const CAUSE = 'Caused by Pod:shop/a';

interface Compared {
  readonly desired?: readonly Manifest[];
  readonly live?: readonly Manifest[];
  readonly rules?: Partial<ComparisonRules>;
}

/** spec/health.md §3, row for row; `a` is the object of the sentence. */
const PAIRS: readonly (readonly [sentence: string, compared: Compared, status: string, message?: string])[] = [
  ['a target that is to be skipped does not count', { desired: [pod('a', { [HOOK]: 'Skip' })], live: [pod('a', {}, failed)] }, 'Healthy'],
  ['a live hook does not count', { live: [pod('a', { ...tracked('a'), [HOOK]: 'Sync' }, failed)] }, 'Healthy'],
  ['nor one of deletion', { live: [pod('a', { ...tracked('a'), [HOOK]: 'PreDelete' }, failed)] }, 'Healthy'],
  ['nor one of no phase', { live: [pod('a', { ...tracked('a'), [HOOK]: 'Someday' }, failed)] }, 'Healthy'],
  ['nor one of Helm', { live: [pod('a', { ...tracked('a'), 'helm.sh/hook': 'post-delete' }, failed)] }, 'Healthy'],
  ['crd-install is no hook', { live: [pod('a', { ...tracked('a'), 'helm.sh/hook': 'crd-install' }, failed)] }, 'Degraded', CAUSE],
  [
    'an object whose check is switched off exists',
    { desired: [pod('a'), pod('b')], live: [pod('a', { 'argocd.argoproj.io/ignore-healthcheck': 'true' }, failed)] },
    'Healthy',
  ],
  [
    'only `true` switches a check off',
    { live: [pod('a', { ...tracked('a'), 'argocd.argoproj.io/ignore-healthcheck': 'yes' }, failed)] },
    'Degraded',
    CAUSE,
  ],
  [
    'a missing object lowers nothing',
    { desired: [pod('a'), pod('b')], live: [pod('b', {}, { status: { phase: 'Succeeded' } })] },
    'Healthy',
  ],
  ['all missing is missing', { desired: [pod('a'), pod('b')] }, 'Missing'],
  [
    'a hook that is there does not hide that all is missing',
    { desired: [pod('a')], live: [pod('h', { ...tracked('h'), [HOOK]: 'Sync' })] },
    'Missing',
  ],
  [
    'the Application itself exists',
    {
      desired: [pod('a'), pod('b')],
      live: [{ ...pod('a', {}, failed), metadata: { name: 'a', namespace: 'shop', uid: 'u-1' } }],
      rules: { applicationUid: 'u-1' },
    },
    'Healthy',
  ],
  ['a kind without health is ignored', { live: [{ ...pod('a', tracked('a'), failed), kind: 'ConfigMap' }] }, 'Healthy'],
  ['an extra object counts', { live: [pod('a', tracked('a'), failed)] }, 'Degraded', CAUSE],
  ['also a copy of another', { live: [pod('a', tracked('z'), failed)] }, 'Degraded', CAUSE],
  [
    'also one that is declared extraneous',
    { live: [pod('a', { ...tracked('a'), 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }, failed)] },
    'Degraded',
    CAUSE,
  ],
  [
    'what the project does not permit is missing',
    { desired: [pod('a')], live: [pod('a', {}, failed)], rules: { permitted: () => false } },
    'Missing',
  ],
  ['an object that cannot be read is unknown', { live: [pod('a', tracked('a'), { status: 'ready' })] }, 'Unknown', CAUSE],
  ['without anything desired, what is live counts', { desired: [], live: [pod('a', tracked('a'), failed)] }, 'Degraded', CAUSE],
];

describe('applicationHealth of a comparison', () => {
  it.each(PAIRS.map(([sentence, compared, status, message]) => ({ sentence, compared, status, message })))(
    'says so: $sentence',
    ({ compared: { desired = [], live = [], rules = {} }, status, message }) => {
      const all = { application: 'argocd/bookstore', instanceName: 'bookstore', ignoreDifferences: [], syncOptions: [], ...rules };
      const { health } = compare(pairObjects(desired, live), new Map(), all);
      expect(health).toEqual(message === undefined ? { status } : { status, message });
    },
  );
});
