// evaluate: sources at fixed commits -> desired, live and their comparison. Rules decide; this file only fetches for them.
import { type ComparisonRules, compare, suspects } from '../compare/compare.ts';
import { unsupportedRules } from '../compare/ignore.ts';
import { pairObjects } from '../compare/pair.ts';
import { ignoreRules, unsupportedSystemRules } from '../compare/system-rules.ts';
import { desiredState } from '../desired/render.ts';
import type { RenderPorts } from '../desired/render-source.ts';
import type { RenderSettings } from '../desired/settings.ts';
import { CLOSURE, COMPARE_OPTIONS } from '../model/annotations.ts';
import {
  type Application,
  type ApplicationSource,
  instanceName,
  qualifiedName,
  type ResourceIgnoreDifferences,
} from '../model/application.ts';
import type { Comparison, Pair } from '../model/comparison.ts';
import { type DesiredState, parseClosure } from '../model/desired.ts';
import type { ResolvedDestination } from '../model/destination.ts';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { isHook, namedHooks } from '../model/hook.ts';
import { isExcluded } from '../model/kind-filters.ts';
import { annotationList, annotationOf, groupVersionOf, keyOf, keyText, type LiveObject, type Manifest } from '../model/manifest.ts';
import type { AppProject } from '../model/project.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import { permitsSource, resourceRefusal } from '../policy/project.ts';
import type { Cluster, ObjectRef } from '../ports.ts';
import { asSent } from '../sync/apply.ts';
import { inventoryOf, type Owner, readLive } from './live.ts';

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

/** As much of it as it takes to render. */
export type RenderTarget = Omit<Target, 'cluster'> & { readonly cluster: Pick<Cluster, 'capabilities' | 'resourceType'> };

export interface Evaluation {
  readonly sources: readonly ApplicationSource[];
  readonly desired: DesiredState;
  /** Hooks from Git with the names that they have in this operation. */
  readonly hooks: readonly Manifest[];
  readonly live: ReadonlyMap<string, LiveObject>;
  readonly comparison: Comparison;
}

/** Why there is no comparison, and the commits for which there is none, as far as they are known. */
export interface Failure {
  readonly failure: string;
  readonly revisions: readonly string[];
}

export type Evaluated = Evaluation | Failure;

export function isFailure(evaluated: Evaluated): evaluated is Failure {
  return 'failure' in evaluated;
}

export interface Request {
  readonly sources: readonly ApplicationSource[];
  readonly revisions: readonly string[];
  /** Start of the operation that runs, for the names of hooks that have only `generateName`. */
  readonly operationStartedAt: string | undefined;
  /** Answers of remotes that are older than this (ms) do not count. */
  readonly notBefore: number;
  /** A hard refresh: nothing that was rendered before counts. */
  readonly fresh?: boolean;
}

export interface EvaluatePorts extends RenderPorts {
  /** What the installation lets sources do. */
  readonly renderSettings: () => Promise<RenderSettings>;
}

/** What the sources say at these commits. Throws InvalidInput when they do not render, Unavailable when Git does not answer. */
export async function render(target: RenderTarget, request: Request, ports: EvaluatePorts): Promise<DesiredState> {
  const unsupported = unsupportedRules(target.application.spec.ignoreDifferences ?? []);
  if (unsupported.length > 0) throw new InvalidInput(unsupported.join('; '));
  const { application, project, cluster, resources } = target;
  const [settings, capabilities] = await Promise.all([ports.renderSettings(), cluster.capabilities()]);
  const { sources, revisions, notBefore, fresh = false } = request;
  const desired = await desiredState(
    {
      ...{ application, sources, revisions, settings, ...capabilities, notBefore, fresh },
      tracking: resources.tracking,
      excludes: excludedIn(target),
      instanceName: instanceName(application.metadata, target.controlNamespace),
      destinationNamespace: target.destination.namespace,
      scopeOf: scopeIn(cluster),
      permits: (repoURL) => permitsSource(project, repoURL),
      before: parseClosure(annotationOf(application, CLOSURE) ?? ''),
    },
    ports,
  );
  const unfollowed = unsupportedSystemRules(resources, desired.manifests);
  if (unfollowed.length > 0) throw new InvalidInput(unfollowed.join('; '));
  return desired;
}

/** Throws what `render` throws, and Unavailable when the cluster does not answer. */
export async function evaluate(target: Target, request: Request, ports: EvaluatePorts): Promise<Evaluation> {
  return held(target, request, await render(target, request, ports));
}

/** Desired, already rendered, against what the cluster has now. */
export async function held(target: Target, request: Request, desired: DesiredState): Promise<Evaluation> {
  const owner = ownerOf(target);
  const hooks = desired.manifests
    .filter(isHook)
    .flatMap((hook) => namedHooks(hook, desired.revisions[0] ?? '', request.operationStartedAt));
  const live = await readLive(target.cluster, wantedOf(target, desired, hooks), owner);
  const resources = desired.manifests.filter((manifest) => !isHook(manifest));
  const comparison = await judged(target, [...resources, ...hooks], live);
  return { sources: request.sources, desired, hooks, live, comparison };
}

