// How an operation begins, what its record holds and what it leaves in the history (spec/sync.md §1, §11).
import { describe, expect, test } from 'vitest';
import { HOOK_OPERATION } from '../../../lib/model/annotations.ts';
import type { Application, ApplicationStatus } from '../../../lib/model/application.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import type { OperationState, ResourceResult } from '../../../lib/model/operation.ts';
import {
  approvalOf,
  begun,
  operationId,
  operationRevisions,
  operationSources,
  pinned,
  stoppedByDeletion,
  withHistory,
  withRows,
} from '../../../lib/reconcile/operation.ts';
import { nextAttempt } from '../../../lib/sync/retry.ts';
import type { SyncTask } from '../../../lib/sync/task.ts';

const START = '2026-11-22T15:04:05Z';
const END = '2026-11-22T15:05:00Z';
const source = { repoURL: 'https://git.example/shop.git', path: 'app' };
const values = { repoURL: 'https://git.example/values.git', ref: 'values' };

function application(revisionHistoryLimit?: number): Application {
  const spec = { project: 'default', source, destination: {}, revisionHistoryLimit };
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'web', namespace: 'argocd' }, spec };
}

function state(more: Partial<OperationState> = {}): OperationState {
  const operation = { sync: {}, initiatedBy: { username: 'ann' } };
  return { operation, phase: 'Succeeded', startedAt: START, finishedAt: END, syncResult: { revision: 'a', source }, ...more };
}

