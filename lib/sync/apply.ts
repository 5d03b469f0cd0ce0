// sendManifest: one object is applied, after what earlier clients own of it has become ours, or replaced whole (spec/sync.md §4.2).
import { withPlainData } from '../compare/normalize.ts';
import { HOOK_FINALIZER } from '../model/annotations.ts';
import { Conflict, InvalidInput, messageOf, NotPermitted } from '../model/errors.ts';
import type { TakeOver } from '../model/managed-fields.ts';
import { type LiveObject, type Manifest, refOf } from '../model/manifest.ts';
import { replacedPatch, takeOverPatch } from '../model/take-over.ts';
import type { Cluster, SendOptions } from '../ports.ts';

/** Others may write in between; then the object is read and taken over, or replaced, anew. */
const TRIES = 3;

export interface Sending extends SendOptions {
  /** An object that is there is replaced whole. */
  readonly replace: boolean;
  /** Whose fields become ours. */
  readonly takeOver: TakeOver;
}

/**
 * Server-side apply. Fields of earlier clients on `live` change hands first, so that what Git no longer names
 * goes with this apply; it costs one more request, once in the life of an object. What is replaced is applied after that: so the API server
 * knows which fields are Git's, and the next comparison and a later apply do. A Secret's `stringData` is sent as `data`: the API
 * server remembers ownership of `stringData`, and would keep a key that Git drops.
 */
export async function sendManifest(
  cluster: Cluster,
  manifest: Manifest,
  live: LiveObject | undefined,
  { replace, takeOver, ...options }: Sending,
): Promise<LiveObject> {
  const sent = asSent(manifest);
  if (options.dryRun) return replace && live ? cluster.replace(inPlaceOf(live, sent), options) : cluster.apply(sent, options);
  if (replace) await replaced(cluster, sent, live, options);
  else await withLive(cluster, live, (current) => patched(cluster, current, takeOverPatch(current, takeOver)));
  return cluster.apply(sent, options);
}

/** The manifest in the form in which the API server is to remember it. */
export function asSent(manifest: Manifest): Manifest {
  return manifest.kind === 'Secret' && manifest.apiVersion === 'v1' ? withPlainData(manifest) : manifest;
}

/** Why the API server would not create the object were it not there; undefined when it would. Throws Unavailable when it cannot be asked. */
export async function creationRefusal(cluster: Cluster, manifest: Manifest, options: SendOptions): Promise<string | undefined> {
  try {
    await cluster.create(asSent(manifest), { ...options, dryRun: true });
    return undefined;
  } catch (error) {
    // The one that is there is looked for last: nothing else was wrong.
    if (error instanceof Conflict) return undefined;
    if (error instanceof InvalidInput || error instanceof NotPermitted) return messageOf(error);
    throw error;
  }
}

async function replaced(cluster: Cluster, manifest: Manifest, live: LiveObject | undefined, options: SendOptions): Promise<void> {
  let current: LiveObject | undefined;
  await withLive(cluster, live, async (before) => {
    current = await cluster.replace(inPlaceOf(before, manifest), options);
  });
  await withLive(cluster, current, (after) => patched(cluster, after, replacedPatch(after)));
}

/**
 * Finalizers are promises of controllers, which Git seldom names (that of hooks is ours): without them an object would go before its time.
 * So is status, which kinds without a subresource for it would lose.
 */
function inPlaceOf(live: LiveObject, manifest: Manifest): Manifest {
  const { resourceVersion } = live.metadata;
  const finalizers = finalizersInPlace(live, manifest);
  const metadata = { ...manifest.metadata, ...(finalizers && { finalizers }), ...(resourceVersion && { resourceVersion }) };
  const { status } = live;
  return { ...(status === undefined ? {} : { status }), ...manifest, metadata };
}

function finalizersInPlace({ metadata: { finalizers: there } }: LiveObject, { metadata: { finalizers: sent } }: Manifest) {
  const names = sent?.some((name) => name !== HOOK_FINALIZER) ?? false;
  return names || !there ? sent : [...new Set([...there, ...(sent ?? [])])];
}

async function patched(cluster: Cluster, live: LiveObject, patch: readonly unknown[] | undefined): Promise<void> {
  if (patch) await cluster.patch(refOf(live), patch);
}

/** Acts upon a live object as it is now; nothing is done when it is gone. */
async function withLive(cluster: Cluster, live: LiveObject | undefined, act: (current: LiveObject) => Promise<void>): Promise<void> {
  let current = live;
  for (let tries = 1; current; tries += 1) {
    try {
      await act(current);
      return;
    } catch (error) {
      if (!(error instanceof Conflict) || tries >= TRIES) throw error;
      current = await cluster.get(refOf(current));
    }
  }
}
