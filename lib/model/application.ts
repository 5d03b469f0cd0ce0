// Application as Argo CD's CRD has it (spec/application.md), the parts that we read and write.
import * as z from 'zod';
import { InvalidInput } from './errors.ts';
import { isRecord, type ObjectMeta } from './manifest.ts';
import type { Operation, OperationState } from './operation.ts';
import { statusSchema } from './status-schema.ts';

/** Where an Application lives: its namespace in the control cluster and its name. */
export interface ApplicationRef {
  readonly namespace: string;
  readonly name: string;
}

/** spec/application.md §1.2. Blocks that only their own source type reads stay open here and are parsed by `desired/`. */
export interface ApplicationSource {
  readonly repoURL: string;
  readonly path?: string | undefined;
  readonly targetRevision?: string | undefined;
  readonly chart?: string | undefined;
  readonly ref?: string | undefined;
  readonly name?: string | undefined;
  readonly tagPrefix?: string | undefined;
  readonly helm?: Readonly<Record<string, unknown>> | undefined;
  readonly kustomize?: Readonly<Record<string, unknown>> | undefined;
  readonly directory?: Readonly<Record<string, unknown>> | undefined;
  readonly plugin?: Readonly<Record<string, unknown>> | undefined;
}

export interface Destination {
  readonly server?: string | undefined;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
}

/** spec/application.md §5; semantics in spec/diff.md §5. */
export interface ResourceIgnoreDifferences {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly jsonPointers?: readonly string[] | undefined;
  readonly jqPathExpressions?: readonly string[] | undefined;
  readonly managedFieldsManagers?: readonly string[] | undefined;
}

/** Durations are Go's (`5s`, `3m`) or bare seconds (spec/sync.md §9). */
export interface RetryStrategy {
  readonly limit?: number | undefined;
  readonly refresh?: boolean | undefined;
  readonly backoff?:
    | { readonly duration?: string | undefined; readonly factor?: number | undefined; readonly maxDuration?: string | undefined }
    | undefined;
}

export interface SyncPolicy {
  readonly automated?:
    | {
        readonly enabled?: boolean | undefined;
        readonly prune?: boolean | undefined;
        readonly selfHeal?: boolean | undefined;
        readonly allowEmpty?: boolean | undefined;
      }
    | undefined;
  readonly syncOptions?: readonly string[] | undefined;
  readonly retry?: RetryStrategy | undefined;
  readonly managedNamespaceMetadata?:
    | {
        readonly labels?: Readonly<Record<string, string>> | undefined;
        readonly annotations?: Readonly<Record<string, string>> | undefined;
      }
    | undefined;
}

export interface ApplicationSpec {
  readonly project: string;
  readonly source?: ApplicationSource | undefined;
  readonly sources?: readonly ApplicationSource[] | undefined;
  readonly destination: Destination;
  readonly syncPolicy?: SyncPolicy | undefined;
  readonly ignoreDifferences?: readonly ResourceIgnoreDifferences[] | undefined;
  readonly info?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly revisionHistoryLimit?: number | undefined;
}

export type SyncStatusCode = 'Synced' | 'OutOfSync' | 'Unknown';
export type HealthStatusCode = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown';

export interface Health {
  readonly status: HealthStatusCode;
  readonly message?: string | undefined;
}

export interface ResourceStatus {
  readonly group?: string | undefined;
  readonly version: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly status?: SyncStatusCode | undefined;
  readonly health?: Health | undefined;
  readonly hook?: boolean | undefined;
  readonly requiresPruning?: boolean | undefined;
  readonly syncWave?: number | undefined;
  readonly requiresDeletionConfirmation?: boolean | undefined;
}

export type ConditionType =
  | 'InvalidSpecError'
  | 'ComparisonError'
  | 'SyncError'
  | 'UnknownError'
  | 'DeletionError'
  | 'SharedResourceWarning'
  | 'RepeatedResourceWarning'
  | 'NonDeterministicRenderWarning'
  | 'ExcludedResourceWarning'
  | 'UnknownValueWarning'
  | 'OrphanedResourceWarning'
  | 'DeletionBudgetWarning'
  | 'DependencyWarning';

export interface ApplicationCondition {
  readonly type: ConditionType;
  readonly message: string;
  readonly lastTransitionTime?: string | undefined;
}

export interface ComparedTo {
  readonly source?: ApplicationSource | undefined;
  readonly sources?: readonly ApplicationSource[] | undefined;
  readonly destination: Destination;
  readonly ignoreDifferences?: readonly ResourceIgnoreDifferences[] | undefined;
}

export interface RevisionHistory {
  readonly id: number;
  readonly revision?: string | undefined;
  readonly revisions?: readonly string[] | undefined;
  readonly source?: ApplicationSource | undefined;
  readonly sources?: readonly ApplicationSource[] | undefined;
  readonly deployStartedAt?: string | undefined;
  readonly deployedAt: string;
  readonly initiatedBy?: { readonly username?: string | undefined; readonly automated?: boolean | undefined } | undefined;
}

