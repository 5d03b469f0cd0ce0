// Target: what an Application is rendered for and compared with, and what follows from it alone.
import { type Application, instanceName } from '../model/application.ts';
import type { ResolvedDestination } from '../model/destination.ts';
import { isExcluded } from '../model/kind-filters.ts';
import type { AppProject } from '../model/project.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import type { Cluster } from '../ports.ts';
import type { Owner } from './live.ts';

/** What an Application is compared with: settled before anything is rendered. */
export interface Target {
  readonly application: Application;
  readonly project: AppProject;
  readonly destination: ResolvedDestination;
  readonly cluster: Cluster;
  readonly controlNamespace: string;
  /** What the installation says of resources. */
  readonly resources: ResourceSettings;
}

/** The Application as its objects name it. */
export function ownerOf({ application, controlNamespace, resources }: Omit<Target, 'cluster'>): Owner {
  return { instance: instanceName(application.metadata, controlNamespace), tracking: resources.tracking };
}

/** Kinds that are left alone where the Application deploys to. */
export function excludedIn({ resources, destination }: Omit<Target, 'cluster'>) {
  return (kind: { readonly group: string; readonly kind: string }) => isExcluded(resources, kind, destination.server);
}
