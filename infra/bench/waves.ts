// New Applications whose syncs have a PreSync Job and three waves: how long until each has Succeeded, and what that costs in requests.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../lib/model/errors.ts';
import { isRecord, type Manifest } from '../../lib/model/manifest.ts';
import { inParallel } from './fleet.ts';
import { applicationManifest, applicationNames, type Files, OBJECTS_IN_WAVES, waveFiles } from './sample.ts';
import type { Landing } from './sightings.ts';
import { type Counted, counted, invoke, quiet, type Stage } from './stage.ts';
import { openWorkspace } from './workspace.ts';

export interface Waves {
  /** When each had Succeeded, in milliseconds since the first was created. */
  readonly landing: Landing;
  /** Of as many others. */
  readonly counted: Counted;
  /** Objects that each of both fleets has, hooks among them. */
  readonly objects: number;
}

const AT_ONCE = 16;
const POLL_MS = 100;
const LIMIT_MS = 180_000;

export async function measureWaves(stage: Stage, size: number): Promise<Waves> {
  stage.say(`syncs of ${size} in three waves with a PreSync Job`);
  const landing = await synced(stage, 'waves', size);
  const none = async () => undefined;
  const requests = await counted(stage, none, () => synced(stage, 'waves-counted', size));
  return { landing, counted: requests, objects: size * OBJECTS_IN_WAVES };
}

async function synced(stage: Stage, name: string, size: number): Promise<Landing> {
  const { host, cluster } = stage;
  const names = applicationNames(name, size);
  const workspace = await openWorkspace(join(host.dir, 'bench', name), `${host.gitUrl}/${name}.git`);
  const files: Files = Object.assign({}, ...names.map((one) => waveFiles(one)));
  await workspace.push(files);
  await host.told();
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  const startedAt = performance.now();
  await inParallel(names, AT_ONCE, (one) => cluster.apply(applicationManifest(one, workspace.url, host.namespace, name)));
  await invoke(stage, 'sweep', {});
  const landed = await succeeded(stage, new Set(names));
  await quiet(stage);
  return landed.map((time) => time - startedAt);
}

async function succeeded({ cluster, host }: Stage, missing: Set<string>): Promise<Landing> {
  const kind = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' };
  const landed: number[] = [];
  for (const end = performance.now() + LIMIT_MS; missing.size > 0; await sleep(POLL_MS)) {
    if (performance.now() > end) throw new Unavailable(`${missing.size} Applications have not Succeeded, first ${[...missing][0]}`);
    const { items } = await cluster.list(kind, { namespace: host.namespace });
    const done = items.filter((object) => missing.has(object.metadata.name ?? '') && phaseOf(object) === 'Succeeded');
    for (const { metadata } of done) missing.delete(metadata.name ?? '');
    landed.push(...done.map(() => performance.now()));
  }
  return landed;
}

function phaseOf({ status }: Manifest): unknown {
  const state = isRecord(status) ? status['operationState'] : undefined;
  return isRecord(state) ? state['phase'] : undefined;
}
