// The destination's Namespace, where `spec.syncPolicy.managedNamespaceMetadata` names its labels and annotations (spec/diff.md §11).
import { isDeepStrictEqual } from 'node:util';
import { SYNC_OPTIONS } from '../model/annotations.ts';
import type { Application, SyncPolicy } from '../model/application.ts';
import type { LiveObject, Manifest } from '../model/manifest.ts';
import { instanceOf, type Tracking } from '../model/tracking.ts';

type NamespaceMetadata = NonNullable<SyncPolicy['managedNamespaceMetadata']>;

/** The Namespace with this metadata, without a mark: nothing prunes it. A bare one where there is none. */
export function namespaceManifest(name: string, metadata: NamespaceMetadata | undefined): Manifest {
  const options = metadata && {
    annotations: { ...metadata.annotations, [SYNC_OPTIONS]: 'ServerSideApply=true' },
    labels: metadata.labels ?? {},
  };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...options } };
}

/** How the objects of an Application are marked, and where it deploys to. */
export interface NamespaceOwner {
  readonly instance: string;
  readonly tracking: Tracking;
  /** Of the destination. */
  readonly namespace: string;
}

/**
 * What the comparison wants of the Namespace although Git does not name it: one that lives and still carries the Application's mark, from a
 * time when Git named it, is neither extra nor pruned. None where no metadata is managed.
 */
export function managedNamespace(
  { spec }: Pick<Application, 'spec'>,
  manifests: readonly Manifest[],
  live: Iterable<LiveObject>,
  { instance, tracking, namespace }: NamespaceOwner,
): readonly Manifest[] {
  const metadata = spec.syncPolicy?.managedNamespaceMetadata;
  const isIt = ({ apiVersion, kind, metadata: { name } }: Manifest) => apiVersion === 'v1' && kind === 'Namespace' && name === namespace;
  if (!metadata || manifests.some(isIt)) return [];
  const found = [...live].find(isIt);
  return found && instanceOf(found, tracking) === instance ? [namespaceManifest(namespace, metadata)] : [];
}

/** The Namespace that syncs create and keep, where an Application asks for it with metadata of its own; undefined elsewhere. */
export function keptNamespace({ spec }: Application, namespace: string): Manifest | undefined {
  const { managedNamespaceMetadata: metadata, syncOptions = [] } = spec.syncPolicy ?? {};
  return metadata && namespace !== '' && syncOptions.includes('CreateNamespace=true') ? namespaceManifest(namespace, metadata) : undefined;
}

/** Whether the metadata is not what the last sync worked from, so that the same commit has not been synced with it yet. */
export function isNamespaceStale({ spec, status }: Application): boolean {
  const wanted = spec.syncPolicy?.managedNamespaceMetadata;
  const result = status?.operationState?.syncResult;
  if (!wanted || !result) return false;
  const { labels = {}, annotations = {} } = result.managedNamespaceMetadata ?? {};
  return !isDeepStrictEqual([wanted.labels ?? {}, wanted.annotations ?? {}], [labels, annotations]);
}
