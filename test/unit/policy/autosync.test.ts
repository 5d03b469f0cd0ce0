// When a comparison starts a sync by itself: the answers that protect people.
import { describe, expect, it } from 'vitest';
import type { Application } from '../../../lib/model/application.ts';
import type { Comparison, ResourceComparison } from '../../../lib/model/comparison.ts';
import type { OperationState } from '../../../lib/model/operation.ts';
import { decideSync } from '../../../lib/policy/autosync.ts';

const REVISION = 'a'.repeat(40);
const NOW = Date.parse('2026-11-02T10:00:00Z');
const source = { repoURL: 'https://git.example.com/a.git', path: '.' };

/** An Application that is pruned and healed, and whose last sync of the commit ended as `previous` says. */
function application(previous: Partial<OperationState> | undefined, allowEmpty = false): Application {
  const operationState: OperationState | undefined = previous && {
    operation: { sync: {} },
    phase: 'Succeeded',
    startedAt: '2026-11-02T09:00:00Z',
    finishedAt: '2026-11-02T09:00:01Z',
    syncResult: { revision: REVISION, source },
    ...previous,
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd' },
    spec: { project: 'default', source, destination: {}, syncPolicy: { automated: { prune: true, selfHeal: true, allowEmpty } } },
    ...(operationState ? { status: { operationState } } : {}),
  };
}

function row(name: string, requiresPruning: boolean): ResourceComparison {
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  return {
    key: { group: '', kind: 'ConfigMap', namespace: '', name },
    version: 'v1',
    target: requiresPruning ? undefined : manifest,
    live: manifest,
    status: 'OutOfSync',
    hook: false,
    requiresPruning,
    requiresDeletionConfirmation: false,
    syncWave: 0,
    health: undefined,
    settled: false,
  };
}

const outOfSync = (...resources: readonly ResourceComparison[]): Comparison => ({
  status: 'OutOfSync',
  health: { status: 'Healthy' },
  resources,
  conditions: [],
});

describe('a commit in which nothing is left', () => {
  const emptied = outOfSync(row('a', true), row('b', true));
  const refusal = { kind: 'none', error: `Skipping sync attempt to [${REVISION}]: auto-sync will wipe out all resources` };

  it('is not synced by itself', () => {
    expect(decideSync(application(undefined), emptied, [REVISION], NOW)).toEqual(refusal);
  });

  it('is not healed either, after a person has synced it without pruning', () => {
    expect(decideSync(application({}), emptied, [REVISION], NOW)).toEqual(refusal);
  });

  it('is synced and healed where the policy allows it', () => {
    expect(decideSync(application(undefined, true), emptied, [REVISION], NOW).kind).toBe('start');
    expect(decideSync(application({}, true), emptied, [REVISION], NOW).kind).toBe('start');
  });

  it('is not meant when one object stays: that is healed', () => {
    const decision = decideSync(application({}), outOfSync(row('a', true), row('b', false)), [REVISION], NOW);
    expect(decision).toMatchObject({ kind: 'start', operation: { sync: { autoHealAttemptsCount: 1, prune: true } } });
  });
});

it('is not kept from what is new by a health check that fails: what is new may mend it', () => {
  const comparison: Comparison = {
    ...outOfSync(row('a', false)),
    health: { status: 'Unknown' },
    conditions: [{ type: 'ComparisonError', message: 'error setting app health: x' }],
  };
  expect(decideSync(application(undefined), comparison, [REVISION], NOW).kind).toBe('start');
});

describe('a commit that was tried in a dry run', () => {
  it('counts as tried, whatever the metadata of the namespace, which a dry run does not record', () => {
    const tried = application({ operation: { sync: { dryRun: true } } });
    const { syncPolicy } = tried.spec;
    const managed = { ...tried.spec, syncPolicy: { ...syncPolicy, automated: {}, managedNamespaceMetadata: { labels: { team: 'shop' } } } };
    expect(decideSync({ ...tried, spec: managed }, outOfSync(row('a', false)), [REVISION], NOW)).toEqual({ kind: 'none' });
  });
});
