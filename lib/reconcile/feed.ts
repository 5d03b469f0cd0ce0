// The change feed as rules: what a tick has seen -> what it remembers and whom it wakes. Cost follows changes, not Applications.
import { createHash } from 'node:crypto';
import { NOTIFIED, REFRESH, REFRESH_TIMESTAMP } from '../model/annotations.ts';
import { qualifiedName, refOfInstance } from '../model/application.ts';
import { annotationOf, isRecord, type LiveObject } from '../model/manifest.ts';
import type { Reason } from '../model/request.ts';
import { hasOwner, instanceOf, type Tracking } from '../model/tracking.ts';
import type { WatchEvent } from '../model/watch.ts';

/** What survives between ticks. Losing it costs one full list. */
export interface FeedState {
  /** Where the watch of the Applications goes on. */
  readonly resourceVersion: string;
  /** By `namespace/name`. */
  readonly applications: Readonly<Record<string, KnownApplication>>;
  /** Where the watch of each kind goes on, by `group/version/kind`. */
  readonly kinds: Readonly<Record<string, string>>;
  /** When this was stored, in seconds since the epoch. */
  readonly savedAt: number;
}

export interface KnownApplication {
  /** Seconds since the epoch at which it is looked at even if nothing happens. */
  readonly due: number;
  /** Of spec, labels and annotations but ours: a change of it wakes the Application and its parent. */
  readonly spec: string;
  /** `group/version/kind` of its objects. */
  readonly kinds: readonly string[];
}

/** Somebody to wake: a message's reason and what makes it distinct. */
export interface Wake {
  /** `namespace/name`. */
  readonly application: string;
  readonly reason: Reason;
  readonly event: string;
}

/** How objects name the Applications that deploy them. */
export interface Naming {
  readonly controlNamespace: string;
  readonly tracking: Tracking;
}

export const EMPTY_FEED: FeedState = { resourceVersion: '', applications: {}, kinds: {}, savedAt: 0 };

/** What the next look at an Application costs in waiting: the resync, spread so that they do not all come at once. */
export function dueAfter(name: string, now: number, resyncSeconds: number): number {
  const spread = createHash('sha256').update(`${name}/${now}`).digest().readUInt16BE(0) / 65_536;
  return now + resyncSeconds + Math.floor(spread * Math.min(60, resyncSeconds / 3));
}

/** An Application as the feed remembers it; `now` in seconds. */
export function known(application: LiveObject, now: number, resyncSeconds: number): KnownApplication {
  const status = isRecord(application['status']) ? application['status'] : {};
  const since = Math.max(lookedAt(application), now - resyncSeconds);
  return { due: dueAfter(nameOf(application), since, resyncSeconds), spec: specHash(application), kinds: kindsOf(status['resources']) };
}

/** When its status last changed, in seconds; 0 when it was never looked at. An old time says little: looks that find nothing write nothing. */
function lookedAt(application: LiveObject): number {
  const status = isRecord(application['status']) ? application['status'] : {};
  const at = typeof status['reconciledAt'] === 'string' ? Date.parse(status['reconciledAt']) : 0;
  return Number.isNaN(at) ? 0 : at / 1000;
}

function nameOf(application: LiveObject): string {
  return qualifiedName({ namespace: application.metadata.namespace ?? '', name: application.metadata.name ?? '' });
}

function specHash(application: LiveObject): string {
  const { labels, finalizers, annotations } = application.metadata;
  const asked = Object.entries(annotations ?? {}).filter(([name]) => !isOurs(name));
  return createHash('sha256')
    .update(JSON.stringify([application['spec'], labels, finalizers, asked.sort()]))
    .digest('base64url')
    .slice(0, 16);
}

/** Annotations that come and go with our own work; a request to refresh is seen by itself. */
function isOurs(annotation: string): boolean {
  return annotation.startsWith('evenkeel.dev/') || annotation === REFRESH || annotation === REFRESH_TIMESTAMP || annotation === NOTIFIED;
}

function kindsOf(rows: unknown): readonly string[] {
  if (!Array.isArray(rows)) return [];
  const kinds = rows.filter(isRecord).map((row) => `${row['group'] ?? ''}/${row['version']}/${row['kind']}`);
  return [...new Set(kinds)].sort();
}

