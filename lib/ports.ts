// What the stories need from outside, as interfaces. `adapters/` makes them real; nothing here names an SDK.
import type { ApplicationRef, ApplicationSource, Destination } from './model/application.ts';
import type { ChartDependency } from './model/chart-source.ts';
import type { ResolvedDestination, ServiceAccountRef } from './model/destination.ts';
import type { GroupVersionKind, LiveObject, Manifest, Propagation, ResourceKey } from './model/manifest.ts';
import type { AppProject } from './model/project.ts';
import type { RenderAnswer, RenderRequest } from './model/rendering.ts';
import type { RepositoryAccess } from './model/repository.ts';
import type { ReconcileRequest } from './model/request.ts';
import type { Edit, HealthCheck, ScriptedHealth } from './model/script.ts';
import type { SourceFiles } from './model/tree.ts';
import type { WatchEvent } from './model/watch.ts';

/** Milliseconds since the epoch. */
export type Clock = () => number;

/** One structured line a story step. Values must be free of secrets. */
export interface Log {
  info(step: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(step: string, fields?: Readonly<Record<string, unknown>>): void;
  error(step: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The same log with fields that every line carries. */
  with(fields: Readonly<Record<string, unknown>>): Log;
}

/** A kind as the API server serves it. */
export interface ResourceType extends GroupVersionKind {
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Capabilities {
  /** `v1.36.3` */
  readonly kubeVersion: string;
  /** `apps/v1` and `apps/v1/Deployment` for everything that is served, sorted. */
  readonly apiVersions: readonly string[];
}

/** An object in a cluster, in one version. `namespace` is `''` for cluster-scoped kinds. */
export interface ObjectRef extends ResourceKey {
  readonly version: string;
}

export interface ObjectList {
  readonly items: readonly LiveObject[];
  readonly resourceVersion: string;
}

/** How an object is sent. */
export interface SendOptions {
  /** Changes nothing; the answer is what would be. */
  readonly dryRun?: boolean;
  /** `Validate=false`: fields that the kind does not have are left out; else they are refused. */
  readonly lenient?: boolean;
}

/** What a watch has shown until now. `gone`: the resourceVersion is too old (410), list again. */
export interface WatchBatch {
  readonly events: readonly WatchEvent[];
  readonly resourceVersion: string;
  readonly gone: boolean;
}

/**
 * One API server, acted on with one identity.
 * Every method throws NotPermitted on 401/403, Unavailable on throttling, timeouts, 5xx and broken connections, Conflict on 409
 * (AlreadyExists too) and InvalidInput with the API server's own message on any other refusal: Unprocessable where it read the object (422).
 */
export interface Cluster {
  readonly server: string;
  /** The kind as served, or undefined when it is not. Discovery is kept per group and version and asked again on a miss. */
  resourceType(kind: GroupVersionKind): Promise<ResourceType | undefined>;
  /** The served version that the API server prefers for a group and kind, for inventory rows of a version that is gone. */
  preferredType(group: string, kind: string): Promise<ResourceType | undefined>;
  /** Every kind that is served, once, in the version that the API server prefers; kept as discovery is. */
  kinds(): Promise<readonly ResourceType[]>;
  /** What charts see as `.Capabilities`; kept as discovery is. */
  capabilities(): Promise<Capabilities>;
  get(ref: ObjectRef): Promise<LiveObject | undefined>;
  /** All objects of a kind, read in pages of 500. `metadataOnly` transfers PartialObjectMetadata. `limit` stops after so many. */
  list(
    kind: GroupVersionKind,
    options?: { readonly namespace?: string; readonly labelSelector?: string; readonly metadataOnly?: boolean; readonly limit?: number },
  ): Promise<ObjectList & { readonly complete: boolean }>;
  /** Drains what happened since `resourceVersion`: returns once nothing has come for `idleMs`, or after `maxMs`. */
  drain(
    kind: GroupVersionKind,
    options: {
      readonly resourceVersion: string;
      readonly metadataOnly: boolean;
      readonly idleMs: number;
      readonly maxMs: number;
      readonly namespace?: string;
    },
  ): Promise<WatchBatch>;
  /** Server-side apply, forced, as field manager `evenkeel`. */
  apply(manifest: Manifest, options?: SendOptions): Promise<LiveObject>;
  create(manifest: Manifest, options?: SendOptions): Promise<LiveObject>;
  /** Puts `manifest` in the place of the object as its `resourceVersion` has it; Conflict when somebody wrote since or deleted it. */
  replace(manifest: Manifest, options?: SendOptions): Promise<LiveObject>;
  /** JSON merge patch (RFC 7386), or JSON patch (RFC 6902) when `patch` is a list. */
  patch(ref: ObjectRef, patch: Readonly<Record<string, unknown>> | readonly unknown[]): Promise<LiveObject>;
  /** Resolves to false when the object was not there. `uid` deletes only that incarnation. */
  delete(
    ref: ObjectRef,
    options?: { readonly propagation?: Propagation; readonly uid?: string; readonly dryRun?: boolean },
  ): Promise<boolean>;
}

/** The control cluster's resources of ours, by the worker's own identity. */
export interface Control {
  readonly namespace: string;
  /** As the API server returned it, unparsed: a spec that does not parse still needs its condition. */
  application(ref: ApplicationRef): Promise<LiveObject | undefined>;
  applications(): Promise<readonly LiveObject[]>;
  project(name: string): Promise<AppProject | undefined>;
  /** What `argocd-cm` holds; empty when there is none. Kept for a short while. */
  settings(): Promise<Readonly<Record<string, string>>>;
  /**
   * Merge-patches an Application. With `resourceVersion` the write happens only if nobody wrote since; Conflict otherwise.
   * The CRD has no status subresource: spec, operation, status and annotations go in one request.
   */
  patchApplication(
    ref: ApplicationRef,
    patch: Readonly<Record<string, unknown>>,
    options?: { readonly resourceVersion?: string },
  ): Promise<LiveObject>;
}

export interface Clusters {
  /** Throws InvalidInput with the exact texts of spec/application.md §1.1. */
  resolve(destination: Destination): Promise<ResolvedDestination>;
  /** A cluster acted on with a short-lived token of that service account (TokenRequest), and with nothing else. */
  actingFor(destination: ResolvedDestination, account: ServiceAccountRef): Promise<Cluster>;
}

/** A commit on disk, read-only and shared; `release` lets the cache drop it. */
export interface Checkout {
  /** Absolute folder that holds the tree. */
  readonly dir: string;
  readonly revision: string;
  readonly release: () => void;
  /** Its files by name; `read` gives their text. */
  readonly files: SourceFiles;
}

export interface Repositories {
  /**
   * The commit that a source's targetRevision names now (spec/rendering.md §7).
   * An answer read from the remote at or after `notBefore` (ms) may be reused. Throws InvalidInput when there is no such revision.
   */
  resolveRevision(source: ApplicationSource, notBefore: number, project: string | undefined): Promise<string>;
  /** `notBefore` (ms): of a revision that can be published anew, the version of a chart, a copy that was fetched earlier does not count. */
  checkout(source: ApplicationSource, revision: string, project: string | undefined, notBefore?: number): Promise<Checkout>;
}

/** Single files at http and https URLs. */
export interface Downloads {
  /**
   * A checkout that holds the file alone, as DOWNLOADED_NAME; its revision is the digest. What was fetched at or after `notBefore` (ms) may be
   * reused. Throws InvalidInput when it is refused, Unavailable when nobody answers.
   */
  download(url: string, notBefore: number): Promise<Checkout>;
}

/**
 * Helm charts and OCI artifacts, fetched: a revision is the version of a chart or the digest of an artifact, a Checkout's root the chart's own
 * folder. NotPermitted when the remote refuses the access.
 */
export interface Charts extends Repositories {
  /** A chart that another depends on, from the repository that its Chart.yaml names. Throws InvalidInput for what may not be had. */
  dependency(dependency: ChartDependency, asking: DependencyAsking): Promise<SettledDependency>;
}

export interface DependencyAsking {
  readonly project: string;
  /** Whether the project lets its Applications use what we know of a repository; one that is named by a Secret has to be permitted. */
  readonly permits: (repoURL: string) => boolean;
  /** An answer that was read from the remote at or after this (ms) may be reused. */
  readonly notBefore: number;
}

/** A dependency at the version that is taken of it. */
export interface SettledDependency {
  readonly version: string;
  /** The repository that the project had to permit, as `permits` was asked; undefined for one that is reached as anybody could. */
  readonly permitted: string | undefined;
  /** `notBefore` as for a checkout. */
  readonly fetch: (notBefore: number) => Promise<Checkout>;
}

/** Who reaches which repository how, from the Secrets and trust stores of the control cluster (spec/credentials.md). */
export interface Credentials {
  /**
   * For a repository that an Application of that project asks for; anonymous where nothing is registered for it, or without a project.
   * `rejected` is an access that the repository has just refused: what is known is then asked for again, and the answer may be another.
   * Throws InvalidInput that names the Secret and the key which is wrong, Unavailable when it cannot be asked.
   */
  access(repoURL: string, project: string | undefined, rejected?: RepositoryAccess): Promise<RepositoryAccess>;
  /** The Helm repository that is registered by that name, for `@name` and `alias:name` in a chart's dependencies. */
  named(name: string, project: string | undefined): Promise<RepositoryAccess | undefined>;
}

/**
 * kustomize, helm, jsonnet and the reading of YAML, each render in a folder of its own, with no credential and no network.
 * `render` throws InvalidInput with the tool's own words when the input is wrong, takes too long or grows too large, and Unavailable
 * when the program cannot be started.
 */
export interface Renderer {
  /** Whether nothing outside the roots can be read; else a plan has to be checked for that first. */
  readonly sealed: boolean;
  render(request: RenderRequest): Promise<RenderAnswer>;
  /** Names and versions of the tools, part of every render key. */
  version(): Promise<string>;
}

/** Users' scripts, bounded in time and memory, with nothing in reach but what they are given. Throws Unavailable when none can be run. */
export interface Scripts {
  /** One outcome a check, in order. A script that fails, takes too long or grows too large has a fault; its neighbours have theirs. */
  health(checks: readonly HealthCheck[]): Promise<readonly ScriptedHealth[]>;
  /**
   * Each object without what its expressions name, in order. An expression that fails on an object, takes too long, or leaves anything but one
   * object has no effect on it; one that is no expression throws InvalidInput with its field.
   */
  without(edits: readonly Edit[]): Promise<readonly Manifest[]>;
}

/**
 * Rendered output by the hash of what it was made from, and deployments that their Application no longer holds. A read may always find nothing:
 * losing it costs time, and those deployments.
 */
export interface RenderStore {
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** An object as it was when a sync pruned it; `prunedAt` in milliseconds since the epoch. */
export interface PrunedObject {
  readonly prunedAt: number;
  readonly object: LiveObject;
}

/** What syncs have pruned, kept for a day so that it can come back. `server` is the API server that it was on. */
export interface PrunedObjects {
  /** Throws when it cannot be kept, Unavailable when that may pass: then the object must not go. */
  keep(application: ApplicationRef, server: string, object: LiveObject): Promise<void>;
  /** One of each name, the newest first, and how many could not be opened. */
  kept(application: ApplicationRef, server: string): Promise<{ readonly objects: readonly PrunedObject[]; readonly unreadable: number }>;
}

export interface Queue {
  /** Sends to `reconcile.fifo`; with `afterSeconds` (≤ 900) through `later`. Batches of ten; throws Unavailable when any was not taken. */
  send(requests: readonly ReconcileRequest[], options?: { readonly afterSeconds?: number }): Promise<void>;
}

/** A small text that survives between ticks, in the control cluster. */
export interface Checkpoints {
  read(name: string): Promise<{ readonly text: string; readonly resourceVersion: string } | undefined>;
  /** Conflict when somebody wrote since `resourceVersion`. */
  write(name: string, text: string, resourceVersion: string | undefined): Promise<void>;
}

export type { Propagation, ResolvedDestination, ServiceAccountRef, WatchEvent };
