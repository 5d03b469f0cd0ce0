// What an operation says while it runs and when it failed (spec/sync.md §3.1, §3.2).
import { isUnsuccessful, type SyncTask, stateOf } from './task.ts';

/** `waiting for healthy state of apps/Deployment/web and 2 more resources`; the first hook is named if there is one. Empty without tasks. */
export function waitingFor(tasks: readonly SyncTask[], reason: { readonly hook: string; readonly resource: string }): string {
  const hook = tasks.find((task) => task.hook);
  const first = hook ?? tasks[0];
  if (!first) return '';
  const { group, kind, name } = first.key;
  const more = tasks.length - 1;
  const others = more === 0 ? '' : ` and ${more} more ${tasks.every((task) => task.hook) ? 'hooks' : 'resources'}`;
  return `waiting for ${hook ? reason.hook : reason.resource} ${group}/${kind}/${name}${others}`;
}

/** What is said of an operation that waits for nothing. */
export const UNDER_WAY = 'one or more tasks are running';

export const COMPLETION = { hook: 'completion of hook', resource: 'healthy state of' } as const;
export const DELETION = { hook: 'deletion of hook', resource: 'deletion of' } as const;
export const KIND = { hook: 'the kind of hook', resource: 'the kind of' } as const;
export const CONFIRMATION = { hook: 'pruning confirmation of', resource: 'pruning confirmation of' } as const;

/**
 * Why the operation failed, with the distinct messages of what was refused. Only a failure that ends the operation in the very step that
 * met it is named as one of applying: without SyncFail hooks, and with no hook of its wave left to wait for (spec/sync.md §3 step 11).
 */
export function failureMessage(tasks: readonly SyncTask[]): string {
  const failed = tasks.filter((task) => task.phase !== 'SyncFail' && isUnsuccessful(task));
  const text = isFailedAtOnce(tasks, failed)
    ? 'one or more objects failed to apply'
    : 'one or more synchronization tasks completed unsuccessfully';
  return `${text}${reasons(failed.filter(isRefused))}${syncFailReasons(tasks)}`;
}

function isFailedAtOnce(tasks: readonly SyncTask[], failed: readonly SyncTask[]): boolean {
  const ranHook = (task: SyncTask) => task.hook && task.result !== undefined && !isRefused(task) && failed.some(inSameWave(task));
  return (
    failed.every((task) => isRefused(task) && stateOf(task) === 'Failed') &&
    !tasks.some((task) => task.phase === 'SyncFail' || ranHook(task))
  );
}

function isRefused(task: SyncTask): boolean {
  return task.result?.status === 'SyncFailed';
}

function inSameWave(task: SyncTask): (other: SyncTask) => boolean {
  return ({ phase, wave }) => phase === task.phase && wave === task.wave;
}

function syncFailReasons(tasks: readonly SyncTask[]): string {
  const refused = tasks.filter((task) => task.phase === 'SyncFail' && isRefused(task));
  return refused.length === 0 ? '' : `\none or more SyncFail hooks failed${reasons(refused)}`;
}

function reasons(tasks: readonly SyncTask[]): string {
  const messages = [...new Set(tasks.map((task) => task.result?.message ?? '').filter((text) => text !== ''))];
  return messages.length === 0 ? '' : `, reason: ${messages.join(',')}`;
}
