// Which manifests are hooks, when they run and what becomes of them (spec/sync.md §2, §5; spec/rendering.md §4).
import { describe, expect, test } from 'vitest';
import { HELM_HOOK, HELM_HOOK_DELETE_POLICY, HOOK, HOOK_DELETE_POLICY } from '../../../lib/model/annotations.ts';
import { deletePolicies, hookPhases, hookTypes, isHook, isSkipped, namedHooks } from '../../../lib/model/hook.ts';
import type { Manifest } from '../../../lib/model/manifest.ts';

function job(annotations: Readonly<Record<string, string>>, name: Manifest['metadata'] = { name: 'migrate' }): Manifest {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { ...name, annotations } };
}

describe('a manifest', () => {
  const table = [
    { of: 'no annotation', annotations: {}, types: [], hook: false, skipped: false },
    { of: 'one phase', annotations: { [HOOK]: 'PreSync' }, types: ['PreSync'], hook: true, skipped: false },
    {
      of: 'phases with blanks, twice',
      annotations: { [HOOK]: ' PreSync, PostSync ,,PreSync' },
      types: ['PreSync', 'PostSync'],
      hook: true,
      skipped: false,
    },
    { of: 'Skip alone', annotations: { [HOOK]: 'Skip' }, types: ['Skip'], hook: false, skipped: true },
    { of: 'Skip with others', annotations: { [HOOK]: 'Skip,Sync' }, types: ['Skip', 'Sync'], hook: true, skipped: false },
    { of: 'a word that is no phase', annotations: { [HOOK]: 'presync' }, types: [], hook: true, skipped: false },
    {
      of: 'a wrong word beside a valid one',
      annotations: { [HOOK]: 'Nonsense,SyncFail' },
      types: ['SyncFail'],
      hook: true,
      skipped: false,
    },
    {
      of: "Helm's install and upgrade",
      annotations: { [HELM_HOOK]: 'pre-install,pre-upgrade' },
      types: ['PreSync'],
      hook: true,
      skipped: false,
    },
    {
      of: "Helm's ends",
      annotations: { [HELM_HOOK]: 'post-install,post-delete' },
      types: ['PostSync', 'PostDelete'],
      hook: true,
      skipped: false,
    },
    { of: "Helm's tests", annotations: { [HELM_HOOK]: 'test' }, types: [], hook: true, skipped: false },
    { of: "Helm's crd-install", annotations: { [HELM_HOOK]: 'crd-install' }, types: [], hook: false, skipped: false },
    {
      of: 'crd-install beside another',
      annotations: { [HELM_HOOK]: 'crd-install,pre-install' },
      types: ['PreSync'],
      hook: true,
      skipped: false,
    },
    { of: 'both kinds', annotations: { [HOOK]: 'Sync', [HELM_HOOK]: 'pre-install' }, types: ['Sync'], hook: true, skipped: false },
    {
      of: 'a wrong word and Helm',
      annotations: { [HOOK]: 'Nonsense', [HELM_HOOK]: 'pre-delete' },
      types: ['PreDelete'],
      hook: true,
      skipped: false,
    },
    { of: 'Skip alone and Helm', annotations: { [HOOK]: 'Skip', [HELM_HOOK]: 'pre-install' }, types: ['Skip'], hook: false, skipped: true },
  ];
  test.each(table)('with $of is a hook: $hook, of $types', ({ annotations, types, hook, skipped }) => {
    expect(hookTypes(job(annotations))).toEqual(types);
    expect(isHook(job(annotations))).toBe(hook);
    expect(isSkipped(job(annotations))).toBe(skipped);
  });

  test('runs in phases of a sync only; deletion has its own time', () => {
    expect(hookPhases(job({ [HOOK]: 'PreSync,PreDelete,Skip,SyncFail' }))).toEqual(['PreSync', 'SyncFail']);
    expect(hookPhases(job({ [HOOK]: 'PostDelete' }))).toEqual([]);
  });
});

test.each([
  [{}, ['BeforeHookCreation']],
  [{ [HOOK_DELETE_POLICY]: 'Never' }, ['BeforeHookCreation']],
  [{ [HOOK_DELETE_POLICY]: 'HookSucceeded' }, ['HookSucceeded']],
  [{ [HOOK_DELETE_POLICY]: 'HookFailed, HookSucceeded' }, ['HookFailed', 'HookSucceeded']],
  [{ [HELM_HOOK_DELETE_POLICY]: 'before-hook-creation,hook-failed' }, ['BeforeHookCreation', 'HookFailed']],
  [{ [HOOK_DELETE_POLICY]: 'HookSucceeded', [HELM_HOOK_DELETE_POLICY]: 'hook-succeeded,hook-failed' }, ['HookSucceeded', 'HookFailed']],
])('the policies of %j are %j', (annotations, policies) => {
  expect(deletePolicies(job(annotations))).toEqual(policies);
});

describe('the name of a hook', () => {
  const START = '2026-11-22T15:04:05Z';
  const nameless = job({ [HOOK]: 'PreSync,PostSync' }, { generateName: 'Migrate-' });

  test('stays as it is', () => {
    expect(namedHooks(job({ [HOOK]: 'PreSync' }), 'abcdefgh', START)).toEqual([job({ [HOOK]: 'PreSync' })]);
  });

  test('is made of prefix, revision, phase and start: an object for each phase, with that phase only', () => {
    expect(namedHooks(nameless, 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', START)).toEqual([
      job({ [HOOK]: 'PreSync' }, { name: 'Migrate-a94a8fe-presync-1795359845' }),
      job({ [HOOK]: 'PostSync' }, { name: 'Migrate-a94a8fe-postsync-1795359845' }),
    ]);
  });

  test('holds a short revision whole', () => {
    expect(namedHooks(nameless, 'V1.2.3', START)[0]?.metadata.name).toBe('Migrate-v1.2.3-presync-1795359845');
    expect(namedHooks(nameless, '12345678', START)[0]?.metadata.name).toBe('Migrate-1234567-presync-1795359845');
  });

  test('is not known before an operation has begun', () => {
    expect(namedHooks(nameless, 'abcdefgh', undefined)).toEqual([]);
  });
});