/** Why an Application wants to be looked at now, judged by itself and by what was known of it. */
export function attention(application: LiveObject, before: KnownApplication | undefined): Reason | undefined {
  const status = isRecord(application['status']) ? application['status'] : {};
  const state = isRecord(status['operationState']) ? status['operationState'] : undefined;
  const phase = state?.['phase'];
  if (isRecord(application['operation']) && phase !== 'Running') return 'operation';
  if (annotationOf(application, REFRESH) !== undefined) return 'spec';
  if (application.metadata.deletionTimestamp && (application.metadata.finalizers?.length ?? 0) > 0) return 'spec';
  if (status['reconciledAt'] === undefined) return 'spec';
  return before && before.spec !== specHash(application) ? 'spec' : undefined;
}

/** The Applications after some of them changed, and who is to be woken: themselves, and whoever deploys them. */
export function applicationsChanged(
  state: FeedState,
  events: readonly WatchEvent[],
  naming: Naming,
  now: number,
  resyncSeconds: number,
): { readonly state: FeedState; readonly wakes: readonly Wake[] } {
  const applications = { ...state.applications };
  const wakes: Wake[] = [];
  for (const event of events) {
    const name = nameOf(event.object);
    const before = applications[name];
    const after = event.type === 'DELETED' ? undefined : remembered(event.object, before, now, resyncSeconds);
    if (after) applications[name] = after;
    else delete applications[name];
    wakes.push(...wokenBy(event, before, after, naming));
  }
  return { state: { ...state, applications }, wakes: wakes.filter((wake) => wake.application in applications) };
}

/** A write that asks for nothing never brings the next look forward. */
function remembered(application: LiveObject, before: KnownApplication | undefined, now: number, resyncSeconds: number): KnownApplication {
  const fresh = known(application, now, resyncSeconds);
  return before ? { ...fresh, due: Math.max(before.due, dueAfter(nameOf(application), lookedAt(application), resyncSeconds)) } : fresh;
}

function wokenBy(
  { object }: WatchEvent,
  before: KnownApplication | undefined,
  after: KnownApplication | undefined,
  naming: Naming,
): readonly Wake[] {
  const event = object.metadata.resourceVersion ?? '';
  const reason = after && attention(object, before);
  const own: readonly Wake[] = reason ? [{ application: nameOf(object), reason, event }] : [];
  const concernsParent = before?.spec !== after?.spec || object.metadata.deletionTimestamp !== undefined;
  return concernsParent ? [...own, ...ownersOf([object], naming, event)] : own;
}

/** The Applications that changed objects belong to, by their marks. An object with an owner belongs to that. */
export function ownersOf(objects: readonly LiveObject[], naming: Naming, event: string): readonly Wake[] {
  const names = objects.filter((object) => !hasOwner(object)).map((object) => ownerOf(object, naming));
  return [...new Set(names)].filter((name) => name !== undefined).map((application) => ({ application, reason: 'drift', event }));
}

function ownerOf(object: LiveObject, { controlNamespace, tracking }: Naming): string | undefined {
  const instance = instanceOf(object, tracking);
  const ref = instance === undefined ? undefined : refOfInstance(instance, controlNamespace);
  return ref && qualifiedName(ref);
}

/** Who is due, and the state in which they are not any more; `now` in seconds. */
export function dueNow(
  state: FeedState,
  now: number,
  resyncSeconds: number,
): { readonly state: FeedState; readonly wakes: readonly Wake[] } {
  const due = Object.entries(state.applications).filter(([, application]) => application.due <= now);
  const wakes = due.map(([application, { due: at }]): Wake => ({ application, reason: 'sweep', event: `due ${at}` }));
  const moved = due.map(([name, application]) => [name, { ...application, due: dueAfter(name, now, resyncSeconds) }] as const);
  return { state: { ...state, applications: { ...state.applications, ...Object.fromEntries(moved) } }, wakes };
}

/**
 * The kinds to watch: all that any Application has and that are not left alone. Applications themselves have a watch of their own, and
 * Endpoints change with every pod (spec/diff.md §15).
 */
export function watchedKinds(
  state: FeedState,
  excludes: (kind: { readonly group: string; readonly kind: string }) => boolean,
): readonly string[] {
  const kinds = new Set(Object.values(state.applications).flatMap((application) => application.kinds));
  return [...kinds].filter((text) => isWatched(text) && !excludes(kindIn(text))).sort();
}

function isWatched(text: string): boolean {
  const { group, kind } = kindIn(text);
  return `${group}/${kind}` !== 'argoproj.io/Application' && `${group}/${kind}` !== '/Endpoints';
}

/** Of `group/version/kind`. */
function kindIn(text: string): { readonly group: string; readonly kind: string } {
  const [group = '', , kind = ''] = text.split('/');
  return { group, kind };
}
