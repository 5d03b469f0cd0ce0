// What the parts alone take for the same work: kustomize builds, server-side apply over our own client, kubectl apply --server-side.
import { join } from 'node:path';
import type { Manifest } from '../../lib/model/manifest.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { kustomizeBuilds, timed, writeSample } from './alone.ts';
import { inParallel } from './fleet.ts';
import type { Limits } from './report.ts';
import { applicationNames, BASE_VERSION } from './sample.ts';
import type { Stage } from './stage.ts';
import { percentile } from './statistics.ts';

/** Each for one Application and for all, in milliseconds; medians. */
export interface LimitFigures {
  readonly created: Scale;
  readonly changed: Scale;
  readonly unchanged: Scale;
}

export interface Scale {
  readonly one: Limits;
  readonly all: Limits;
}

/** Requests at a time; the better of the two counts. */
const AT_ONCE = [16, 32];

/** Measures in namespaces of its own, one for each round. */
export async function measureLimits(stage: Stage, size: number, rounds: number): Promise<LimitFigures> {
  stage.say('the parts alone');
  const names = applicationNames('limit', size);
  const dir = join(stage.host.dir, 'bench', 'limits');
  await writeSample(dir, names);
  const builds = (some: readonly string[]) => kustomizeBuilds(stage.controlPlane.programs.kustomize, dir, some);
  const first = names.slice(0, 1);
  await builds(first);
  const one = await times(rounds * 3, () => timed(() => builds(first)));
  const all = await times(rounds, () => timed(() => builds(names)));
  const rendered = (await builds(names)).flatMap((text) => parseManifests(text, 'kustomize build'));
  const each = rendered.length / size;
  const kustomize = { one: percentile(one, 0.5), all: percentile(all, 0.5) };
  const sizes = { one: rendered.slice(0, each), all: rendered };
  const applied = { one: await applyRounds(stage, sizes.one, rounds * 3, 'one'), all: await applyRounds(stage, sizes.all, rounds, 'all') };
  const scale = (state: keyof Applied) => ({
    one: { kustomize: kustomize.one, ...applied.one[state] },
    all: { kustomize: kustomize.all, ...applied.all[state] },
  });
  return { created: scale('created'), changed: scale('changed'), unchanged: scale('unchanged') };
}

type Applied = { readonly [State in keyof LimitFigures]: Pick<Limits, 'rawApply' | 'kubectlApply'> };

/** Creates, changes and repeats the objects with each way of applying. */
async function applyRounds(stage: Stage, manifests: readonly Manifest[], rounds: number, name: string): Promise<Applied> {
  const raws: Measured[] = [];
  for (const atOnce of AT_ONCE) {
    const raw = (all: readonly Manifest[]) => inParallel(all, atOnce, (manifest) => stage.cluster.apply(manifest));
    raws.push(await measured(stage, manifests, rounds, `${name}-raw-${atOnce}`, raw));
  }
  const kubectl = (all: readonly Manifest[]) => stage.host.kubectl(['apply', '--server-side', '-f', '-'], { input: list(all) });
  const kubectls = await measured(stage, manifests, rounds, `${name}-kubectl`, kubectl);
  const figures = (state: keyof Measured) => ({ rawApply: Math.min(...raws.map((raw) => raw[state])), kubectlApply: kubectls[state] });
  return { created: figures('created'), changed: figures('changed'), unchanged: figures('unchanged') };
}

interface Measured {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
}

async function measured(
  { cluster }: Stage,
  manifests: readonly Manifest[],
  rounds: number,
  name: string,
  apply: (manifests: readonly Manifest[]) => Promise<unknown>,
): Promise<Measured> {
  const created: number[] = [];
  const changed: number[] = [];
  const unchanged: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const namespace = `limits-${name}-${round}`;
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const version = (text: string) => manifests.map((manifest) => placed(manifest, namespace, text));
    created.push(await timed(() => apply(version('v1'))));
    changed.push(await timed(() => apply(version('v2'))));
    unchanged.push(await timed(() => apply(version('v2'))));
  }
  return { created: percentile(created, 0.5), changed: percentile(changed, 0.5), unchanged: percentile(unchanged, 0.5) };
}

function placed(manifest: Manifest, namespace: string, version: string): Manifest {
  const annotations = { ...manifest.metadata.annotations, [BASE_VERSION]: version };
  return { ...manifest, metadata: { ...manifest.metadata, namespace, annotations } };
}

function list(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

async function times(count: number, work: () => Promise<number>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let left = count; left > 0; left -= 1) taken.push(await work());
  return taken;
}
