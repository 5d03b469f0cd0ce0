// readLive: what the cluster has of an Application, in as few requests as there are kinds.

import { isTrackedBy } from '../compare/tracking.ts';
import type { Application } from '../model/application.ts';
import { NotPermitted } from '../model/errors.ts';
import { groupVersionOf, keyOf, keyOfRow, keyText, type LiveObject } from '../model/manifest.ts';
import { type Tracking, trackingSelector } from '../model/tracking.ts';
import type { Cluster, ObjectRef, ResourceType } from '../ports.ts';
import { inParallel } from '../sync/parallel.ts';

/** Above this many objects of a kind in a namespace, ours are read one by one instead, unless they are a good part of them. */
const LIST_LIMIT = 500;
const GOOD_PART = 4;

/** How many objects are read at the same time. */
const AT_ONCE = 16;

/** The Application whose objects are found beside those that are named. */
export interface Owner {
  readonly instance: string;
  readonly tracking: Tracking;
}

/**
 * Reads `wanted` by key, each in its version. Several objects of a kind in one namespace are one list, which also shows objects of this
 * Application that are in no inventory; where a label tracks, a list by that label shows them for a single object and for very many too.
 * Kinds that are not served are left out. Returns live objects by `keyText`.
 */
export async function readLive(cluster: Cluster, wanted: readonly ObjectRef[], owner: Owner): Promise<ReadonlyMap<string, LiveObject>> {
  const groups = Map.groupBy(wanted, (ref) => `${ref.group}/${ref.version}/${ref.kind}/${ref.namespace}`);
  const found = (await Promise.all([...groups.values()].map((refs) => readGroup(cluster, refs, owner)))).flat();
  // Lists of a kind in two versions may show an object twice: the version that was asked for counts.
  const versions = new Map(wanted.map((ref) => [keyText(ref), ref.version]));
  const isAsWanted = (live: LiveObject) => versions.get(keyText(keyOf(live))) === groupVersionOf(live.apiVersion).version;
  const inOrder = [...found.filter((live) => !isAsWanted(live)), ...found.filter(isAsWanted)];
  return new Map(inOrder.map((live) => [keyText(keyOf(live)), live]));
}

/** A right given inside a namespace goes with it: what cannot be read in a namespace that is going, or gone, is gone too. */
async function readGroup(cluster: Cluster, refs: readonly ObjectRef[], owner: Owner): Promise<readonly LiveObject[]> {
  try {
    return await readKind(cluster, refs, owner);
  } catch (error) {
    const namespace = refs[0]?.namespace;
    if (!(error instanceof NotPermitted) || !namespace) throw error;
    const live = await cluster.get({ group: '', version: 'v1', kind: 'Namespace', namespace: '', name: namespace });
    if (live && !live.metadata.deletionTimestamp) throw error;
    return [];
  }
}

async function readKind(cluster: Cluster, refs: readonly ObjectRef[], owner: Owner): Promise<readonly LiveObject[]> {
  const [first] = refs;
  const type = first && ((await cluster.resourceType(first)) ?? (await cluster.preferredType(first.group, first.kind)));
  if (!type) return [];
  const namespace = type.namespaced ? { namespace: first.namespace } : {};
  const listed =
    refs.length > 1 ? await cluster.list(type, { ...namespace, limit: Math.max(LIST_LIMIT, refs.length * GOOD_PART) }) : undefined;
  const ours = (objects: readonly LiveObject[]) => {
    const names = new Set(refs.map((ref) => ref.name));
    return objects.filter((live) => names.has(live.metadata.name ?? '') || isTrackedBy(live, owner.instance, owner.tracking));
  };
  if (listed?.complete) return ours(listed.items);
  const labelSelector = trackingSelector(owner.instance, owner.tracking);
  const labelled = labelSelector === undefined ? [] : ours((await cluster.list(type, { ...namespace, labelSelector })).items);
  const found = new Set(labelled.map((live) => live.metadata.name));
  const others = refs.filter((ref) => !found.has(ref.name));
  return [...labelled, ...(await readEach(cluster, others, type))];
}

async function readEach(cluster: Cluster, refs: readonly ObjectRef[], type: ResourceType): Promise<readonly LiveObject[]> {
  const found: LiveObject[] = [];
  await inParallel(refs, AT_ONCE, async (ref) => {
    const live = await cluster.get({ ...ref, version: type.version });
    if (live) found.push(live);
  });
  return found;
}

/** What the Application's status says it has. */
export function inventoryOf(application: Application): readonly ObjectRef[] {
  return (application.status?.resources ?? []).map((row) => ({ ...keyOfRow(row), version: row.version }));
}