describe('an operation', () => {
  test('begins Running', () => {
    const operation = { sync: { revision: 'a' } };
    const running = { operation, phase: 'Running', startedAt: START, message: 'one or more tasks are running' };
    expect(begun(application(), operation, START, [])).toEqual(running);
  });

  test('never begins in the second in which the one before it began or ended', () => {
    const startAfter = (status: ApplicationStatus, now: string, live: readonly LiveObject[] = []) =>
      begun({ ...application(), status }, {}, now, live).startedAt;
    const history = withHistory(application(), {}, state()).history ?? [];
    expect(startAfter({ operationState: state({ finishedAt: undefined }) }, START)).toBe('2026-11-22T15:04:06Z');
    for (const status of [{ operationState: state() }, { history }]) {
      expect(startAfter(status, END)).toBe('2026-11-22T15:05:01Z');
      expect(startAfter(status, '2026-11-22T15:05:01Z')).toBe('2026-11-22T15:05:01Z');
    }
    const quick = state({ startedAt: END, finishedAt: START });
    expect(startAfter({ operationState: quick }, START)).toBe('2026-11-22T15:05:01Z');
    // The record goes with the request for the next one; what was done stays.
    const object = (metadata: Partial<LiveObject['metadata']>): LiveObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', ...metadata },
    });
    const field = { apiVersion: 'v1', manager: 'evenkeel', operation: 'Apply' as const, time: END };
    const hook = { annotations: { [HOOK_OPERATION]: `${END}/0/PreSync` } };
    for (const trace of [{ creationTimestamp: END }, { managedFields: [field] }, hook])
      expect(startAfter({}, END, [object({}), object(trace)])).toBe('2026-11-22T15:05:01Z');
    expect(startAfter({}, END, [object({ managedFields: [{ ...field, manager: 'kubectl' }] })])).toBe(END);
    for (const far of ['2026-11-22T15:06:01Z', '9999-12-31T23:59:59Z', 'nonsense']) {
      expect(startAfter({ operationState: state({ startedAt: far }) }, END, [object({ creationTimestamp: far })])).toBe(
        '2026-11-22T15:05:01Z',
      );
    }
    expect(startAfter({}, END, [object({ creationTimestamp: '2026-11-22T15:06:00Z' })])).toBe('2026-11-22T15:06:01Z');
  });

  test('takes an approval of its own commit only', () => {
    const now = Date.parse(END);
    const approved = (time: string, more: Partial<OperationState>) => {
      const annotations = { 'argocd.argoproj.io/deletion-approved': time };
      const { metadata, ...rest } = application();
      return approvalOf({ ...rest, metadata: { ...metadata, annotations } }, state({ phase: 'Running', ...more }), now);
    };
    expect(approved(START, {})).toBe(Date.parse(START));
    expect(approved('2026-11-22T15:04:04Z', {})).toBeUndefined();
    const failed = { finishedAt: '2026-11-22T15:04:30Z', retryCount: 1 };
    expect(approved('2026-11-22T15:04:30Z', nextAttempt(state({ ...failed, phase: 'Running' })))).toBe(Date.parse('2026-11-22T15:04:30Z'));
    const refreshed = nextAttempt(state({ ...failed, phase: 'Running', operation: { sync: {}, retry: { refresh: true } } }));
    expect(approved('2026-11-22T15:04:30Z', refreshed)).toBeUndefined();
    expect(approved('2026-11-22T15:04:31Z', refreshed)).toBe(Date.parse('2026-11-22T15:04:31Z'));
  });

  test('works from its own sources, else from those of the spec', () => {
    expect(operationSources(application(), {})).toEqual([source]);
    expect(operationSources(application(), { sync: { source: values } })).toEqual([values]);
    expect(operationSources(application(), { sync: { sources: [source, values] } })).toEqual([source, values]);
  });

  test('asks for the revisions that are pinned, else for its own, else for what the source follows', () => {
    const { syncResult: _none, ...bare } = state();
    expect(operationRevisions(state())).toEqual(['a']);
    expect(operationRevisions(state({ syncResult: { revision: '', revisions: ['a', 'b'], source } }))).toEqual(['a', 'b']);
    expect(operationRevisions({ ...bare, operation: { sync: { revision: 'c' } } })).toEqual(['c']);
    expect(operationRevisions({ ...bare, operation: { sync: { revisions: ['c', 'd'] } } })).toEqual(['c', 'd']);
    expect(operationRevisions({ ...bare, operation: { sync: { revision: '' } } })).toEqual([undefined]);
    expect(operationRevisions({ ...bare, operation: {} })).toEqual([undefined]);
  });

  test('pins what it syncs once', () => {
    const { syncResult: _none, ...bare } = state();
    expect(pinned(bare, [source], ['a'], false).syncResult).toEqual({ revision: 'a', source });
    const several = pinned(bare, [source, values], ['a', 'b'], true);
    expect(several.syncResult).toEqual({ revision: '', revisions: ['a', 'b'], source: { repoURL: '' }, sources: [source, values] });
    expect(pinned(several, [values], ['z'], false)).toBe(several);
  });

  test('tells its attempts apart', () => {
    expect(operationId(state())).toBe(`${START}/0`);
    expect(operationId(state({ retryCount: 2 }))).toBe(`${START}/2`);
  });
});

function result(name: string, message: string): ResourceResult {
  return {
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    namespace: 'shop',
    name,
    status: 'Synced',
    message,
    hookPhase: 'Running',
    syncPhase: 'Sync',
  };
}

function task(row: ResourceResult | undefined): SyncTask {
  const key = { group: '', kind: 'ConfigMap', namespace: 'shop', name: row?.name ?? 'pending' };
  const none = { target: undefined, live: undefined, health: undefined, hook: false, settled: false, sent: false };
  return { key, version: 'v1', phase: 'Sync', wave: 0, rowNamespace: 'shop', ...none, result: row };
}

