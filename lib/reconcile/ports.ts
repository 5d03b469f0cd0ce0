// What the main story awaits.
import type { ServiceAccountRef } from '../model/destination.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import type { Clock, Clusters, Control, Log, PrunedObjects } from '../ports.ts';
import type { EvaluatePorts } from './evaluate.ts';

export interface ReconcilePorts extends EvaluatePorts {
  readonly control: Control;
  /** What the installation says of resources; throws InvalidInput when it does not parse. */
  readonly resourceSettings: () => Promise<ResourceSettings>;
  readonly clusters: Clusters;
  readonly pruned: PrunedObjects;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: {
    readonly defaultServiceAccount: ServiceAccountRef | undefined;
    /** How long a sync may take, waves and retries together. */
    readonly syncTimeoutSeconds: number;
  };
}
