// What a deletion does next about its hooks, and which finalizers stand for them.
import { describe, expect, it } from 'vitest';
import type { Application, Health } from '../../../lib/model/application.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';
import {
  deleteHooks,
  type HookRun,
  hookErrorPrefix,
  hookStep,
  hooksFailed,
  hooksToClean,
  isHookFinalizer,
  withHookFinalizers,
} from '../../../lib/policy/delete-hooks.ts';

const PRE = 'pre-delete-finalizer.argocd.argoproj.io';
const POST = 'post-delete-finalizer.argocd.argoproj.io';
const CASCADE = 'resources-finalizer.argocd.argoproj.io';
const MARK = 'evenkeel.dev/operation';

const application: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'argocd', uid: 'u1', deletionTimestamp: '2026-11-02T10:00:00Z' },
  spec: { project: 'default', destination: {} },
};

const hook = (name: string, type: string, policy?: string): Manifest => {
  const annotations = { 'argocd.argoproj.io/hook': type, ...(policy ? { 'argocd.argoproj.io/hook-delete-policy': policy } : {}) };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'shop', annotations } };
};

/** A hook of this deletion, and its live object in that health; by default the run of this deletion. */
function run(name: string, status: Health['status'] | 'missing', { mark = 'u1/PreDelete', leaving = false, policy = '' } = {}): HookRun {
  const [wanted = hook(name, 'PreDelete')] = deleteHooks([hook(name, 'PreDelete', policy)], 'PreDelete', application);
  const { metadata } = wanted;
  const annotations = { ...metadata.annotations, [MARK]: mark };
  const live = { ...wanted, metadata: { ...metadata, annotations, ...(leaving ? { deletionTimestamp: '2026-11-02T10:00:01Z' } : {}) } };
  return status === 'missing' ? { hook: wanted, live: undefined, health: undefined } : { hook: wanted, live, health: { status } };
}

const ours = () => true;

describe('withHookFinalizers', () => {
  it.each([
    [
      'adds a pair for each type that Git has',
      [CASCADE],
      ['PreDelete,PostDelete'],
      [CASCADE, PRE, `${PRE}/cleanup`, POST, `${POST}/cleanup`],
    ],
    ['takes away those of hooks that are gone, and nobody else’s', [PRE, 'other', `${PRE}/cleanup`], ['PreSync'], ['other']],
    ['keeps their place', [PRE, CASCADE, `${PRE}/cleanup`], ['PreDelete'], [PRE, CASCADE, `${PRE}/cleanup`]],
  ])('%s', (_, before, types, after) => {
    const manifests = types.map((type) => hook('a', type));
    expect(withHookFinalizers(before, manifests)).toEqual(after);
  });

  it('knows its own by name alone', () => {
    expect([PRE, `${POST}/cleanup`].every(isHookFinalizer)).toBe(true);
    expect(isHookFinalizer('toString')).toBe(false);
  });
});

describe('deleteHooks', () => {
  it('takes those of the type and marks them as runs of this deletion', () => {
    const hooks = deleteHooks([hook('a', 'PreDelete'), hook('b', 'PostDelete'), hook('c', 'PreSync')], 'PostDelete', application);
    expect(hooks.map(({ metadata }) => [metadata.name, metadata.annotations?.[MARK]])).toEqual([['b', 'u1/PostDelete']]);
  });

  it('calls nameless ones after the moment of the deletion, each otherwise', () => {
    const { name: _name, ...metadata } = hook('a', 'PreDelete').metadata;
    const nameless = { ...hook('a', 'PreDelete'), metadata: { ...metadata, generateName: 'drain-' } };
    const names = deleteHooks([nameless, nameless], 'PreDelete', application).map(({ metadata: found }) => found.name);
    expect(names).toEqual(['drain-predelete-1793613600', 'drain-predelete-1793613600-2']);
  });
});

describe('hookStep', () => {
  it.each([
    ['nothing is to run', [], 'done'],
    ['all are healthy, suspended or unknown', [run('a', 'Healthy'), run('b', 'Suspended'), run('c', 'Unknown')], 'done'],
    ['one is missing', [run('a', 'Progressing'), run('b', 'missing')], 'missing'],
    ['one runs', [run('a', 'Healthy'), run('b', 'Progressing')], 'running'],
    ['one failed', [run('a', 'Progressing'), run('b', 'Degraded')], 'failed'],
    ['one is on its way', [run('a', 'missing'), run('b', 'Degraded', { leaving: true })], 'leaving'],
    ['one is an earlier operation’s', [run('a', 'missing'), run('b', 'Healthy', { mark: 'abc/PreSync' })], 'leftover'],
  ] as const)('where %s', (_, runs, kind) => {
    expect(hookStep(runs, ours).kind).toBe(kind);
  });

  it('touches nobody else’s object', () => {
    expect(hookStep([run('a', 'Healthy', { mark: '' })], () => false).kind).toBe('foreign');
  });

  it('never replaces a definition', () => {
    const { hook: wanted, live } = run('a', 'Healthy', { mark: '' });
    const definition = { hook: wanted, live: live && { ...live, kind: 'CustomResourceDefinition' }, health: undefined };
    expect(hookStep([definition], ours)).toEqual({ kind: 'done' });
    expect(hooksToClean([definition])).toEqual([]);
  });
});

describe('hooksToClean', () => {
  it.each([
    ['HookSucceeded when all are healthy', 'HookSucceeded', 'Healthy', true],
    ['HookSucceeded not when one failed', 'HookSucceeded', 'Degraded', false],
    ['HookFailed when one failed', 'HookFailed', 'Degraded', true],
    ['none without a policy', '', 'Healthy', false],
  ] as const)('deletes %s', (_, policy, status, goes) => {
    const runs = [run('a', 'Healthy', { policy }), run('b', status, { policy })];
    expect(hooksToClean(runs).length > 0).toBe(goes);
  });

  it('leaves what is no run of this deletion', () => {
    expect(hooksToClean([run('a', 'Healthy', { policy: 'HookSucceeded', mark: 'abc/PreSync' })])).toEqual([]);
  });
});

it('speaks of failed hooks as Argo CD does', () => {
  const [wanted = hook('a', 'PreDelete')] = [hook('a', 'PreDelete')];
  expect(`${hookErrorPrefix('PreDelete')}${hooksFailed('PreDelete', [wanted, hook('b', 'PreDelete')])}`).toBe(
    'error executing pre-delete hooks: PreDelete hook(s) failed: shop/a, shop/b',
  );
  expect(hookErrorPrefix('PostDelete')).toBe('');
});
