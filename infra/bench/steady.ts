// The second half of the bench: what it costs when nothing has changed, and to put back what somebody else changed.
import { availableParallelism } from 'node:os';
import type { Manifest } from '../../lib/model/manifest.ts';
import { changeAll, type Fleet, inParallel } from './fleet.ts';
import { BASE_VERSION } from './sample.ts';
import { type Counted, counted, invoke, queueEvent, quiet, resyncRequest, type Stage } from './stage.ts';

export interface Steady {
  /** One reconcile, in milliseconds. */
  readonly reconciles: readonly number[];
  readonly reconcile: Counted;
  /** A tick of the sweep that finds nothing. */
  readonly sweeps: readonly number[];
  readonly sweep: Counted;
  /** All Applications looked at again, through the queue. */
  readonly resyncs: readonly number[];
  readonly resync: Counted;
}

export async function measureSteady(
  stage: Stage,
  fleet: Fleet,
  times: { readonly reconciles: number; readonly sweeps: number; readonly resyncs: number },
): Promise<Steady> {
  stage.say('nothing has changed: reconciles, sweeps, all of them again');
  const reconcile = () => reconcileOne(stage, fleet);
  const sweep = () => invoke(stage, 'sweep', {});
  const resync = () => resyncAll(stage, fleet);
  await sweep();
  await warmAll(stage, fleet);
  return {
    reconciles: await repeat(times.reconciles, reconcile),
    sweeps: await repeat(times.sweeps, sweep),
    resyncs: await repeat(times.resyncs, resync),
    reconcile: await counted(stage, reconcile, reconcile),
    sweep: await counted(stage, sweep, sweep),
    resync: await counted(stage, () => warmAll(stage, fleet), resync),
  };
}

function reconcileOne(stage: Stage, fleet: Fleet): Promise<number> {
  return invoke(stage, 'reconcile', queueEvent(resyncRequest(stage, fleet.names[0] ?? '')));
}

/** Enqueues all of them, as a resync does, and waits until they have been looked at. */
async function resyncAll(stage: Stage, fleet: Fleet): Promise<number> {
  const startedAt = performance.now();
  const events = fleet.names.map((name) => queueEvent(resyncRequest(stage, name)));
  await invoke(stage, 'later', { Records: events.flatMap(({ Records }) => Records) });
  await quiet(stage);
  return performance.now() - startedAt;
}

/** Each worker has a cache of its own, and which one gets a message is chance: as many at once as there are workers reach them all. */
async function warmAll(stage: Stage, fleet: Fleet): Promise<void> {
  const Records = fleet.names.flatMap((name) => queueEvent(resyncRequest(stage, name)).Records);
  await Promise.all(Array.from({ length: availableParallelism() }, () => invoke(stage, 'reconcile', { Records })));
}

/** Changes an annotation of every object behind our back. Milliseconds from the tick that finds it until all are put back. */
export async function measureDrift(stage: Stage, fleet: Fleet): Promise<number> {
  stage.say(`drift of all ${fleet.names.length}`);
  await changeAll(stage, fleet);
  await invoke(stage, 'sweep', {});
  await quiet(stage);
  const drifted = stage.sightings.landed(fleet.names, BASE_VERSION, DRIFT);
  await inParallel(await objectsOf(stage, fleet), 16, ({ apiVersion, kind, metadata }) => {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    const { name = '', namespace = '' } = metadata;
    return stage.cluster.patch({ group, version, kind, namespace, name }, { metadata: { annotations: { [BASE_VERSION]: DRIFT } } });
  });
  await drifted;
  const startedAt = performance.now();
  const healed = stage.sightings.landed(fleet.names, BASE_VERSION, `v${fleet.version}`);
  healed.catch(() => undefined);
  await invoke(stage, 'sweep', {});
  const end = (await healed).at(-1) ?? Number.NaN;
  await quiet(stage);
  return end - startedAt;
}

const DRIFT = 'drift';

async function objectsOf({ cluster }: Stage, { namespace }: Fleet): Promise<readonly Manifest[]> {
  const kinds = [
    { group: '', version: 'v1', kind: 'ServiceAccount' },
    { group: '', version: 'v1', kind: 'Service' },
    { group: 'apps', version: 'v1', kind: 'Deployment' },
    { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress' },
  ];
  const lists = await Promise.all(kinds.map((kind) => cluster.list(kind, { namespace })));
  return lists.flatMap(({ items }) => items).filter(({ metadata }) => metadata.annotations?.[BASE_VERSION] !== undefined);
}

async function repeat(times: number, work: () => Promise<number>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let left = times; left > 0; left -= 1) taken.push(await work());
  return taken;
}
