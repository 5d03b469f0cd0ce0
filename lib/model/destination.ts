// Where an Application deploys to and as whom: as it asks, and once both are settled.
import type { Destination } from './application.ts';
import { InvalidInput } from './errors.ts';

/** A cluster by its server or by its name. */
export type AskedDestination =
  | { readonly server: string; readonly name?: undefined }
  | { readonly name: string; readonly server?: undefined };

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

/** Exactly one of server and name; InvalidInput otherwise (spec/application.md §1.1). */
export function askedDestination(destination: Destination): AskedDestination {
  const { server = '', name = '' } = destination;
  if (server !== '' && name !== '') {
    throw new InvalidInput(`application destination can't have both name and server defined: ${name} ${server}`);
  }
  if (name !== '') return { name };
  if (server !== '') return { server: server.replace(/\/+$/, '') };
  throw new InvalidInput('Destination server missing from app spec');
}
