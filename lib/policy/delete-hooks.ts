// Hooks of a deletion: which objects they are, what is to be done with them next, and which finalizers stand for them
// (spec/application.md §9, spec/sync.md §13).
import { HOOK_OPERATION, POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER } from '../model/annotations.ts';
import type { Application, Health } from '../model/application.ts';
import { deletePolicies, hookTypes } from '../model/hook.ts';
import { annotationOf, keyOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';

export type DeleteHook = 'PreDelete' | 'PostDelete';

/** A hook as Git has it, its live object if there is one, and how that is; undefined where nothing judges the kind. */
export interface HookRun {
  readonly hook: Manifest;
  readonly live: LiveObject | undefined;
  readonly health: Health | undefined;
}

export type HookStep =
  | { readonly kind: 'done' }
  /** Somebody else's objects have the names of the hooks. */
  | { readonly kind: 'foreign'; readonly hooks: readonly Manifest[] }
  /** On their way: `leaving` to be gone, `running` to be healthy. */
  | { readonly kind: 'leaving' | 'running'; readonly objects: readonly LiveObject[] }
  /** Runs that an earlier operation left; they go before this deletion's are created. */
  | { readonly kind: 'leftover' | 'failed'; readonly objects: readonly LiveObject[] }
  | { readonly kind: 'missing'; readonly hooks: readonly Manifest[] };

const FINALIZERS: Readonly<Record<DeleteHook, string>> = { PreDelete: PRE_DELETE_FINALIZER, PostDelete: POST_DELETE_FINALIZER };

/** The finalizer that holds the Application until its hooks have run, and the one that holds it until they are cleaned up. */
export function finalizersOf(type: DeleteHook): { readonly run: string; readonly cleanup: string } {
  return { run: FINALIZERS[type], cleanup: `${FINALIZERS[type]}/cleanup` };
}

/** Whether a finalizer stands for hooks of the deletion. */
export function isHookFinalizer(name: string): boolean {
  return Object.values(FINALIZERS).some((finalizer) => name === finalizer || name === `${finalizer}/cleanup`);
}

/** An Application's finalizers with those for the hooks among its manifests, and without those for hooks that it has not. */
export function withHookFinalizers(finalizers: readonly string[], manifests: readonly Manifest[]): readonly string[] {
  const types = new Set(manifests.flatMap(hookTypes));
  const wanted = (['PreDelete', 'PostDelete'] as const)
    .filter((type) => types.has(type))
    .flatMap((type) => Object.values(finalizersOf(type)));
  const kept = finalizers.filter((name) => !isHookFinalizer(name) || wanted.includes(name));
  return [...kept, ...wanted.filter((name) => !kept.includes(name))];
}

/**
 * The hooks of a type, named, and marked as runs of this deletion. One that has only `generateName` is called after the moment of the
 * deletion, and never after the commit, which may move on meanwhile; a second one with the same prefix gets a number.
 */
export function deleteHooks(manifests: readonly Manifest[], type: DeleteHook, application: Application): readonly Manifest[] {
  const prefixes = new Map<string, number>();
  return manifests.filter((manifest) => hookTypes(manifest).includes(type)).map((hook) => marked(named(hook, prefixes), hook));

  function named(hook: Manifest, seen: Map<string, number>): string {
    const { name, generateName = '' } = hook.metadata;
    if (name) return name;
    const key = keyText({ ...keyOf(hook), name: generateName });
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    const seconds = Math.floor(Date.parse(application.metadata.deletionTimestamp ?? '') / 1000);
    return `${generateName}${type.toLowerCase()}-${seconds}${count > 1 ? `-${count}` : ''}`;
  }

  function marked(name: string, hook: Manifest): Manifest {
    const { generateName: _prefix, ...metadata } = hook.metadata;
    const annotations = { ...metadata.annotations, [HOOK_OPERATION]: runMark(type, application) };
    return { ...hook, metadata: { ...metadata, name, annotations } };
  }
}

/** An Application is deleted once, so its uid tells its deletion from every operation. */
function runMark(type: DeleteHook, { metadata }: Application): string {
  return `${metadata.uid ?? ''}/${type}`;
}

/** Whether the live object is the run of this very deletion. A definition counts as it is: to replace it would delete everybody's objects. */
function isOwnRun({ hook, live }: HookRun): boolean {
  if (!live) return false;
  return live.kind === 'CustomResourceDefinition' || annotationOf(live, HOOK_OPERATION) === annotationOf(hook, HOOK_OPERATION);
}

/** What to do next about hooks of one type; `isOurs` tells an object of this Application from somebody else's. */
export function hookStep(runs: readonly HookRun[], isOurs: (live: LiveObject) => boolean): HookStep {
  const there = runs.flatMap(({ live }) => (live ? [live] : []));
  const foreign = runs.filter((run) => run.live && !isOwnRun(run) && !isOurs(run.live));
  if (foreign.length > 0) return { kind: 'foreign', hooks: foreign.map(({ hook }) => hook) };
  const leaving = there.filter(({ metadata }) => metadata.deletionTimestamp);
  if (leaving.length > 0) return { kind: 'leaving', objects: leaving };
  const leftover = runs.filter((run) => run.live && !isOwnRun(run));
  if (leftover.length > 0) return { kind: 'leftover', objects: liveOf(leftover) };
  const missing = runs.filter(({ live }) => !live);
  if (missing.length > 0) return { kind: 'missing', hooks: missing.map(({ hook }) => hook) };
  const running = runs.filter(({ health }) => health?.status === 'Progressing');
  const failed = runs.filter(({ health }) => health?.status === 'Degraded');
  if (failed.length > 0) return { kind: 'failed', objects: liveOf(failed) };
  return running.length > 0 ? { kind: 'running', objects: liveOf(running) } : { kind: 'done' };
}

function liveOf(runs: readonly HookRun[]): readonly LiveObject[] {
  return runs.flatMap(({ live }) => (live ? [live] : []));
}

/** Runs of this deletion that their delete policies let go, by the worst health among all of them; without a policy a hook stays. */
export function hooksToClean(runs: readonly HookRun[]): readonly LiveObject[] {
  const own = runs.filter((run) => isOwnRun(run) && run.live?.kind !== 'CustomResourceDefinition');
  const policy = policyFor(own);
  return liveOf(own.filter(({ hook }) => policy !== undefined && deletePolicies(hook).includes(policy)));
}

function policyFor(runs: readonly HookRun[]): 'HookSucceeded' | 'HookFailed' | undefined {
  const codes = runs.filter(({ live }) => !live?.metadata.deletionTimestamp).map(({ health }) => health?.status ?? 'Healthy');
  if (codes.includes('Degraded')) return 'HookFailed';
  return codes.every((code) => code === 'Healthy') ? 'HookSucceeded' : undefined;
}

/** Why a pass fails whose hooks failed, in Argo CD's words. */
export function hooksFailed(type: DeleteHook, objects: readonly LiveObject[]): string {
  const names = objects.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name}`);
  return `${type} hook(s) failed: ${names.join(', ')}`;
}

/** The words before the reason why hooks did not run; Argo CD has them for those before the cascade alone. */
export function hookErrorPrefix(type: DeleteHook): string {
  return type === 'PreDelete' ? 'error executing pre-delete hooks: ' : '';
}
