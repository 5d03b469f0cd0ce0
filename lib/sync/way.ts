// wayOf: how the object of a task is sent, by the options of the operation, of Git's object and of the live one (spec/sync.md §4.2, §6).
import type { SyncOperation } from '../model/operation.ts';
import { hasOption, isLenient, objectOptions } from '../model/sync-options.ts';
import type { SyncTask } from './task.ts';

export interface Way {
  /** The live object is replaced whole, and what Git does not name goes. */
  readonly replace: boolean;
  /** It may be deleted and created again: where it is replaced, and where a change is refused. */
  readonly force: boolean;
  /** Fields that the kind does not have are left out instead of refused. */
  readonly lenient: boolean;
}

/** Data goes with these, or everything that lives in them: only the object itself can say that it may be deleted. */
const KEPT = ['Namespace', 'CustomResourceDefinition', 'PersistentVolumeClaim', 'PersistentVolume'];

/** How far an operation is known where its tasks are sent. */
export interface Operated {
  readonly operation: SyncOperation;
  /** When it began, its first attempt if there are several: milliseconds since the epoch. */
  readonly startedAt: number;
}

/**
 * What a restore finds, and the Namespace that Git does not name, is not ours to replace; what this operation put in the place of another is
 * not replaced by a later attempt.
 */
export function wayOf(task: SyncTask, { operation, startedAt }: Operated): Way {
  const options = operation.syncOptions ?? [];
  const lenient = isLenient(options, task.target);
  if (task.createsNamespace || task.leftAlone) return { replace: false, force: false, lenient };
  const force = itselfSays(task, FORCE) || (isForced(operation) && !isKept(task));
  const replace = hasOption(options, REPLACE) || itselfSays(task, REPLACE);
  return { replace: replace && !(force && isCreatedSince(task, startedAt)), force, lenient };
}

function isCreatedSince({ live }: SyncTask, startedAt: number): boolean {
  return Date.parse(live?.metadata.creationTimestamp ?? '') >= startedAt;
}

const REPLACE = 'Replace=true';
const FORCE = 'Force=true';

function itselfSays({ target, live }: SyncTask, option: string): boolean {
  return hasOption(objectOptions(target), option) || hasOption(objectOptions(live), option);
}

function isForced({ syncStrategy }: SyncOperation): boolean {
  return syncStrategy?.apply?.force === true || syncStrategy?.hook?.force === true;
}

/** Whether only the object itself can say that it may be deleted. */
export function isKept({ key }: SyncTask): boolean {
  return KEPT.includes(key.kind);
}
