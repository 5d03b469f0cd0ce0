// applyManifest: one object is sent, after what earlier clients own of it has become ours (spec/sync.md §4.2).
import { withPlainData } from '../compare/normalize.ts';
import { Conflict } from '../model/errors.ts';
import type { TakeOver } from '../model/managed-fields.ts';
import { groupVersionOf, keyOf, type LiveObject, type Manifest } from '../model/manifest.ts';
import { takeOverPatch } from '../model/take-over.ts';
import type { Cluster } from '../ports.ts';

/** Others may write in between; then the object is read and taken over anew. */
const TAKE_OVERS = 3;

/**
 * Server-side apply. Fields of earlier clients on `live` change hands first, so that what Git no longer names
 * goes with this apply; it costs one more request, once in the life of an object. A Secret's `stringData` is sent as `data`: the API
 * server remembers ownership of `stringData`, and would keep a key that Git drops.
 */
export async function applyManifest(
  cluster: Cluster,
  manifest: Manifest,
  live: LiveObject | undefined,
  rules: TakeOver,
): Promise<LiveObject> {
  await takeOver(cluster, live, rules);
  return cluster.apply(asSent(manifest));
}

/** The manifest in the form in which the API server is to remember it. */
export function asSent(manifest: Manifest): Manifest {
  return manifest.kind === 'Secret' && manifest.apiVersion === 'v1' ? withPlainData(manifest) : manifest;
}

async function takeOver(cluster: Cluster, live: LiveObject | undefined, rules: TakeOver): Promise<void> {
  let current = live;
  for (let tries = 1; current; tries += 1) {
    const patch = takeOverPatch(current, rules);
    if (!patch) return;
    const ref = { ...keyOf(current), version: groupVersionOf(current.apiVersion).version };
    try {
      await cluster.patch(ref, patch);
      return;
    } catch (error) {
      if (!(error instanceof Conflict) || tries >= TAKE_OVERS) throw error;
      current = await cluster.get(ref);
    }
  }
}