export type SourceType = 'Helm' | 'Kustomize' | 'Directory' | 'Plugin' | '';

/** spec/application.md §7. Times are RFC 3339 to the second. */
export interface ApplicationStatus {
  readonly sync?:
    | {
        readonly status: SyncStatusCode;
        readonly comparedTo: ComparedTo;
        readonly revision?: string | undefined;
        readonly revisions?: readonly string[] | undefined;
      }
    | undefined;
  readonly health?: { readonly status?: HealthStatusCode; readonly message?: string; readonly lastTransitionTime?: string } | undefined;
  readonly resources?: readonly ResourceStatus[] | undefined;
  readonly history?: readonly RevisionHistory[] | undefined;
  readonly conditions?: readonly ApplicationCondition[] | undefined;
  readonly reconciledAt?: string | undefined;
  readonly operationState?: OperationState | undefined;
  readonly sourceType?: SourceType | undefined;
  readonly sourceTypes?: readonly SourceType[] | undefined;
  readonly summary?:
    | { readonly externalURLs?: readonly string[]; readonly images?: readonly string[]; readonly isAppOfApps?: boolean }
    | undefined;
  readonly controllerNamespace?: string | undefined;
}

export interface Application {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta & { readonly name: string; readonly namespace: string };
  readonly spec: ApplicationSpec;
  readonly status?: ApplicationStatus | undefined;
  readonly operation?: Operation | undefined;
}

const source = z.looseObject({
  repoURL: z.string(),
  path: z.string().optional(),
  targetRevision: z.string().optional(),
  chart: z.string().optional(),
  ref: z.string().optional(),
});

const spec = z.looseObject({
  project: z.string().default(''),
  source: source.optional(),
  sources: z.array(source).optional(),
  destination: z.looseObject({ server: z.string().optional(), name: z.string().optional(), namespace: z.string().optional() }),
  syncPolicy: z
    .looseObject({
      automated: z.looseObject({}).nullish(),
      syncOptions: z.array(z.string()).nullish(),
      retry: z.looseObject({ limit: z.number().optional() }).nullish(),
    })
    .nullish(),
  ignoreDifferences: z.array(z.looseObject({ kind: z.string() })).nullish(),
  revisionHistoryLimit: z.number().int().nullish(),
});

const application = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec,
  status: statusSchema,
});

/**
 * An Application out of what the API server returned.
 * Throws InvalidInput that lists every fault with its path: the CRD refuses most of them, another installation's CRD may not.
 */
export function parseApplication(object: unknown): Application {
  const parsed = application.safeParse(object);
  if (parsed.success) return parsed.data as unknown as Application; // the schema above names just what code relies on
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new InvalidInput(`Application is not valid: ${faults.join('; ')}`);
}

/** An Application that does not parse, without its spec and with the fault: its name and status are enough to say so. */
export function applicationOrFault(object: unknown): { readonly application: Application; readonly fault?: string } {
  try {
    return { application: parseApplication(object) };
  } catch (error) {
    if (!(error instanceof InvalidInput) || !isRecord(object)) throw error;
    return { application: parseApplication({ ...object, spec: { project: '', destination: {} } }), fault: error.message };
  }
}

/** `<namespace>/<name>`: message group and log name of an Application. */
export function qualifiedName(ref: ApplicationRef): string {
  return `${ref.namespace}/${ref.name}`;
}

/** Name in tracking ids: `<name>`, or `<namespace>_<name>` outside the control namespace (spec/application.md, derived names). */
export function instanceName(ref: ApplicationRef, controlNamespace: string): string {
  return ref.namespace === '' || ref.namespace === controlNamespace ? ref.name : `${ref.namespace}_${ref.name}`;
}

/** The Application that an instance names; undefined for a name that none can have. */
export function refOfInstance(instance: string, controlNamespace: string): ApplicationRef | undefined {
  const underscore = instance.indexOf('_');
  const ref =
    underscore < 0
      ? { namespace: controlNamespace, name: instance }
      : { namespace: instance.slice(0, underscore), name: instance.slice(underscore + 1) };
  return instanceName(ref, controlNamespace) === instance ? ref : undefined;
}

/** The sources that count: `sources` when there are any, else `source` (spec/application.md §1). */
export function sourcesOf(spec: Pick<ApplicationSpec, 'source' | 'sources'>): readonly ApplicationSource[] {
  if (spec.sources && spec.sources.length > 0) return spec.sources;
  return spec.source ? [spec.source] : [];
}

/** Automated and not switched off (spec/application.md §4). */
export function isAutomated(policy: SyncPolicy | undefined): boolean {
  return Boolean(policy?.automated) && policy?.automated?.enabled !== false;
}

/** Whether status uses the list-valued fields: a single entry in `sources` counts too (spec/application.md §1.3). */
export function isMultiSource(spec: Pick<ApplicationSpec, 'sources'>): boolean {
  return (spec.sources?.length ?? 0) > 0;
}
