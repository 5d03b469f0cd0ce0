// Whose object a live object is, by its tracking annotation (spec/diff.md §2).
import { TRACKING_ID } from '../model/annotations.ts';
import { annotationOf, keyOf, type LiveObject, type ResourceKey } from '../model/manifest.ts';

interface Tracking {
  readonly instance: string;
  readonly key: ResourceKey;
}

/** `<instance>:<group>/<kind>:<namespace>/<name>`; names may hold colons. Undefined when it is not of that form. */
function trackingOf(live: LiveObject): Tracking | undefined {
  const match = /^([^:]*):([^:/]*)\/([^:/]*):([^/]*)\/([^/]*)$/.exec(annotationOf(live, TRACKING_ID) ?? '');
  if (!match) return undefined;
  const [, instance = '', group = '', kind = '', namespace = '', name = ''] = match;
  return { instance, key: { group, kind, namespace, name } };
}

/** Whether an object that Git does not name is this Application's: it says so itself, and nothing else owns it. */
export function isTrackedBy(live: LiveObject, instance: string): boolean {
  return trackingOf(live)?.instance === instance && (live.metadata.ownerReferences ?? []).length === 0;
}

/**
 * Whether the tracking annotation describes the object that carries it. A copy that a controller made carries that of its original,
 * and is neither compared nor pruned. Cluster-scoped objects carry the destination's namespace. Without an annotation: yes.
 */
export function isSelfReferenced(live: LiveObject): boolean {
  const key = keyOf(live);
  const told = trackingOf(live)?.key;
  if (!told) return true;
  return (
    told.group === key.group &&
    told.kind === key.kind &&
    told.name === key.name &&
    (key.namespace === '' || told.namespace === key.namespace)
  );
}
