// sweep: one tick of the change feed. Watches go on from where the last tick stopped; whoever changed, or is due, is enqueued.
import { randomUUID } from 'node:crypto';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import { isExcluded } from '../model/kind-filters.ts';
import type { GroupVersionKind, LiveObject } from '../model/manifest.ts';
import type { ReconcileRequest } from '../model/request.ts';
import { DEFAULT_RESOURCE_SETTINGS, type ResourceSettings } from '../model/resource-settings.ts';
import type { Checkpoints, Clock, Cluster, Log, Queue, WatchBatch } from '../ports.ts';
import { applicationsChanged, dueNow, EMPTY_FEED, type FeedState, known, type Naming, ownersOf, type Wake, watchedKinds } from './feed.ts';

export interface SweepPorts {
  /** The control cluster, by the worker's own identity: it may look, not touch. */
  readonly cluster: Cluster;
  readonly checkpoints: Checkpoints;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  /** What the installation says of resources; throws InvalidInput when it does not parse. */
  readonly resourceSettings: () => Promise<ResourceSettings>;
  readonly settings: { readonly namespace: string; readonly checkpoint: string; readonly resyncSeconds: number };
}

/** How every Application names the cluster that is watched. */
const SERVER = 'https://kubernetes.default.svc';

const APPLICATION: GroupVersionKind = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' };

/** A watch that has been quiet for so long has told all that happened. */
const QUIET = { idleMs: 150, maxMs: 8_000 } as const;

/** Positions in the watches age even when nothing happens; they are stored at least this often. */
const SAVE_SECONDS = 45;

/** One tick. Returns how many Applications it enqueued; a checkpoint that somebody else moved on ends it quietly. */
export async function sweep(ports: SweepPorts): Promise<{ readonly enqueued: number }> {
  const { settings, checkpoints, clock, log } = ports;
  const started = clock();
  const now = Math.floor(started / 1000);
  const [stored, resources] = await Promise.all([checkpoints.read(settings.checkpoint), resourceSettings(ports)]);
  const before = stored ? parseFeed(stored.text) : EMPTY_FEED;
  const naming = { controlNamespace: settings.namespace, tracking: resources.tracking };
  const tick = await drainAll(before, { ...ports, naming, excludes: (kind) => isExcluded(resources, kind, SERVER) }, now);
  const wakes = distinct(tick.wakes);
  const at = clock();
  await ports.queue.send(wakes.map((wake) => requestOf(wake, at)));
  await save(before, tick.state, stored?.resourceVersion, ports, now);
  log.info('swept', { enqueued: wakes.length, kinds: Object.keys(tick.state.kinds).length, ms: clock() - started });
  return { enqueued: wakes.length };
}

/** Settings that do not parse are told at each Application; those that are due must be looked at all the same. */
async function resourceSettings({ resourceSettings: read, log }: SweepPorts): Promise<ResourceSettings> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    log.warn('settings do not parse', { reason: error.message });
    return DEFAULT_RESOURCE_SETTINGS;
  }
}

/** The ports with what the settings say. */
interface Watching extends SweepPorts {
  readonly naming: Naming;
  readonly excludes: (kind: { readonly group: string; readonly kind: string }) => boolean;
}

interface Tick {
  readonly state: FeedState;
  readonly wakes: readonly Wake[];
}

/** Side by side: each watch takes its time to be quiet. What happened to an Application that is new is no news: it is looked at as a whole. */
async function drainAll(before: FeedState, ports: Watching, now: number): Promise<Tick> {
  const [applications, kept] = await Promise.all([
    drainApplications(before, ports, now),
    drainKinds(watchedKinds(before, ports.excludes), before, ports),
  ]);
  const watched = new Set(watchedKinds(applications.state, ports.excludes));
  const drained = new Set(kept.map(({ kind }) => kind));
  const added = await drainKinds(
    [...watched].filter((kind) => !drained.has(kind)),
    before,
    ports,
  );
  const kinds = [...kept, ...added].filter(({ kind }) => watched.has(kind)).sort((a, b) => (a.kind < b.kind ? -1 : 1));
  const state = { ...applications.state, kinds: Object.fromEntries(kinds.map(({ kind, resourceVersion }) => [kind, resourceVersion])) };
  const due = dueNow(state, now, ports.settings.resyncSeconds);
  const drifted = kinds.flatMap(({ wakes }) => wakes).filter((wake) => wake.application in state.applications);
  return { state: due.state, wakes: [...applications.wakes, ...drifted, ...due.wakes] };
}

function drainKinds(kinds: readonly string[], before: FeedState, ports: Watching): Promise<readonly DrainedKind[]> {
  return Promise.all(kinds.map((kind) => drainKind(kind, before.kinds[kind], ports)));
}

