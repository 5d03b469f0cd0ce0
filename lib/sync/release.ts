// released: hooks are let go by taking their finalizer off, so that what deletes them can (spec/sync.md §2).
import { Conflict, Unprocessable } from '../model/errors.ts';
import { isHeld, releasePatch } from '../model/hook.ts';
import { type LiveObject, type Propagation, refOf } from '../model/manifest.ts';
import type { Cluster } from '../ports.ts';

/** Others may change finalizers in between; then the object is read and asked for anew. */
const TRIES = 3;

/**
 * Takes the finalizer of hooks off a live object that has it: one request, or none. Returns what is there of this incarnation then.
 * Throws what the API server answers.
 */
export async function released(cluster: Cluster, live: LiveObject): Promise<LiveObject | undefined> {
  let current: LiveObject | undefined = live;
  for (let tries = 1; current && isHeld(current); tries += 1) current = await tried(cluster, current, tries >= TRIES);
  return current && isGone(current) ? undefined : current;
}

/** The object after one try, or as somebody else has changed it meanwhile; undefined when this incarnation is gone. */
async function tried(cluster: Cluster, live: LiveObject, isLast: boolean): Promise<LiveObject | undefined> {
  try {
    return await cluster.patch(refOf(live), releasePatch(live));
  } catch (error) {
    if (isLast || !(error instanceof Conflict || error instanceof Unprocessable)) throw error;
    const fresh = await cluster.get(refOf(live));
    return fresh?.metadata.uid === live.metadata.uid ? fresh : undefined;
  }
}

/** Deletes this very incarnation, released where it is held, unless it is on its way already. Throws what the API server answers. */
export async function deleted(cluster: Cluster, live: LiveObject, propagation: Propagation): Promise<void> {
  const free = await released(cluster, live);
  if (!free || free.metadata.deletionTimestamp) return;
  const { uid } = live.metadata;
  await cluster.delete(refOf(live), { propagation, ...(uid ? { uid } : {}) });
}

function isGone({ metadata }: LiveObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
}
