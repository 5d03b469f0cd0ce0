// What the main story awaits.
import type { ServiceAccountRef } from '../model/destination.ts';
import type { Clock, Clusters, Control, Log, RenderCache, Repositories, Tools } from '../ports.ts';

export interface ReconcilePorts {
  readonly control: Control;
  readonly clusters: Clusters;
  readonly repositories: Repositories;
  readonly tools: Tools;
  readonly cache?: RenderCache;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: { readonly defaultServiceAccount: ServiceAccountRef | undefined };
}
