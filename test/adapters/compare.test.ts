// Tier 1 against the judge itself: a real API server, its server-side apply, and every sort of edit.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { compare, suspects } from '../../lib/compare/compare.ts';
import { differences, kindOf } from '../../lib/compare/differences.ts';
import { normalized } from '../../lib/compare/normalize.ts';
import { pairObjects } from '../../lib/compare/pair.ts';
import { ignoreRules } from '../../lib/compare/system-rules.ts';
import { LAST_APPLIED, TRACKING_ID } from '../../lib/model/annotations.ts';
import { InvalidInput } from '../../lib/model/errors.ts';
import { isHook } from '../../lib/model/hook.ts';
import { gvkOf, keyOf, type LiveObject, type Manifest, objectName } from '../../lib/model/manifest.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import { takeOverPatch } from '../../lib/model/take-over.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { type Edit, editOf } from '../support/edits.ts';
import { respelt } from '../support/respell.ts';
import { collectionPath, eventually, freshName, type World, world } from '../world/world.ts';

const RUNS = Number(process.env['EVENKEEL_COMPARE_RUNS'] ?? 400);
const OBJECTS = join(import.meta.dirname, '..', 'cases', 'kinds', 'objects.yaml');

let w: World;
let cluster: OpenCluster;
let targets: readonly Manifest[];

/** The objects of the file, in a namespace of their own and tracked; cluster-scoped ones under names of their own. */
async function prepared(): Promise<readonly Manifest[]> {
  const namespace = await w.freshNamespace('compare');
  const text = readFileSync(OBJECTS, 'utf8').replaceAll('name: checked', `name: ${namespace}`);
  const manifests = parseManifests(text, OBJECTS);
  return Promise.all(manifests.map((manifest) => placed(manifest, namespace)));
}

async function placed(manifest: Manifest, namespace: string): Promise<Manifest> {
  const type = await cluster.resourceType(gvkOf(manifest));
  const namespaced = type?.namespaced ?? true;
  const annotations = { ...manifest.metadata.annotations, [TRACKING_ID]: `compare:${namespace}/${manifest.metadata.name}` };
  const tracked = kindOf(manifest).kind === 'CustomResourceDefinition' ? {} : { annotations };
  return { ...manifest, metadata: { ...manifest.metadata, ...tracked, ...(namespaced && { namespace }) } };
}

async function liveOf(target: Manifest): Promise<LiveObject> {
  const live = await cluster.get({ ...keyOf(target), ...gvkOf(target) });
  if (!live) throw new Error(`${objectName(keyOf(target))} is gone`);
  return live;
}

/** What somebody else does to the live object; refused edits change nothing. */
async function intrude(target: Manifest, edit: Edit): Promise<void> {
  const live = await liveOf(target);
  const type = await cluster.resourceType(gvkOf(target));
  const edited = editOf(live, edit);
  if (!type || !edited) return;
  const path = `${collectionPath(target.apiVersion, type.plural, target.metadata.namespace)}/${target.metadata.name}?fieldManager=intruder`;
  await w.api.send(path, { method: 'PATCH', contentType: 'application/json-patch+json', body: edited.patch }).catch(() => undefined);
}

/** Puts the object back; what was added may be in the way, and then it is made anew. */
async function restore(target: Manifest): Promise<void> {
  try {
    await cluster.apply(target);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    await cluster.delete({ ...keyOf(target), ...gvkOf(target) });
    await eventually(() => cluster.apply(target));
  }
}

/** Whether applying the target would change the live object, by the API server's word; a refusal counts as a change. */
async function dryRunDiffers(target: Manifest, live: LiveObject): Promise<boolean | 'overtaken'> {
  try {
    const predicted = await cluster.apply(target, { dryRun: true });
    // A controller wrote in between: the two do not speak of one object.
    if (predicted.metadata.resourceVersion !== live.metadata.resourceVersion) return 'overtaken';
    const [after, before] = normalized(predicted, live, kindOf(target), RULES);
    return !isDeepStrictEqual(after, before);
  } catch (error) {
    if (error instanceof InvalidInput) return true;
    throw error;
  }
}

/** What no installation has to ask for: status does not count. */
const RULES = { ignoreDifferences: ignoreRules(DEFAULT_RESOURCE_SETTINGS) };

beforeAll(async () => {
  w = world();
  cluster = createCluster({ server: w.server, caPem: w.ca, token: async () => w.token });
  targets = await prepared();
  for (const target of targets) await eventually(() => cluster.apply(target));
});

afterAll(() => cluster.close());

const edit = fc.record({ field: fc.nat(10_000), change: fc.nat(1000) });

