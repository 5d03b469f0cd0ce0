// How an object comes back after it was pruned: as it was, without what belonged to its first life.
import { describe, expect, test } from 'vitest';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { isRestore } from '../../../lib/model/operation.ts';
import { restorable, restoreComparison, restoreOperation } from '../../../lib/sync/restore.ts';

const MARKS = { 'argocd.argoproj.io/sync-options': 'Prune=false', 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' };

function object(kind: string, more: object = {}, metadata: object = {}): LiveObject {
  return { apiVersion: 'v1', kind, metadata: { name: 'x', namespace: 'shop', ...metadata }, ...more };
}

describe('a restored object', () => {
  test('has no trace of its first life, and stays until Git names it', () => {
    const first = {
      ...{
        uid: 'u',
        resourceVersion: '7',
        generation: 3,
        creationTimestamp: 'then',
        deletionTimestamp: 'now',
        deletionGracePeriodSeconds: 0,
      },
      ...{ managedFields: [{ manager: 'evenkeel' }], ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'o', uid: 'gone' }] },
      finalizers: ['foregroundDeletion', 'example.com/keep'],
      labels: { app: 'x' },
      annotations: { note: 'kept', 'argocd.argoproj.io/sync-options': 'Prune=confirm,Replace=true' },
    };
    expect(restorable(object('ConfigMap', { data: { k: '1' }, status: { seen: true } }, first))).toEqual(
      object(
        'ConfigMap',
        { data: { k: '1' } },
        {
          finalizers: ['example.com/keep'],
          labels: { app: 'x' },
          annotations: { note: 'kept', ...MARKS, 'argocd.argoproj.io/sync-options': 'Replace=true,Prune=false' },
        },
      ),
    );
  });

  test.each([
    ['Service', { clusterIP: '10.0.0.7', clusterIPs: ['10.0.0.7'], type: 'ClusterIP' }, { type: 'ClusterIP' }],
    ['Service', { clusterIP: 'None', clusterIPs: ['None'] }, { clusterIP: 'None', clusterIPs: ['None'] }],
    ['PersistentVolumeClaim', { volumeName: 'pv-1', storageClassName: 'fast' }, { storageClassName: 'fast' }],
    ['PersistentVolume', { claimRef: { uid: 'u' }, capacity: {} }, { capacity: {} }],
    ['Pod', { nodeName: 'node-1', containers: [] }, { containers: [] }],
    ['Job', { manualSelector: true, selector: { a: 'b' } }, { manualSelector: true, selector: { a: 'b' } }],
    [
      'Job',
      {
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
        template: { metadata: { labels: { 'controller-uid': 'u', app: 'x' } } },
      },
      { template: { metadata: { labels: { app: 'x' } } } },
    ],
  ])('of kind %s with %j has %j', (kind, before, after) => {
    expect(restorable(object(kind, { spec: before }))['spec']).toEqual(after);
  });

  test('of a claim is not bound to the volume that it had', () => {
    const annotations = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };
    expect(restorable(object('PersistentVolumeClaim', { spec: {} }, { annotations })).metadata.annotations).toEqual(MARKS);
  });
});

describe('a restore', () => {
  test('is told from a sync by its operation', () => {
    expect(isRestore(restoreOperation({ dryRun: false, resources: [] }))).toBe(true);
    expect(isRestore({ sync: {}, info: [{ name: 'reason', value: 'true' }] })).toBe(false);
    expect(restoreOperation({ dryRun: true, resources: [{ kind: 'Secret', name: 'x' }] }).sync).toEqual({
      dryRun: true,
      resources: [{ kind: 'Secret', name: 'x' }],
      syncStrategy: { apply: {} },
    });
  });

  test('leaves alone what is there again', () => {
    const there = object('ConfigMap');
    const { resources } = restoreComparison([there, object('Secret')], new Map([['/ConfigMap/shop/x', there]]));
    expect(resources.map(({ key, settled, live }) => [key.kind, settled, live])).toEqual([
      ['ConfigMap', true, there],
      ['Secret', false, undefined],
    ]);
  });
});
