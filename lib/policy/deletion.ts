// What a deletion may do next: whom it deletes, whom it waits for, and what it says of that (spec/application.md §9).
import { DELETION_APPROVED } from '../model/annotations.ts';
import type { Application } from '../model/application.ts';
import { keyOf, keyOfRow, keyText, type LiveObject, objectName } from '../model/manifest.ts';
import { effectiveOption } from '../model/sync-options.ts';
import { parseTime } from '../model/time.ts';
import { waveOf } from '../model/wave.ts';
import { patientSeconds } from './patience.ts';

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
export function isApproved({ metadata }: Application): boolean {
  const approved = parseTime(metadata.annotations?.[DELETION_APPROVED]);
  return approved !== undefined && approved >= Date.parse(metadata.deletionTimestamp ?? '');
}

/** The object says so, the Application does for all, or the last comparison found it in Git. */
function asksForApproval({ spec, status }: Application, live: LiveObject): boolean {
  const options = spec.syncPolicy?.syncOptions ?? [];
  if (['Delete', 'Prune'].some((key) => effectiveOption(live, options, key) === 'confirm')) return true;
  const key = keyText(keyOf(live));
  return (status?.resources ?? []).some((row) => row.requiresDeletionConfirmation === true && keyText(keyOfRow(row)) === key);
}

/** Seconds until the next look at what is leaving. */
export function leavingSeconds({ metadata }: Application, now: number): number {
  return patientSeconds(metadata.deletionTimestamp, now, { least: 1, most: 30, part: 4 });
}

/** How long an object may take to go before people are told what holds it. */
const STUCK_SECONDS = 120;

/** What holds a deletion whose objects are `leaving` for long: each by name with its finalizers, and the way out; undefined before that. */
export function stuckMessage(leaving: readonly LiveObject[], now: number): string | undefined {
  const stuck = leaving.filter(({ metadata }) => now - Date.parse(metadata.deletionTimestamp ?? '') >= STUCK_SECONDS * 1000);
  if (stuck.length === 0) return undefined;
  return `waiting for objects that are being deleted and do not go: ${listed(stuck.map(heldName))}: mend what answers for their finalizers, or remove those from metadata.finalizers`;
}

/** How long a hook may run before people are told that the deletion waits for it: a last backup takes its time. */
const LONG_SECONDS = 600;

/** What holds a deletion whose hooks run for long: each by name, and the way out; undefined before that. */
export function unfinishedMessage(running: readonly LiveObject[], now: number): string | undefined {
  const long = running.filter(({ metadata }) => now - Date.parse(metadata.creationTimestamp ?? '') >= LONG_SECONDS * 1000);
  const still = long.filter(({ metadata }) => !metadata.deletionTimestamp);
  if (still.length === 0) return undefined;
  const names = listed(still.map((live) => objectName(keyOf(live))));
  return `waiting for completion of hooks that have run for more than ${LONG_SECONDS / 60} minutes: ${names}: end them, or take them out of Git`;
}

function heldName(live: LiveObject): string {
  const finalizers = live.metadata.finalizers ?? [];
  return finalizers.length === 0 ? objectName(keyOf(live)) : `${objectName(keyOf(live))} (finalizers ${finalizers.join(', ')})`;
}

/** What an Application says that waits for a person's approval of these objects. */
export function approvalMessage(objects: readonly LiveObject[]): string {
  const names = listed(objects.map((live) => objectName(keyOf(live))));
  return `waiting for approval to delete ${names}: annotate the Application with ${DELETION_APPROVED}=<time in RFC 3339>`;
}

/** So many names are enough to see what it is about. */
const NAMES = 20;

function listed(names: readonly string[]): string {
  const more = names.length - NAMES;
  return names.slice(0, NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Seconds until a pass that failed is tried again. */
export function retrySeconds({ metadata }: Application, now: number): number {
  return patientSeconds(metadata.deletionTimestamp, now, { least: 30, most: 300, part: 10 });
}
