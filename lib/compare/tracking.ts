// Whose object a live object is, by the marks that it carries (spec/diff.md §2).
import { TRACKING_ID } from '../model/annotations.ts';
import type { ApplicationCondition } from '../model/application.ts';
import { annotationOf, isRecord, keyOf, type LiveObject, type Manifest } from '../model/manifest.ts';
import { hasOwner, instanceOf, type Tracking, trackingIdOf } from '../model/tracking.ts';
import type { Kind } from './schema.ts';

/** Whether an object that Git does not name is this Application's: it says so itself, and nothing else owns it. */
export function isTrackedBy(live: LiveObject, instance: string, tracking: Tracking): boolean {
  return instanceOf(live, tracking) === instance && !hasOwner(live);
}

/** Those of the objects that are this Application's; a claim that a StatefulSet among them made for its pods is the StatefulSet's. */
export function trackedAmong(objects: readonly LiveObject[], instance: string, tracking: Tracking): readonly LiveObject[] {
  const claims = objects.filter(isStatefulSet).flatMap(claimPrefixes);
  const isMade = (live: LiveObject) => isClaim(live) && claims.some((claim) => claim.covers(live));
  return objects.filter((live) => isTrackedBy(live, instance, tracking) && !isMade(live));
}

function isStatefulSet({ apiVersion, kind }: LiveObject): boolean {
  return kind === 'StatefulSet' && apiVersion.startsWith('apps/');
}

function isClaim({ apiVersion, kind }: LiveObject): boolean {
  return kind === 'PersistentVolumeClaim' && apiVersion === 'v1';
}

/** Claims are called `<template>-<StatefulSet>-<number>`, and have no owner unless the StatefulSet asks for it. */
function claimPrefixes({ metadata, spec }: LiveObject): readonly { readonly covers: (claim: LiveObject) => boolean }[] {
  const templates = isRecord(spec) && Array.isArray(spec['volumeClaimTemplates']) ? spec['volumeClaimTemplates'] : [];
  return templates.filter(isRecord).map((template) => {
    const name = isRecord(template['metadata']) ? template['metadata']['name'] : undefined;
    const prefix = `${name}-${metadata.name}-`;
    return { covers: (claim) => claim.metadata.namespace === metadata.namespace && claim.metadata.name?.startsWith(prefix) === true };
  });
}

/**
 * Whether the tracking annotation describes the object that carries it. A copy that a controller made carries that of its original,
 * and is neither compared nor pruned. Cluster-scoped objects carry the destination's namespace. Without an annotation, or where a label
 * tracks: yes.
 */
export function isSelfReferenced(live: LiveObject, tracking: Tracking): boolean {
  const key = keyOf(live);
  const told = trackingIdOf(live, tracking)?.key;
  if (!told) return true;
  return (
    told.group === key.group &&
    told.kind === key.kind &&
    told.name === key.name &&
    (key.namespace === '' || told.namespace === key.namespace)
  );
}

/** Whether an object was taken over from tracking by label, so that `migrated` hides the marks that it lacks. */
export function isMigrating(target: Manifest, live: LiveObject, kind: Kind, tracking: Tracking): boolean {
  return (
    hidesLabel(live, kind, tracking) && annotationOf(live, TRACKING_ID) === undefined && annotationOf(target, TRACKING_ID) !== undefined
  );
}

/**
 * Live, with the marks of tracking by label read as those by annotation: changing the method is no difference of any object. An annotation
 * that says something else stays one.
 */
export function migrated(target: Manifest, live: LiveObject, kind: Kind, tracking: Tracking): LiveObject {
  if (!hidesLabel(live, kind, tracking)) return live;
  const { labelKey } = tracking;
  const { [labelKey]: label, ...labels } = live.metadata.labels ?? {};
  const kept = target.metadata.labels?.[labelKey] === undefined ? labels : { ...labels, [labelKey]: label ?? '' };
  const id = annotationOf(live, TRACKING_ID) ?? annotationOf(target, TRACKING_ID);
  const annotations = id === undefined ? live.metadata.annotations : { ...live.metadata.annotations, [TRACKING_ID]: id };
  const { labels: _labels, annotations: _annotations, ...metadata } = live.metadata;
  return {
    ...live,
    metadata: { ...metadata, ...(Object.keys(kept).length > 0 ? { labels: kept } : {}), ...(annotations ? { annotations } : {}) },
  };
}

function hidesLabel(live: LiveObject, { group, kind }: Kind, { method, labelKey }: Tracking): boolean {
  if (method === 'label' || method === 'none' || (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition')) return false;
  return Boolean(live.metadata.labels?.[labelKey]);
}

/** A warning for each object of Git that says it belongs to another Application; `application` is `<namespace>/<name>`. */
export function sharedWarnings(
  objects: readonly LiveObject[],
  { application, instance }: { readonly application: string; readonly instance: string },
  tracking: Tracking,
): readonly ApplicationCondition[] {
  return objects.flatMap((live) => {
    const other = instanceOf(live, tracking);
    if (other === undefined || other === instance) return [];
    const message = `${live.kind}/${live.metadata.name} is part of applications ${application} and ${other.replaceAll('_', '/')}`;
    return [{ type: 'SharedResourceWarning' as const, message }];
  });
}
