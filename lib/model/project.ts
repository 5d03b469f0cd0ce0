// AppProject: what its Applications may use (spec/project.md §1).
import * as z from 'zod';
import { InvalidInput } from './errors.ts';

export interface ProjectDestination {
  readonly server?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

export interface GroupKind {
  readonly group: string;
  readonly kind: string;
  readonly name?: string | undefined;
}

export interface DestinationServiceAccount {
  readonly server: string;
  readonly namespace?: string | undefined;
  readonly defaultServiceAccount: string;
}

export interface ProjectSpec {
  readonly description?: string | undefined;
  readonly sourceRepos?: readonly string[] | undefined;
  readonly sourceNamespaces?: readonly string[] | undefined;
  readonly destinations?: readonly ProjectDestination[] | undefined;
  readonly destinationServiceAccounts?: readonly DestinationServiceAccount[] | undefined;
  readonly clusterResourceWhitelist?: readonly GroupKind[] | undefined;
  readonly clusterResourceBlacklist?: readonly GroupKind[] | undefined;
  /** Absent permits every kind, an empty list none. */
  readonly namespaceResourceWhitelist?: readonly GroupKind[] | null | undefined;
  readonly namespaceResourceBlacklist?: readonly GroupKind[] | undefined;
  /** These four are not understood beyond whether they are there: `unsupportedGuardrails` refuses them. */
  readonly permitOnlyProjectScopedClusters?: boolean | null | undefined;
  readonly syncWindows?: readonly unknown[] | null | undefined;
  readonly signatureKeys?: readonly unknown[] | null | undefined;
  readonly sourceIntegrity?: { readonly git?: { readonly policies?: readonly unknown[] | null } | null } | null | undefined;
}

export interface AppProject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec: ProjectSpec;
}

const groupKinds = z.array(z.looseObject({ group: z.string(), kind: z.string() })).nullish();
const project = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    sourceRepos: z.array(z.string()).nullish(),
    destinations: z.array(z.looseObject({})).nullish(),
    destinationServiceAccounts: z.array(z.looseObject({ server: z.string(), defaultServiceAccount: z.string() })).nullish(),
    clusterResourceWhitelist: groupKinds,
    clusterResourceBlacklist: groupKinds,
    namespaceResourceWhitelist: groupKinds,
    namespaceResourceBlacklist: groupKinds,
    permitOnlyProjectScopedClusters: z.boolean().nullish(),
    syncWindows: z.array(z.unknown()).nullish(),
    signatureKeys: z.array(z.unknown()).nullish(),
    sourceIntegrity: z.looseObject({ git: z.looseObject({ policies: z.array(z.unknown()).nullish() }).nullish() }).nullish(),
  }),
});

/** An AppProject out of what the API server returned; throws InvalidInput that lists every fault with its path. */
export function parseProject(object: unknown): AppProject {
  const parsed = project.safeParse(object);
  if (parsed.success) return parsed.data as unknown as AppProject; // the schema above names just what code relies on
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new InvalidInput(`AppProject is not valid: ${faults.join('; ')}`);
}
