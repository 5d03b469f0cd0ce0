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

/** Objects that nobody has to own; an empty or absent field but `group` stands for any. */
export interface OrphanFilter {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

/** When syncs may run, or may not. Nothing of it is certain to be right: `lib/policy/sync-windows.ts` says what is wrong. */
export interface SyncWindow {
  readonly kind?: string | undefined;
  /** Five fields of cron. */
  readonly schedule?: string | undefined;
  /** As Go writes durations. */
  readonly duration?: string | undefined;
  /** IANA name. */
  readonly timeZone?: string | undefined;
  readonly applications?: readonly string[] | null | undefined;
  readonly clusters?: readonly string[] | null | undefined;
  readonly namespaces?: readonly string[] | null | undefined;
  /** Whether all kinds of selectors have to match, rather than one. */
  readonly andOperator?: boolean | null | undefined;
  readonly manualSync?: boolean | null | undefined;
  readonly syncOverrun?: boolean | null | undefined;
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
  /** Present: objects of the destination namespace that belong to no Application are looked for. */
  readonly orphanedResources?: { readonly warn?: boolean | null; readonly ignore?: readonly OrphanFilter[] | null } | null | undefined;
  readonly syncWindows?: readonly SyncWindow[] | null | undefined;
  /** These three are not understood beyond whether they are there: `unsupportedGuardrails` refuses them. */
  readonly permitOnlyProjectScopedClusters?: boolean | null | undefined;
  readonly signatureKeys?: readonly unknown[] | null | undefined;
  readonly sourceIntegrity?: { readonly git?: { readonly policies?: readonly unknown[] | null } | null } | null | undefined;
}

export interface AppProject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: ProjectSpec;
}

const groupKinds = z.array(z.looseObject({ group: z.string(), kind: z.string() })).nullish();
const texts = z.array(z.string()).nullish();
const window = z.looseObject({
  kind: z.string().optional(),
  schedule: z.string().optional(),
  duration: z.string().optional(),
  timeZone: z.string().optional(),
  applications: texts,
  clusters: texts,
  namespaces: texts,
  andOperator: z.boolean().nullish(),
  manualSync: z.boolean().nullish(),
  syncOverrun: z.boolean().nullish(),
});
const orphans = z.looseObject({ group: z.string().optional(), kind: z.string().optional(), name: z.string().optional() });
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
    orphanedResources: z.looseObject({ warn: z.boolean().nullish(), ignore: z.array(orphans).nullish() }).nullish(),
    permitOnlyProjectScopedClusters: z.boolean().nullish(),
    syncWindows: z.array(window).nullish(),
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
