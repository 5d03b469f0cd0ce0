// Which manifests are hooks, when they run, what becomes of them, and how a nameless one is called (spec/sync.md §2, §5; spec/rendering.md §4).
import { HELM_HOOK, HELM_HOOK_DELETE_POLICY, HOOK, HOOK_DELETE_POLICY, HOOK_FINALIZER } from './annotations.ts';
import { annotationList, type LiveObject, type Manifest } from './manifest.ts';
import type { SyncPhase } from './operation.ts';

export type HookType = SyncPhase | 'PreDelete' | 'PostDelete' | 'Skip';
export type DeletePolicy = 'BeforeHookCreation' | 'HookSucceeded' | 'HookFailed';

const HOOK_TYPES: ReadonlySet<string> = new Set(['PreSync', 'Sync', 'PostSync', 'SyncFail', 'PreDelete', 'PostDelete', 'Skip']);
const SYNC_PHASES: ReadonlySet<string> = new Set(['PreSync', 'Sync', 'PostSync', 'SyncFail']);

const HELM_TYPES: Readonly<Record<string, HookType>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'pre-delete': 'PreDelete',
  'post-delete': 'PostDelete',
};

const HELM_POLICIES: Readonly<Record<string, DeletePolicy>> = {
  'before-hook-creation': 'BeforeHookCreation',
  'hook-succeeded': 'HookSucceeded',
  'hook-failed': 'HookFailed',
};

const POLICIES: ReadonlySet<string> = new Set(['BeforeHookCreation', 'HookSucceeded', 'HookFailed']);

export function isHookType(word: string): word is HookType {
  return HOOK_TYPES.has(word);
}

export function isPolicy(word: string): word is DeletePolicy {
  return POLICIES.has(word);
}

/** The hook types that an object asks for, each once; a valid Argo CD annotation on the object overrides Helm's. */
export function hookTypes(manifest: Manifest): readonly HookType[] {
  const own = annotationList(manifest, HOOK).filter(isHookType);
  if (own.length > 0) return own;
  const helm = annotationList(manifest, HELM_HOOK).map((type) => HELM_TYPES[type]);
  return [...new Set(helm.filter((type) => type !== undefined))];
}

/** Whether an object is a hook at all: annotated as one, even with words that name no phase. `Skip` alone and `crd-install` are none. */
export function isHook(manifest: Manifest): boolean {
  const own = annotationList(manifest, HOOK);
  const helm = annotationList(manifest, HELM_HOOK);
  if (own.length === 1 && own[0] === 'Skip') return false;
  if (own.length > 0) return true;
  return helm.length > 0 && !(helm.length === 1 && helm[0] === 'crd-install');
}

/** Left out of every sync: `hook: Skip` and nothing else. */
export function isSkipped(manifest: Manifest): boolean {
  const own = annotationList(manifest, HOOK);
  return own.length === 1 && own[0] === 'Skip';
}

/** The sync phases that a hook runs in; deletion-time hooks and phase-less ones have none. */
export function hookPhases(manifest: Manifest): readonly SyncPhase[] {
  return hookTypes(manifest).filter((type): type is SyncPhase => SYNC_PHASES.has(type));
}

/** When a hook object goes; BeforeHookCreation when none valid is named. Helm's policies add to Argo CD's. */
export function deletePolicies(manifest: Manifest): readonly DeletePolicy[] {
  const own = annotationList(manifest, HOOK_DELETE_POLICY).filter(isPolicy);
  const helm = annotationList(manifest, HELM_HOOK_DELETE_POLICY)
    .map((policy) => HELM_POLICIES[policy])
    .filter((policy) => policy !== undefined);
  const all = [...new Set([...own, ...helm])];
  return all.length > 0 ? all : ['BeforeHookCreation'];
}

/**
 * A hook with the names that it has in one operation. One that has only `generateName` becomes an object of its own for each of its
 * phases, called the same in every step and retry: prefix, first seven characters of the revision (`''` with several sources),
 * phase, start time in seconds.
 * `startedAt` is RFC 3339; without it a nameless hook does not exist yet.
 */
export function namedHooks(hook: Manifest, revision: string, startedAt: string | undefined): readonly Manifest[] {
  if (hook.metadata.name) return [hook];
  if (startedAt === undefined) return [];
  const { generateName = '', ...metadata } = hook.metadata;
  return hookPhases(hook).map((phase) => {
    const name = `${generateName}${runName(phase, revision, startedAt)}`;
    return { ...hook, metadata: { ...metadata, name, annotations: { ...metadata.annotations, [HOOK]: phase } } };
  });
}

function runName(phase: SyncPhase, revision: string, startedAt: string): string {
  const short = revision.length >= 8 ? revision.slice(0, 7) : revision;
  return `${short}-${phase}-${Math.floor(Date.parse(startedAt) / 1000)}`.toLowerCase();
}

/** Whether the finalizer of hooks keeps the object: a TTL, or whoever else deletes it, only marks it until its end was read. */
export function isHeld({ metadata }: { readonly metadata: LiveObject['metadata'] }): boolean {
  return metadata.finalizers?.includes(HOOK_FINALIZER) ?? false;
}

/** A hook as it is applied: with the finalizer that keeps its object until its end was read (spec/sync.md §2). */
export function held(hook: Manifest): Manifest {
  if (isHeld(hook)) return hook;
  return { ...hook, metadata: { ...hook.metadata, finalizers: [...(hook.metadata.finalizers ?? []), HOOK_FINALIZER] } };
}

/** The JSON patch that takes the finalizer of hooks off this very object, and no other finalizer; it fails when they changed since. */
export function releasePatch({ metadata }: LiveObject): readonly Readonly<Record<string, unknown>>[] {
  const path = `/metadata/finalizers/${metadata.finalizers?.indexOf(HOOK_FINALIZER) ?? 0}`;
  return [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path, value: HOOK_FINALIZER },
    { op: 'remove', path },
  ];
}
