import { describe, expect, it } from 'vitest';
import { isMet, isOperationPending, watchOf } from '../../../../lib/cli/request/conditions.ts';
import { resourceStates } from '../../../../lib/cli/view/resources.ts';
import type { Application, ApplicationStatus } from '../../../../lib/model/application.ts';
import type { Operation } from '../../../../lib/model/operation.ts';

const START = '2026-11-22T15:00:00Z';
const END = '2026-11-22T15:01:00Z';

function application(status: ApplicationStatus | undefined, operation?: Operation): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { namespace: 'argocd', name: 'shop' },
    spec: { project: 'default', destination: {} },
    status,
    operation,
  };
}

const sync = (status: 'Synced' | 'OutOfSync') => ({ status, comparedTo: { destination: {} } });
const state = (finishedAt: string | undefined, dryRun = false) => ({
  operation: { sync: { dryRun } },
  phase: 'Succeeded' as const,
  startedAt: START,
  finishedAt,
});

describe('what is waited for', () => {
  it('is sync, health and operation when nothing is asked for', () => {
    expect(watchOf({})).toEqual({ sync: true, health: true, suspended: false, degraded: false, operation: true });
  });

  it('is only what is asked for otherwise', () => {
    expect(watchOf({ degraded: true })).toEqual({ sync: false, health: false, suspended: false, degraded: true, operation: false });
  });
});

describe('an operation', () => {
  it.each<[string, Application, boolean]>([
    ['is not pending on a new Application', application(undefined), false],
    ['is pending while it is asked for', application(undefined, { sync: {} }), true],
    ['is pending until it has ended', application({ operationState: state(undefined), reconciledAt: END }), true],
    ['is pending until the Application has been compared once', application({ operationState: state(END) }), true],
    ['is pending until the Application has been compared since', application({ operationState: state(END), reconciledAt: START }), true],
    ['is over when it was compared in the same second', application({ operationState: state(END), reconciledAt: END }), false],
    ['is over without a comparison after a dry run', application({ operationState: state(END, true) }), false],
  ])('%s', (_case, given, pending) => {
    expect(isOperationPending(given)).toBe(pending);
  });
});

describe('conditions on the whole', () => {
  it.each<[string, Parameters<typeof watchOf>[0], ApplicationStatus, boolean]>([
    ['Healthy meets health', { health: true }, { health: { status: 'Healthy' } }, true],
    ['Progressing never meets health', { health: true, suspended: true, degraded: true }, { health: { status: 'Progressing' } }, false],
    ['Suspended does not meet health', { health: true }, { health: { status: 'Suspended' } }, false],
    ['any of the health conditions is enough', { health: true, degraded: true }, { health: { status: 'Degraded' } }, true],
    ['sync alone does not ask for health', { sync: true }, { sync: sync('Synced'), health: { status: 'Degraded' } }, true],
    ['sync and health are both needed', { sync: true, health: true }, { sync: sync('OutOfSync'), health: { status: 'Healthy' } }, false],
    ['no health yet is not Healthy', {}, { sync: sync('Synced') }, false],
    ['an operation in the past is no hindrance', { operation: true }, { operationState: state(END), reconciledAt: END }, true],
  ])('%s', (_case, asked, status, met) => {
    expect(isMet(application(status), watchOf(asked), [])).toBe(met);
  });
});

describe('conditions on chosen resources', () => {
  const status: ApplicationStatus = {
    sync: sync('OutOfSync'),
    health: { status: 'Degraded' },
    resources: [
      {
        group: 'apps',
        version: 'v1',
        kind: 'Deployment',
        namespace: 'shop',
        name: 'catalog',
        status: 'Synced',
        health: { status: 'Healthy' },
      },
      { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'orders', status: 'OutOfSync' },
    ],
  };
  const filter = (name: string) => ({ exclude: false, group: 'apps', kind: 'Deployment', namespace: '', name });

  it('are met by their own state, not the whole', () => {
    expect(isMet(application(status), watchOf({ sync: true, health: true }), [filter('catalog')])).toBe(true);
  });

  it('are not met while none of that name is there', () => {
    expect(isMet(application(status), watchOf({ sync: true }), [filter('catalogue')])).toBe(false);
    expect(isMet(application(status), watchOf({ operation: true }), [filter('catalogue')])).toBe(true);
    expect(isMet(application(status), watchOf({ sync: true }), [{ ...filter('*'), exclude: true }])).toBe(true);
  });

  it('are not met while one of them is behind', () => {
    expect(isMet(application(status), watchOf({ sync: true }), [filter('*')])).toBe(false);
  });

  it('wait for no health of what has no check, and for no comparison of what is not compared', () => {
    const resources = [
      { version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'settings', status: 'Synced' as const },
      {
        group: 'batch',
        version: 'v1',
        kind: 'Job',
        namespace: 'shop',
        name: 'migrate',
        hook: true,
        health: { status: 'Healthy' as const },
      },
    ];
    const any = [{ exclude: false, group: '*', kind: '*', namespace: '', name: '*' }];
    expect(isMet(application({ ...status, resources }), watchOf({}), any)).toBe(true);
    expect(isMet(application({ ...status, resources }), watchOf({ suspended: true }), any)).toBe(false);
  });

  it('are met by what is there now, not by what the last operation did', () => {
    const row = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole', name: 'r' };
    const deleted = { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'gone' };
    const result = (of: object, more: object) => ({
      ...(of as typeof deleted),
      status: 'Synced' as const,
      syncPhase: 'Sync' as const,
      ...more,
    });
    const operationState = {
      ...state(END),
      syncResult: {
        revision: 'a',
        source: { repoURL: '' },
        resources: [
          result(row, { namespace: 'shop', hookPhase: 'Running' }),
          result(deleted, { status: 'Pruned', hookPhase: 'Succeeded' }),
        ],
      },
    };
    const now = { sync: sync('Synced'), reconciledAt: END, operationState, resources: [{ ...row, status: 'Synced' as const }] };
    const any = [{ exclude: false, group: '*', kind: '*', namespace: '', name: '*' }];
    expect(isMet(application(now), watchOf({}), any)).toBe(true);
    expect(resourceStates(application(now)).map(({ kind, namespace, status }) => [kind, namespace, status])).toEqual([
      ['ClusterRole', '', 'Synced'],
      ['Deployment', 'shop', 'Succeeded'],
    ]);
  });

  it('wait for an operation of the whole too', () => {
    expect(isMet(application(status, { sync: {} }), watchOf({ sync: true, operation: true }), [filter('catalog')])).toBe(false);
  });
});
