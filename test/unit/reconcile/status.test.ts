// Facts of a run -> status (spec/application.md §3, §7): what moves, what stays, and which times tell of it.
import { describe, expect, test } from 'vitest';
import type { Application, ApplicationSpec, ApplicationStatus } from '../../../lib/model/application.ts';
import type { Comparison, ResourceComparison } from '../../../lib/model/comparison.ts';
import type { DesiredState } from '../../../lib/model/desired.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { comparedStatus, failedStatus, refusedStatus, stamped } from '../../../lib/reconcile/status.ts';

const OLD = '2026-11-22T10:00:00Z';
const NOW = '2026-11-22T15:04:05Z';
const source = { repoURL: 'https://git.example/shop.git', path: 'app' };
const destination = { server: 'https://kubernetes.default.svc', namespace: 'shop' };

function application(status?: ApplicationStatus, spec: Partial<ApplicationSpec> = {}): Application {
  const made = { project: 'default', source, destination, ...spec };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web', namespace: 'argocd' }, spec: made, status };
}

function row(what: Partial<ResourceComparison>, name = 'web'): ResourceComparison {
  const sides = { target: undefined, live: undefined, health: undefined, settled: false };
  const none = { hook: false, requiresPruning: false, requiresDeletionConfirmation: false, syncWave: 0 };
  return {
    key: { group: 'apps', kind: 'Deployment', namespace: 'shop', name },
    version: 'v1',
    status: 'Synced',
    ...sides,
    ...none,
    ...what,
  };
}

function desired(more: Partial<DesiredState> = {}): DesiredState {
  return { revisions: ['a'], sourceTypes: ['Directory'], manifests: [], conditions: [], closure: { sources: [] }, ...more };
}

function facts(
  resources: readonly ResourceComparison[] = [],
  more: { health?: Comparison['health']; desired?: DesiredState; live?: readonly LiveObject[]; conditions?: Comparison['conditions'] } = {},
) {
  const { health = { status: 'Healthy' }, conditions = [] } = more;
  const comparison: Comparison = { status: 'OutOfSync', health, resources, conditions };
  return { comparison, desired: more.desired ?? desired(), live: more.live ?? [] };
}

const live = (apiVersion: string, kind: string, spec: unknown): LiveObject => ({ apiVersion, kind, metadata: { name: 'web' }, spec });

describe('after a comparison', () => {
  test('conditions are those of rendering and of comparing', () => {
    const repeated = { type: 'RepeatedResourceWarning' as const, message: 'a' };
    const shared = { type: 'SharedResourceWarning' as const, message: 'b' };
    const { conditions } = comparedStatus(
      application(),
      facts([], { desired: desired({ conditions: [repeated] }), conditions: [shared] }),
      NOW,
    );
    expect(conditions).toMatchObject([repeated, shared]);
  });

  test('status says what was compared with what', () => {
    const made = application(undefined, { ignoreDifferences: [{ kind: 'Deployment', jsonPointers: ['/spec/replicas'] }] });
    const { sync, sourceType, sourceTypes, controllerNamespace } = comparedStatus(made, facts(), NOW);
    const comparedTo = { source, destination, ignoreDifferences: made.spec.ignoreDifferences };
    expect(sync).toEqual({ status: 'OutOfSync', revision: 'a', comparedTo });
    expect([sourceType, sourceTypes, controllerNamespace]).toEqual(['Directory', undefined, 'argocd']);
  });

  test('status of several sources holds lists, also for a single one of them', () => {
    const made = application(undefined, { sources: [source] });
    const { sync, sourceType, sourceTypes } = comparedStatus(made, facts(), NOW);
    expect(sync).toEqual({
      status: 'OutOfSync',
      revisions: ['a'],
      comparedTo: { source: { repoURL: '' }, sources: [source], destination },
    });
    expect([sourceType, sourceTypes]).toEqual([undefined, ['Directory']]);
  });

  test('rows hold what is not empty', () => {
    const core = row({ key: { group: '', kind: 'Namespace', namespace: '', name: 'shop' }, status: 'OutOfSync', syncWave: -1 });
    const full = row({ health: { status: 'Degraded', message: 'no' }, requiresPruning: true, requiresDeletionConfirmation: true });
    expect(comparedStatus(application(), facts([core, full, row({ status: '' }, 'skipped')]), NOW).resources).toEqual([
      { version: 'v1', kind: 'Namespace', name: 'shop', status: 'OutOfSync', syncWave: -1 },
      {
        group: 'apps',
        version: 'v1',
        kind: 'Deployment',
        namespace: 'shop',
        name: 'web',
        status: 'Synced',
        health: { status: 'Degraded', message: 'no' },
        requiresPruning: true,
        requiresDeletionConfirmation: true,
      },
      { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'skipped' },
    ]);
  });

  test('a hook is a row only while it is live', () => {
    const hook = live('batch/v1', 'Job', {});
    const rows = comparedStatus(
      application(),
      facts([row({ hook: true, status: '' }, 'a'), row({ hook: true, status: '', live: hook }, 'b')]),
      NOW,
    ).resources;
    expect(rows?.map(({ name, hook: isHook }) => [name, isHook])).toEqual([['b', true]]);
  });

  test('the time of health moves only with its code', () => {
    const health = (before: ApplicationStatus['health'], after: Comparison['health']) =>
      comparedStatus(application({ health: before }), facts([], { health: after }), NOW).health;
    const degraded = { status: 'Degraded', message: 'Caused by a', lastTransitionTime: OLD } as const;
    expect(health(degraded, { status: 'Degraded', message: 'Caused by b' })).toEqual({ ...degraded, message: 'Caused by b' });
    expect(health(degraded, { status: 'Healthy' })).toEqual({ status: 'Healthy', lastTransitionTime: NOW });
    expect(health(undefined, { status: 'Missing' })).toEqual({ status: 'Missing', lastTransitionTime: NOW });
  });

  test('faults of the spec and of the last comparison go, others stay', () => {
    const before = (['InvalidSpecError', 'UnknownError', 'ComparisonError', 'SyncError'] as const).map((type) => ({
      type,
      message: 'm',
      lastTransitionTime: OLD,
    }));
    const warning = { type: 'RepeatedResourceWarning', message: 'twice' } as const;
    const after = comparedStatus(application({ conditions: before }), facts([], { desired: desired({ conditions: [warning] }) }), NOW);
    expect(after.conditions?.map(({ type }) => type)).toEqual(['RepeatedResourceWarning', 'SyncError']);
    expect(comparedStatus(application({ conditions: before.slice(0, 3) }), facts(), NOW).conditions).toBeUndefined();
  });

  test('what the comparison does not speak of stays: history, the operation, the time', () => {
    const before: ApplicationStatus = {
      history: [{ id: 0, deployedAt: OLD }],
      operationState: { operation: {}, phase: 'Succeeded', startedAt: OLD },
      reconciledAt: OLD,
    };
    expect(comparedStatus(application(before), facts(), NOW)).toMatchObject(before);
  });

  test('the summary tells images and addresses, each once and sorted, and children', () => {
    const pods = (image: string) => ({ template: { spec: { initContainers: [{ image: 'init:1' }], containers: [{ image }] } } });
    const rules = [
      { host: 'b.example', http: { paths: [{ path: '/shop' }, { path: '/shop' }] } },
      { host: 'a.example' },
      { http: { paths: [{ path: '/nowhere' }] } },
    ];
    const objects = [
      live('apps/v1', 'Deployment', pods('web:2')),
      live('batch/v1', 'CronJob', { jobTemplate: { spec: pods('web:1') } }),
      live('networking.k8s.io/v1', 'Ingress', { tls: [{ hosts: ['b.example'] }], rules }),
      live('networking.internal.knative.dev/v1alpha1', 'Ingress', { rules: { host: 'x' } }),
    ];
    const child = row({ key: { group: 'argoproj.io', kind: 'Application', namespace: 'argocd', name: 'child' } });
    expect(comparedStatus(application(), facts([child], { live: objects }), NOW).summary).toEqual({
      images: ['init:1', 'web:1', 'web:2'],
      externalURLs: ['http://a.example/', 'https://b.example/shop'],
      isAppOfApps: true,
    });
    expect(comparedStatus(application(), facts([row({})]), NOW).summary).toEqual({});
  });
});

