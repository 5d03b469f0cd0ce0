// Where an Application deploys to and as whom, once both are settled.

/** A destination after lookup among the registered clusters (spec/credentials.md §5.2). */
export interface ResolvedDestination {
  readonly server: string;
  readonly clusterName: string;
  readonly namespace: string;
}

/** A service account that a sync acts as: `namespace:name` taken apart. */
export interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
}
