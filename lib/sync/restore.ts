// Restoring what was pruned is a sync of its own: the same machine, with what was kept in the place of what Git has.
import { COMPARE_OPTIONS, SYNC_OPTIONS } from '../model/annotations.ts';
import type { Comparison, ResourceComparison } from '../model/comparison.ts';
import { annotationList, groupVersionOf, isRecord, keyOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';
import { type Operation, RESTORE } from '../model/operation.ts';
import { waveOf } from '../model/wave.ts';

/** The operation that restores all that is kept, or the `resources` alone. */
export function restoreOperation(asked: {
  readonly dryRun: boolean;
  readonly resources: NonNullable<Operation['sync']>['resources'];
}): Operation {
  return {
    info: [RESTORE],
    sync: {
      ...(asked.dryRun ? { dryRun: true } : {}),
      ...((asked.resources ?? []).length > 0 ? { resources: asked.resources } : {}),
      syncStrategy: { apply: {} },
    },
  };
}

/** What is kept held against what is there: an object that has come back meanwhile is left alone. `live` is by `keyText`. */
export function restoreComparison(objects: readonly LiveObject[], live: ReadonlyMap<string, LiveObject>): Comparison {
  const resources = objects.map((object): ResourceComparison => {
    const key = keyOf(object);
    const target = restorable(object);
    const there = live.get(keyText(key));
    return {
      ...{ key, version: groupVersionOf(object.apiVersion).version, target, live: there, status: there ? 'Synced' : 'OutOfSync' },
      ...{ hook: false, requiresPruning: false, requiresDeletionConfirmation: false, health: undefined },
      syncWave: waveOf(target),
      settled: there !== undefined && there.metadata.deletionTimestamp === undefined,
      ...(there && { leftAlone: true as const }),
    };
  });
  return { status: 'OutOfSync', health: { status: 'Healthy' }, resources, conditions: [] };
}

/** What the API server, controllers and the object's first life put there (Kubernetes API conventions, "Metadata"). */
const OF_A_LIFE: ReadonlySet<string> = new Set([
  ...['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
  ...['managedFields', 'selfLink', 'ownerReferences'],
]);
const OF_A_DELETION: ReadonlySet<string> = new Set(['foregroundDeletion', 'orphan']);
const OF_A_VOLUME = ['pv.kubernetes.io/bind-completed', 'pv.kubernetes.io/bound-by-controller'];
const OF_A_JOB = ['controller-uid', 'batch.kubernetes.io/controller-uid', 'job-name', 'batch.kubernetes.io/job-name'];

/**
 * The manifest that brings an object back as it was, without what belonged to its first life. It stays until Git names it again or somebody
 * deletes it: no sync prunes it, and it makes no Application OutOfSync.
 */
export function restorable(object: LiveObject): Manifest {
  const { status: _status, ...rest } = object;
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !OF_A_LIFE.has(name)));
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => !OF_A_DELETION.has(name));
  const annotations = {
    ...without(object.metadata.annotations ?? {}, object.kind === 'PersistentVolumeClaim' ? OF_A_VOLUME : []),
    [SYNC_OPTIONS]: withWord(object, SYNC_OPTIONS, 'Prune=false', 'Prune='),
    [COMPARE_OPTIONS]: withWord(object, COMPARE_OPTIONS, 'IgnoreExtraneous', 'IgnoreExtraneous'),
  };
  const { finalizers: _before, ...plain } = metadata;
  return withoutFirstLife({
    ...rest,
    metadata: { ...plain, annotations, ...(finalizers.length > 0 ? { finalizers } : {}) },
  });
}

function withWord(object: LiveObject, annotation: string, word: string, instead: string): string {
  return [...annotationList(object, annotation).filter((other) => !other.startsWith(instead)), word].join(',');
}

/** Fields that a controller or the API server chose, and would refuse or misunderstand in a new object. */
function withoutFirstLife(manifest: Manifest): Manifest {
  const spec = manifest['spec'];
  if (!isRecord(spec)) return manifest;
  switch (manifest.kind) {
    case 'Service':
      return spec['clusterIP'] === 'None' ? manifest : { ...manifest, spec: without(spec, ['clusterIP', 'clusterIPs']) };
    case 'PersistentVolumeClaim':
      return { ...manifest, spec: without(spec, ['volumeName']) };
    case 'PersistentVolume':
      return { ...manifest, spec: without(spec, ['claimRef']) };
    case 'Pod':
      return { ...manifest, spec: without(spec, ['nodeName']) };
    case 'Job':
      return spec['manualSelector'] === true ? manifest : withoutJobLabels(manifest, spec);
    default:
      return manifest;
  }
}

function withoutJobLabels(manifest: Manifest, spec: Readonly<Record<string, unknown>>): Manifest {
  const { template } = spec;
  const metadata = isRecord(template) && isRecord(template['metadata']) ? template['metadata'] : {};
  const labels = isRecord(metadata['labels']) ? without(metadata['labels'], OF_A_JOB) : {};
  const plain = isRecord(template) ? { ...template, metadata: { ...metadata, labels } } : template;
  return {
    ...manifest,
    metadata: { ...manifest.metadata, labels: without(manifest.metadata.labels ?? {}, OF_A_JOB) },
    spec: { ...without(spec, ['selector']), template: plain },
  };
}

function without<T>(record: Readonly<Record<string, T>>, names: readonly string[]): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}