/** What is read back once the target has been applied by `kubectl apply` on the client's side. */
async function byKubectl(target: Manifest): Promise<LiveObject> {
  const run = spawnSync(w.kubectl, ['--kubeconfig', w.kubeconfigPath, 'apply', '-f', '-'], {
    input: JSON.stringify(target),
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return liveOf(target);
}

describe('an object that kubectl apply made', () => {
  it('becomes ours with its fields, so that what Git no longer names goes', async () => {
    const namespace = await w.freshNamespace('adopt');
    const web = targets.find(({ kind }) => kind === 'Deployment');
    const before: Manifest = { ...web, apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...web?.metadata, name: 'old', namespace } };
    const labels = { ...before.metadata.labels, legacy: 'yes' };
    const live = await byKubectl({ ...before, metadata: { ...before.metadata, labels } });
    expect(differences(before, live, RULES)).toContainEqual({ path: 'metadata.labels.legacy', reason: 'inherited' });

    // Controllers write too, and the patch holds only for what was read.
    await eventually(async () => cluster.patch({ ...keyOf(before), ...gvkOf(before) }, takeOverPatch(await liveOf(before)) ?? []));
    const applied = await cluster.apply(before);

    expect(applied.metadata.labels).toEqual({ app: 'web' });
    expect(applied.metadata.annotations).not.toHaveProperty([LAST_APPLIED]);
    expect(applied['spec']).toEqual(live['spec']);
    expect(differences(before, applied, RULES)).toEqual([]);
    expect(takeOverPatch(applied)).toBeUndefined();
  });
});

describe('the Bookstore', () => {
  it('asks for no dry run once it is settled', async () => {
    const name = freshName('bookstore');
    const overlay = join(import.meta.dirname, '..', '..', 'infra', 'kubernetes', 'examples', 'bookstore', 'overlays', 'dev');
    const built = spawnSync(w.kustomize, ['build', overlay], { encoding: 'utf8', maxBuffer: 1e8 });
    const rendered = parseManifests(built.stdout.replaceAll('bookstore-dev', name), overlay);
    const shop = await Promise.all(rendered.filter((manifest) => !isHook(manifest)).map((manifest) => placed(manifest, name)));
    const namespaces = shop.filter(({ kind }) => kind === 'Namespace');
    for (const target of [...namespaces, ...shop]) await eventually(() => cluster.apply(target));

    await eventually(async () => {
      const live = await Promise.all(shop.map(liveOf));
      const rules = { application: 'argocd/compare', instanceName: 'compare', syncOptions: [], ...RULES };
      const pairs = pairObjects(shop, live);
      expect(suspects(pairs, rules).map(({ key }) => objectName(key))).toEqual([]);
      expect(compare(pairs, new Map(), rules).health).toEqual({ status: 'Healthy' });
    }, 60_000);
  });
});

describe('a comparison in memory', () => {
  it('says same, without a dry run, of every kind that was just applied', async () => {
    const seen = await Promise.all(
      targets.map(async (target) => [objectName(keyOf(target)), differences(target, await liveOf(target), RULES)]),
    );
    expect(seen.filter(([, found]) => found?.length !== 0)).toEqual([]);
  });

  it(
    'never says same where a dry run says different, and doubts at most one of a hundred that are settled',
    async () => {
      const often = { freq: 2 };
      const scene = fc.record({
        object: fc.nat(1000),
        git: fc.option(edit, often),
        live: fc.option(edit, often),
        respelling: fc.option(fc.record({ way: fc.nat(10), choice: fc.nat(10_000) }), often),
      });
      const all: Judged[] = [];
      const settled: Judged[] = [];
      await fc.assert(
        fc.asyncProperty(scene, async (drawn) => {
          const judged = await judgedTwice(drawn);
          expect(isUnseen(judged), JSON.stringify(judged)).toBe(false);
          all.push(judged);
          if (judged.dryRun === false && !drawn.git) settled.push(judged);
        }),
        { numRuns: RUNS },
      );
      expect(all.filter(({ dryRun }) => dryRun === true).length).toBeGreaterThan(RUNS / 5);
      expect(settled.length).toBeGreaterThan(RUNS / 5);
      const doubted = settled.filter(({ found, alone }) => found.length + alone.length > 0);
      expect(doubted.length / settled.length, JSON.stringify(doubted)).toBeLessThanOrEqual(0.01);
    },
    RUNS * 300,
  );
});

interface Judged {
  readonly object: string;
  readonly target: Manifest;
  readonly found: ReturnType<typeof differences>;
  /** What is found where nobody will be asked (`ServerSideDiff=false`). */
  readonly alone: ReturnType<typeof differences>;
  readonly dryRun: boolean | 'overtaken';
}

/** A difference that tier 1 does not see, be it alone or not: the one thing that must never be. */
function isUnseen({ found, alone, dryRun }: Judged): boolean {
  return dryRun === true && (found.length === 0 || alone.length === 0);
}

interface Scene {
  readonly object: number;
  /** What is wanted otherwise than was applied. */
  readonly git: Edit | null;
  /** What somebody else does to the live object. */
  readonly live: Edit | null;
  /** How what was applied is written otherwise. */
  readonly respelling: { readonly way: number; readonly choice: number } | null;
}

/** What tier 1 and the dry run say of a scene. */
async function judgedTwice({ object, git, live: intrusion, respelling }: Scene): Promise<Judged> {
  const original = targets[object % targets.length] ?? { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} };
  const before = await liveOf(original);
  if (intrusion) await intrude(original, intrusion);
  const wanted = (git && editOf(original, git)?.result) ?? original;
  const target = (respelling && respelt(wanted, before, respelling.way, respelling.choice)) ?? wanted;
  const live = await liveOf(original);
  const judged = {
    object: objectName(keyOf(original)),
    target,
    found: differences(target, live, RULES),
    alone: differences(target, live, RULES, true),
    dryRun: await dryRunDiffers(target, live),
  };
  if (intrusion) await restore(original);
  return judged;
}