const KNOWN: ApplicationStatus = {
  sync: { status: 'Synced', comparedTo: { source, destination }, revision: 'a' },
  health: { status: 'Degraded', message: 'Caused by a', lastTransitionTime: OLD },
  resources: [
    { version: 'v1', kind: 'ConfigMap', name: 'a', status: 'Synced', health: { status: 'Healthy' } },
    { version: 'v1', kind: 'Job', name: 'b', hook: true },
  ],
  reconciledAt: OLD,
};

describe('a refused Application', () => {
  const conditions = [{ type: 'InvalidSpecError', message: 'no' }] as const;

  test('is Unknown, and the rest of what was known stays', () => {
    expect(refusedStatus(application(KNOWN), conditions, NOW)).toEqual({
      ...KNOWN,
      conditions: [{ type: 'InvalidSpecError', message: 'no', lastTransitionTime: NOW }],
      sync: { ...KNOWN.sync, status: 'Unknown' },
      health: { status: 'Unknown', lastTransitionTime: NOW },
    });
  });

  test('that is new says what it would have been compared with', () => {
    expect(refusedStatus(application(), conditions, NOW).sync).toEqual({ status: 'Unknown', comparedTo: { source, destination } });
  });
});

describe('an Application whose desired state cannot be loaded', () => {
  const failed = failedStatus(
    application({ ...KNOWN, conditions: [{ type: 'UnknownError', message: 'old' }] }),
    'Failed to load target state: broken',
    NOW,
  );

  test('is Unknown in sync and rows, with the reason, and its health is as last seen', () => {
    expect(failed).toEqual({
      ...KNOWN,
      conditions: [{ type: 'ComparisonError', message: 'Failed to load target state: broken', lastTransitionTime: NOW }],
      sync: { ...KNOWN.sync, status: 'Unknown' },
      resources: [{ ...KNOWN.resources?.[0], status: 'Unknown' }, KNOWN.resources?.[1]],
    });
  });

  test('that is new is Unknown in health too', () => {
    expect(failedStatus(application(), 'broken', NOW)).toMatchObject({
      health: { status: 'Unknown', lastTransitionTime: NOW },
      sync: { status: 'Unknown' },
    });
  });
});

describe('the time of the last look', () => {
  test('moves when anything else does', () => {
    expect(stamped(KNOWN, { ...KNOWN, sourceType: 'Helm' }, NOW, false).reconciledAt).toBe(NOW);
    expect(stamped(KNOWN, { ...KNOWN, resources: undefined }, NOW, false).reconciledAt).toBe(NOW);
  });

  test('stays when nothing does, undefined members apart', () => {
    expect(stamped(KNOWN, { ...KNOWN, sourceType: undefined, conditions: undefined }, NOW, false).reconciledAt).toBe(OLD);
  });

  test('moves when somebody asked for the look', () => {
    expect(stamped(KNOWN, KNOWN, NOW, true).reconciledAt).toBe(NOW);
  });

  test('is set by the first look', () => {
    expect(stamped(undefined, {}, NOW, false).reconciledAt).toBe(NOW);
  });
});