/** The Application as its objects name it. */
export function ownerOf({ application, controlNamespace, resources }: Omit<Target, 'cluster'>): Owner {
  return { instance: instanceName(application.metadata, controlNamespace), tracking: resources.tracking };
}

/** Kinds that are left alone where the Application deploys to. */
export function excludedIn({ resources, destination }: Omit<Target, 'cluster'>) {
  return (kind: { readonly group: string; readonly kind: string }) => isExcluded(resources, kind, destination.server);
}

export function scopeIn(cluster: RenderTarget['cluster']) {
  return async (kind: { readonly group: string; readonly version: string; readonly kind: string }) => {
    const type = await cluster.resourceType(kind);
    return type && (type.namespaced ? ('Namespaced' as const) : ('Cluster' as const));
  };
}

/** Everything that Git names, what the inventory names, and the destination's namespace where it may have to be created. */
function wantedOf(target: Target, desired: DesiredState, hooks: readonly Manifest[]): readonly ObjectRef[] {
  const named = [...desired.manifests.filter((manifest) => !isHook(manifest) && manifest.metadata.name), ...hooks];
  const refs: ObjectRef[] = named.map((manifest) => ({ ...keyOf(manifest), version: groupVersionOf(manifest.apiVersion).version }));
  const excluded = excludedIn(target);
  const inventory = inventoryOf(target.application).filter((ref) => !excluded(ref));
  const namespace = { group: '', version: 'v1', kind: 'Namespace', namespace: '', name: target.destination.namespace };
  const creates = target.application.spec.syncPolicy?.syncOptions?.includes('CreateNamespace=true') && namespace.name !== '';
  const all = [...refs, ...inventory, ...(creates ? [namespace] : [])];
  return [...new Map(all.map((ref) => [keyText(ref), ref])).values()];
}

/** Compares in memory, and lets a dry run judge only what looks different. */
async function judged(target: Target, targets: readonly Manifest[], live: ReadonlyMap<string, LiveObject>): Promise<Comparison> {
  const rules = comparisonRules(target);
  const pairs = pairObjects(targets, [...live.values()]);
  return compare(pairs, await dryRuns(target.cluster, suspects(pairs, rules)), rules);
}

/** The rules that fields are ignored by: the Application's, then the installation's. */
export function ignoredFields({ application, resources }: Target): readonly ResourceIgnoreDifferences[] {
  return [...(application.spec.ignoreDifferences ?? []), ...ignoreRules(resources)];
}

export function comparisonRules(target: Target): ComparisonRules {
  const { application, project, destination, resources } = target;
  const { instance, tracking } = ownerOf(target);
  return {
    application: qualifiedName(application.metadata),
    instanceName: instance,
    tracking,
    ignoreDifferences: ignoredFields(target),
    ignoreAggregatedRoles: resources.compareOptions.ignoreAggregatedRoles,
    syncOptions: application.spec.syncPolicy?.syncOptions ?? [],
    applicationUid: application.metadata.uid,
    alone: annotationList(application, COMPARE_OPTIONS).includes('ServerSideDiff=false'),
    permitted: (key) => resourceRefusal(project, key, key.namespace !== '', destination) === undefined,
  };
}

/** What a server-side apply would make of each suspect; a refused dry run leaves it to the comparison in memory. */
async function dryRuns(cluster: Cluster, pairs: readonly Pair[]): Promise<ReadonlyMap<string, LiveObject>> {
  const answers = await Promise.all(pairs.map((pair) => dryRun(cluster, pair)));
  return new Map(answers.filter((answer) => answer !== undefined));
}

async function dryRun(cluster: Cluster, pair: Pair): Promise<readonly [string, LiveObject] | undefined> {
  if (!pair.target) return undefined;
  try {
    return [keyText(pair.key), await cluster.apply(asSent(pair.target), { dryRun: true })];
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    return undefined;
  }
}

/**
 * The evaluation after `live` has moved on, with no request. What was `sent` in this very run is as desired, by the API server's answer;
 * what did not move keeps its verdict; anything else that differs is OutOfSync until it is looked at again.
 */
export function reevaluate(
  target: Target,
  before: Evaluation,
  live: ReadonlyMap<string, LiveObject>,
  sent: ReadonlySet<string>,
): Evaluation {
  const rules = comparisonRules(target);
  const targets = [...before.desired.manifests.filter((manifest) => !isHook(manifest)), ...before.hooks];
  const settled = new Set(before.comparison.resources.filter((row) => row.status === 'Synced').map((row) => keyText(row.key)));
  const stands = (key: string, object: LiveObject) => sent.has(key) || (settled.has(key) && before.live.get(key) === object);
  const known = new Map([...live].filter(([key, object]) => stands(key, object)));
  return { ...before, live, comparison: compare(pairObjects(targets, [...live.values()]), known, rules) };
}
