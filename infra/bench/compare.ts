// A comparison in memory of very many live objects, beside a dry run of each on the same API server in the same run.
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { compare, judgeInMemory, suspects } from '../../lib/compare/compare.ts';
import { pairObjects } from '../../lib/compare/pair.ts';
import { ignoreRules } from '../../lib/compare/system-rules.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { gvkOf, keyOf, type LiveObject, type Manifest } from '../../lib/model/manifest.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { kustomizeBuilds, timed, writeSample } from './alone.ts';
import { inParallel } from './fleet.ts';
import { type CompareFigure, compareFigure } from './report.ts';
import { applicationNames, KINDS } from './sample.ts';
import type { Stage } from './stage.ts';
import { percentile } from './statistics.ts';

/** Applications of the sample. */
const SIZE = 250;
const ROUNDS = 20;
const DRY_RUNS_AT_ONCE = 16;
/** Bytes between two samples of what is allocated. */
const SAMPLING_INTERVAL = 1024;

const RULES = {
  application: 'argocd/bench',
  instanceName: 'bench',
  syncOptions: [],
  ignoreDifferences: ignoreRules(DEFAULT_RESOURCE_SETTINGS),
};

/** One namespace with the objects of 250 Applications, as live as the API server has them. */
export async function measureCompare({ host, controlPlane, cluster, say }: Stage): Promise<CompareFigure> {
  say(`comparisons of ${SIZE * KINDS.length} objects`);
  const dir = join(host.dir, 'bench', 'compare');
  const names = applicationNames('compare', SIZE);
  await writeSample(dir, names);
  const namespace = 'compare';
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const texts = await kustomizeBuilds(controlPlane.programs.kustomize, dir, names);
  const desired = texts
    .flatMap((text) => parseManifests(text, 'kustomize build'))
    .map((manifest): Manifest => ({ ...manifest, metadata: { ...manifest.metadata, namespace } }));
  const live: LiveObject[] = [];
  await inParallel(desired, DRY_RUNS_AT_ONCE, (manifest) => cluster.apply(manifest));
  await inParallel(desired, DRY_RUNS_AT_ONCE, async (manifest) => {
    const object = await cluster.get({ ...keyOf(manifest), ...gvkOf(manifest) });
    if (object) live.push(object);
  });
  const work = () => inMemory(desired, live);
  const memory: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) memory.push(await timed(work));
  const allocated = await allocatedBy(work);
  const dryRuns = await timed(() => inParallel(desired, DRY_RUNS_AT_ONCE, (manifest) => cluster.apply(manifest, { dryRun: true })));
  return compareFigure(desired.length, KINDS.length, percentile(memory, 0.5), allocated, dryRuns);
}

/** Throws Unavailable when anything differs: then something else than a comparison of equals was measured. */
async function inMemory(desired: readonly Manifest[], live: readonly LiveObject[]): Promise<void> {
  const pairs = pairObjects(desired, live);
  const memory = judgeInMemory(pairs, RULES);
  const doubted = suspects(pairs, RULES, memory).length;
  const { status } = compare(pairs, new Map(), RULES, memory);
  if (doubted > 0 || status !== 'Synced') throw new Unavailable(`${doubted} objects of the comparison are doubted, it is ${status}`);
}

/** Bytes, those that were collected since among them, by V8's sampling. */
async function allocatedBy(work: () => Promise<void>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
    await session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLING_INTERVAL, ...collected });
    await work();
    const { profile } = await session.post('HeapProfiler.stopSampling');
    return selfSizes(profile.head);
  } finally {
    session.disconnect();
  }
}

interface AllocationNode {
  readonly selfSize: number;
  readonly children: readonly AllocationNode[];
}

function selfSizes({ selfSize, children }: AllocationNode): number {
  return children.reduce((sum, child) => sum + selfSizes(child), selfSize);
}
