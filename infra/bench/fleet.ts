// A fleet: so many Applications that follow one repository, and the versions that their files are at.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '../../lib/model/manifest.ts';
import { applicationManifest, applicationNames, BASE_VERSION, baseFiles, type Files, OVERLAY_VERSION, overlayFiles } from './sample.ts';
import type { Landing } from './sightings.ts';
import { invoke, quiet, type Stage } from './stage.ts';
import { openWorkspace, type Pushed, type Workspace } from './workspace.ts';

export interface Fleet {
  readonly names: readonly string[];
  /** Where their objects are. */
  readonly namespace: string;
  readonly manifests: readonly Manifest[];
  readonly workspace: Workspace;
  /** The last version of base or overlay that was pushed. */
  version: number;
}

/** A push and when each Application was live, both in milliseconds since the push began. */
export interface Delivered {
  readonly pushed: Pushed;
  readonly landing: Landing;
}

const AT_ONCE = 16;

/** Pushes the repository of a fleet, before any Application follows it. */
export async function prepareFleet(stage: Stage, name: string, size: number): Promise<Fleet> {
  const { host, cluster } = stage;
  const names = applicationNames(name, size);
  const workspace = await openWorkspace(join(host.dir, 'bench', name), `${host.gitUrl}/${name}.git`);
  const overlays: Files = Object.assign({}, ...names.map((one) => overlayFiles(one, 1)));
  await workspace.push({ ...baseFiles(1), ...overlays });
  await host.told();
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const manifests = names.map((one) => applicationManifest(one, workspace.url, host.namespace, name));
  return { names, namespace: name, manifests, workspace, version: 1 };
}

/** Creates the Applications and lets the sweep find them. Answers when each was live, in milliseconds since the first was created. */
export async function rollOut(stage: Stage, fleet: Fleet): Promise<Landing> {
  const startedAt = performance.now();
  const landed = stage.sightings.landed(fleet.names, BASE_VERSION, 'v1');
  landed.catch(() => undefined);
  await inParallel(fleet.manifests, AT_ONCE, (manifest) => stage.cluster.apply(manifest));
  await invoke(stage, 'sweep', {});
  const landing = since(await landed, startedAt);
  await quiet(stage);
  return landing;
}

/** Takes the Applications away and leaves what they deployed. */
export async function retire(stage: Stage, fleet: Fleet): Promise<void> {
  const group = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', namespace: stage.host.namespace };
  await inParallel(fleet.names, AT_ONCE, (name) => stage.cluster.delete({ ...group, name }));
  await invoke(stage, 'sweep', {});
  await quiet(stage);
}

/** Changes the overlay of one Application. */
export function changeOne(stage: Stage, fleet: Fleet, name: string): Promise<Delivered> {
  fleet.version += 1;
  return deliver(stage, fleet, [name], overlayFiles(name, fleet.version), OVERLAY_VERSION);
}

/** Changes the base, and so all. */
export function changeAll(stage: Stage, fleet: Fleet): Promise<Delivered> {
  fleet.version += 1;
  return deliver(stage, fleet, fleet.names, baseFiles(fleet.version), BASE_VERSION);
}

/** Two syncs of one Application never begin in the same second: pushes come further apart, as people's do. */
const APART_MS = 1000;

async function deliver(stage: Stage, fleet: Fleet, names: readonly string[], files: Files, annotation: string): Promise<Delivered> {
  await sleep(APART_MS);
  const landed = stage.sightings.landed(names, annotation, `v${fleet.version}`);
  landed.catch(() => undefined);
  const pushed = await fleet.workspace.push(files);
  const landing = since(await landed, pushed.startedAt);
  await quiet(stage);
  return { pushed, landing };
}

function since(times: Landing, start: number): Landing {
  return times.map((time) => time - start);
}

/** At most so many at a time. */
export async function inParallel<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