async function drainApplications(before: FeedState, ports: Watching, now: number): Promise<Tick> {
  const { cluster, settings, naming } = ports;
  const { namespace, resyncSeconds } = settings;
  const watched: WatchBatch | undefined = before.resourceVersion
    ? await cluster.drain(APPLICATION, { resourceVersion: before.resourceVersion, metadataOnly: false, namespace, ...QUIET })
    : undefined;
  if (watched && !watched.gone) {
    const changed = applicationsChanged(before, watched.events, naming, now, resyncSeconds);
    return { ...changed, state: { ...changed.state, resourceVersion: watched.resourceVersion } };
  }
  const listed = await cluster.list(APPLICATION, { namespace });
  const events = listed.items.map((object) => ({ type: 'MODIFIED' as const, object }));
  const kept = Object.fromEntries(
    listed.items.map((object) => [nameOf(object), before.applications[nameOf(object)] ?? known(object, now, resyncSeconds)]),
  );
  const changed = applicationsChanged({ ...before, applications: kept }, events, naming, now, resyncSeconds);
  return { ...changed, state: { ...changed.state, resourceVersion: listed.resourceVersion } };
}

function nameOf({ metadata }: LiveObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

interface DrainedKind {
  readonly kind: string;
  readonly resourceVersion: string;
  readonly wakes: readonly Wake[];
}

/**
 * What the worker may not watch (Secrets, unless somebody gives it that right) is left to the resync. Any other failure is this kind's
 * alone: it keeps its position, so that the next tick sees what this one could not.
 */
async function drainKind(kind: string, position: string | undefined, ports: Watching): Promise<DrainedKind> {
  try {
    return await drained(kind, position, ports);
  } catch (error) {
    const forbidden = error instanceof NotPermitted;
    if (forbidden) ports.log.info('not watched', { kind, reason: error.message });
    else ports.log.warn('kind left for the next tick', { kind, reason: messageOf(error) });
    return { kind, resourceVersion: forbidden ? '' : (position ?? ''), wakes: [] };
  }
}

/** A kind that is new to the feed begins where it is now; one whose position is gone is listed once, and all its owners look again. */
async function drained(kind: string, position: string | undefined, ports: Watching): Promise<DrainedKind> {
  const { cluster, naming } = ports;
  const [group = '', version = '', name = ''] = kind.split('/');
  const type = await cluster.resourceType({ group, version, kind: name });
  if (!type?.verbs.includes('watch')) return { kind, resourceVersion: '', wakes: [] };
  if (!position) return { kind, resourceVersion: (await cluster.list(type, { metadataOnly: true, limit: 1 })).resourceVersion, wakes: [] };
  const batch = await cluster.drain(type, { resourceVersion: position, metadataOnly: true, ...QUIET });
  if (!batch.gone) return { kind, resourceVersion: batch.resourceVersion, wakes: wakesOf(batch, naming) };
  const listed = await cluster.list(type, { metadataOnly: true });
  return { kind, resourceVersion: listed.resourceVersion, wakes: ownersOf(listed.items, naming, listed.resourceVersion) };
}

function wakesOf(batch: WatchBatch, naming: Naming): readonly Wake[] {
  return batch.events.flatMap(({ object }) => ownersOf([object], naming, object.metadata.resourceVersion ?? ''));
}

/** One message an Application: the first reason found, the newest event. */
function distinct(wakes: readonly Wake[]): readonly Wake[] {
  const byName = Map.groupBy(wakes, (wake) => wake.application);
  return [...byName.values()].flatMap(([first, ...rest]) => (first ? [{ ...first, event: rest.at(-1)?.event ?? first.event }] : []));
}

function requestOf({ application, reason, event }: Wake, at: number): ReconcileRequest {
  const slash = application.indexOf('/');
  const ref = { namespace: application.slice(0, slash), name: application.slice(slash + 1) };
  return { application: ref, reason, at, event, correlation: randomUUID() };
}

/** What does not parse is as good as lost. */
function parseFeed(text: string): FeedState {
  try {
    return { ...EMPTY_FEED, ...(JSON.parse(text) as Partial<FeedState>) }; // written by save() below; missing parts are empty
  } catch {
    return EMPTY_FEED;
  }
}

/** The kinds that have a position: one that gets its first must keep it, or what happens until the next save is not seen. */
function begun({ kinds }: FeedState): string {
  const entries = Object.entries(kinds).map(([kind, position]) => `${kind} ${position !== ''}`);
  return entries.sort().join();
}

async function save(
  before: FeedState,
  after: FeedState,
  resourceVersion: string | undefined,
  ports: SweepPorts,
  now: number,
): Promise<void> {
  const sameApplications = JSON.stringify(before.applications) === JSON.stringify(after.applications);
  const sameKinds = begun(before) === begun(after);
  if (sameApplications && sameKinds && now - before.savedAt < SAVE_SECONDS && before.resourceVersion !== '') return;
  try {
    await ports.checkpoints.write(ports.settings.checkpoint, JSON.stringify({ ...after, savedAt: now }), resourceVersion);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    ports.log.info('checkpoint moved', { checkpoint: ports.settings.checkpoint });
  }
}