describe('the rows of an operation', () => {
  const first = withRows(state(), [task(result('b', '1')), task(undefined)]);

  test('are those of the tasks that were started', () => {
    expect(first.syncResult?.resources).toEqual([result('b', '1')]);
  });

  test('keep the order in which they came, and stay when their object is gone', () => {
    const second = withRows(first, [task(result('a', '2')), task(result('c', '2'))]);
    expect(second.syncResult?.resources?.map(({ name, message }) => `${name}${message}`)).toEqual(['b1', 'a2', 'c2']);
    const third = withRows(second, [task(result('c', '3')), task(result('b', '3'))]);
    expect(third.syncResult?.resources?.map(({ name, message }) => `${name}${message}`)).toEqual(['b3', 'a2', 'c3']);
  });

  test('tell phases of one object apart', () => {
    const post = { ...task(undefined), phase: 'PostSync' as const, result: { ...result('b', '4'), syncPhase: 'PostSync' as const } };
    expect(withRows(first, [post]).syncResult?.resources?.map(({ syncPhase }) => syncPhase)).toEqual(['Sync', 'PostSync']);
  });
});

describe('the history', () => {
  const entry = (id: number) => ({ id, revision: 'a', source, deployStartedAt: START, deployedAt: END, initiatedBy: { username: 'ann' } });
  const ids = (status: ApplicationStatus) => status.history?.map(({ id }) => id);
  const long: ApplicationStatus = { history: Array.from({ length: 10 }, (_, id) => entry(id)) };

  test('begins with number 0 and counts on', () => {
    const once = withHistory(application(), {}, state());
    expect(once.history).toEqual([entry(0)]);
    expect(ids(withHistory(application(), once, state()))).toEqual([0, 1]);
    expect(ids(withHistory(application(), { history: [entry(41)] }, state()))).toEqual([41, 42]);
  });

  test('holds lists of several sources', () => {
    const syncResult = { revision: '', revisions: ['a', 'b'], source: { repoURL: '' }, sources: [source, values] };
    const [made] = withHistory(application(), {}, state({ syncResult })).history ?? [];
    expect(made).toMatchObject({ revisions: ['a', 'b'], sources: [source, values], source: { repoURL: '' } });
    expect(made).not.toHaveProperty('revision');
  });

  test.each([
    [undefined, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [3, [8, 9, 10]],
    [20, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [0, undefined],
    [-1, undefined],
  ])('with a limit of %s keeps %j', (limit, kept) => {
    expect(ids(withHistory(application(limit), long, state()))).toEqual(kept);
  });

  test.each([
    ['failed', state({ phase: 'Failed' })],
    ['ended with an error', state({ phase: 'Error' })],
    ['still runs', state({ phase: 'Running' })],
    ['was a dry run', state({ operation: { sync: { dryRun: true } } })],
    ['was partial', state({ operation: { sync: { resources: [{ kind: 'ConfigMap', name: 'a' }] } } })],
    ['asked for nothing', state({ operation: {} })],
  ])('leaves out what %s', (_, ended) => {
    expect(withHistory(application(), long, ended)).toBe(long);
  });
});

describe('a deletion', () => {
  const deleted = { ...application(), metadata: { ...application().metadata, deletionTimestamp: END } };
  const running = (message: string, resources: readonly ResourceResult[] = []) =>
    state({ phase: 'Running', message, finishedAt: undefined, syncResult: { revision: 'a', source, resources } });
  const row: ResourceResult = { group: '', version: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a', syncPhase: 'Sync' };

  test.each([
    ['waiting for pruning confirmation of /ConfigMap/a', [row], true],
    ['Sync operation blocked by sync window', [], true],
    ['blocked by db (OutOfSync)', [], true],
    ['cannot go on for now: git.example does not answer', [], true],
    ['cannot go on for now: git.example does not answer', [row], false],
    ['waiting for completion of hook batch/Job/migrate', [row], false],
    ['one or more tasks are running', [], false],
  ])('while an operation says "%s", with rows %j: ends it: %j', (message, rows, ends) => {
    expect(stoppedByDeletion(deleted, running(message, rows))?.phase).toBe(ends ? 'Terminating' : 'Running');
    expect(stoppedByDeletion(application(), running(message, rows))?.phase).toBe('Running');
  });
});
