// What a deletion may do next: whom it deletes, whom it waits for, and which finalizers somebody else has to answer for
// (spec/application.md §9).
import { DELETION_APPROVED, POST_DELETE_FINALIZER, PRE_DELETE_FINALIZER } from '../model/annotations.ts';
import type { Application } from '../model/application.ts';
import { keyOf, keyText, type LiveObject } from '../model/manifest.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { waveOf } from '../model/wave.ts';

export type DeletionStep =
  | { readonly kind: 'done' }
  /** The last wave that is still there. */
  | { readonly kind: 'delete'; readonly objects: readonly LiveObject[] }
  /** `leaving` go by themselves; `unconfirmed` need a person's approval first. */
  | { readonly kind: 'leaving' | 'unconfirmed'; readonly objects: readonly LiveObject[] };

/** The next step, with `owned` as what is left to delete. Nothing goes while one of them lacks its approval. */
export function deletionStep(application: Application, owned: readonly LiveObject[]): DeletionStep {
  if (owned.length === 0) return { kind: 'done' };
  const leaving = owned.filter((live) => live.metadata.deletionTimestamp);
  if (leaving.length > 0) return { kind: 'leaving', objects: leaving };
  const unconfirmed = isApproved(application) ? [] : owned.filter((live) => asksForApproval(application, live));
  if (unconfirmed.length > 0) return { kind: 'unconfirmed', objects: unconfirmed };
  const last = Math.max(...owned.map(waveOf));
  return { kind: 'delete', objects: owned.filter((live) => waveOf(live) === last) };
}

/** An approval counts from the moment of the deletion on: an older one was given for a prune. */
function isApproved({ metadata }: Application): boolean {
  const approved = metadata.annotations?.[DELETION_APPROVED];
  return approved !== undefined && Date.parse(approved) >= Date.parse(metadata.deletionTimestamp ?? '');
}

/** The object says so, the Application does for all, or the last comparison found it in Git. */
function asksForApproval({ spec, status }: Application, live: LiveObject): boolean {
  const options = spec.syncPolicy?.syncOptions ?? [];
  if (['Delete', 'Prune'].some((key) => effectiveOption(live, options, key) === 'confirm')) return true;
  const key = keyText(keyOf(live));
  return (status?.resources ?? []).some((row) => row.requiresDeletionConfirmation === true && keyText(keyOfRow(row)) === key);
}

function keyOfRow({ group = '', kind, namespace = '', name }: RowKey) {
  return { group, kind, namespace, name };
}

interface RowKey {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

const LONGEST_WAIT_SECONDS = 30;

/** Seconds until the next look at what is leaving: a quarter of the time that the deletion has taken, from one second to thirty. */
export function leavingSeconds({ metadata }: Application, now: number): number {
  const elapsed = (now - Date.parse(metadata.deletionTimestamp ?? '')) / 1000;
  return Math.min(LONGEST_WAIT_SECONDS, Math.max(1, Math.floor((elapsed || 0) / 4)));
}

const HOOKS: Readonly<Record<string, string>> = {
  [PRE_DELETE_FINALIZER]: 'PreDelete hooks are not run yet',
  [`${PRE_DELETE_FINALIZER}/cleanup`]: 'PreDelete hooks are not deleted yet',
  [POST_DELETE_FINALIZER]: 'PostDelete hooks are not run yet',
  [`${POST_DELETE_FINALIZER}/cleanup`]: 'PostDelete hooks are not deleted yet',
};

/** Whether a finalizer stands for hooks of the deletion. */
export function isHookFinalizer(name: string): boolean {
  return Object.hasOwn(HOOKS, name);
}

/** Why an Application with hooks of its deletion, as Argo CD marked it, may not go on: `before` or after its objects went. */
export function hookRefusal(finalizers: readonly string[], stage: 'before' | 'after'): string | undefined {
  const held = finalizers.filter((name) => (stage === 'before' ? name === PRE_DELETE_FINALIZER : isHookFinalizer(name)));
  if (held.length === 0) return undefined;
  const reasons = held.map((name) => `${HOOKS[name]} (finalizer '${name}')`);
  return `${reasons.join(', ')}: do by hand what they are for, then remove what is named here from metadata.finalizers`;
}
