// Desired held against live, as data: made by `compare/`, read by policy, sync and status.
import type { ApplicationCondition, Health, SyncStatusCode } from './application.ts';
import type { LiveObject, Manifest, ResourceKey } from './manifest.ts';

/** One object of an Application: what Git wants, what the cluster has, or both. At least one side is there. */
export interface Pair {
  readonly key: ResourceKey;
  readonly version: string;
  readonly target: Manifest | undefined;
  readonly live: LiveObject | undefined;
}

export interface ResourceComparison extends Pair {
  /** `''` for hooks and for objects that are not compared (spec/diff.md §12). */
  readonly status: SyncStatusCode | '';
  readonly hook: boolean;
  readonly requiresPruning: boolean;
  readonly requiresDeletionConfirmation: boolean;
  readonly syncWave: number;
  readonly health: Health | undefined;
  /** Both sides are there and equal: applying it would change nothing that counts. One that still lacks our mark is Synced and not settled. */
  readonly settled: boolean;
  /** The live object stays as it is, whatever its options say. */
  readonly leftAlone?: true;
}

export interface Comparison {
  readonly status: SyncStatusCode;
  readonly health: Health;
  /** Sorted by `group/kind/namespace/name`. */
  readonly resources: readonly ResourceComparison[];
  /** SharedResourceWarning for each object that another Application has too; ComparisonError for an object whose health cannot be told. */
  readonly conditions: readonly ApplicationCondition[];
  /** The destination's Namespace is not as `managedNamespaceMetadata` wants it, which no row tells. */
  readonly namespaceDiffers?: boolean;
}
