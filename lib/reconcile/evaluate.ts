// evaluate: sources at fixed commits -> desired, live and their comparison. Rules decide; this file only fetches for them.
import type { ComparisonRules } from '../compare/compare.ts';
import { managedNamespace } from '../compare/managed-namespace.ts';
import { pairObjects } from '../compare/pair.ts';
import { desiredState } from '../desired/render.ts';
import type { RenderPorts } from '../desired/render-source.ts';
import type { RenderSettings } from '../desired/settings.ts';
import { CLOSURE } from '../model/annotations.ts';
import { type ApplicationCondition, type ApplicationSource, instanceName, isMultiSource } from '../model/application.ts';
import type { Comparison } from '../model/comparison.ts';
import { type DesiredState, parseClosure } from '../model/desired.ts';
import { isHook, namedHooks } from '../model/hook.ts';
import { annotationOf, keyText, type LiveObject, type Manifest, refOf } from '../model/manifest.ts';
import { permitsSource } from '../policy/project.ts';
import { unknownValues } from '../policy/unknown-values.ts';
import type { Cluster, ObjectRef } from '../ports.ts';
import { type JudgePorts, judge } from './judge.ts';
import { inventoryOf, readLive } from './live.ts';
import { excludedIn, ownerOf, type Target } from './target.ts';

/** As much of it as it takes to render. */
export type RenderTarget = Omit<Target, 'cluster'> & { readonly cluster: Pick<Cluster, 'capabilities' | 'resourceType'> };

export interface Evaluation {
  readonly sources: readonly ApplicationSource[];
  readonly desired: DesiredState;
  /** Hooks from Git with the names that they have in this operation. */
  readonly hooks: readonly Manifest[];
  readonly live: ReadonlyMap<string, LiveObject>;
  readonly comparison: Comparison;
  /** What was found beside the comparison; none when absent. It stands until the Application is looked at again. */
  readonly warnings?: readonly ApplicationCondition[];
  /** By which it was compared, with what scripts said. */
  readonly rules: ComparisonRules;
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

export interface SettledRenderPorts extends RenderPorts {
  /** What the installation lets sources do. */
  readonly renderSettings: () => Promise<RenderSettings>;
}

export interface EvaluatePorts extends SettledRenderPorts, JudgePorts {}

/** What the sources say at these commits. Throws InvalidInput when they do not render, Unavailable when Git does not answer. */
export async function render(target: RenderTarget, request: Request, ports: SettledRenderPorts): Promise<DesiredState> {
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
  return { ...desired, conditions: [...desired.conditions, ...unknownValues(application, desired.manifests)] };
}

/** Throws what `render` throws, and Unavailable when the cluster does not answer. */
export async function evaluate(target: Target, request: Request, ports: EvaluatePorts): Promise<Evaluation> {
  return held(target, request, await render(target, request, ports), ports);
}

/** Desired, already rendered, against what the cluster has now. */
export async function held(target: Target, request: Request, desired: DesiredState, ports: JudgePorts): Promise<Evaluation> {
  const owner = ownerOf(target);
  const revision = isMultiSource(target.application.spec) || request.sources.length > 1 ? '' : (desired.revisions[0] ?? '');
  const hooks = desired.manifests.filter(isHook).flatMap((hook) => namedHooks(hook, revision, request.operationStartedAt));
  const live = await readLive(target.cluster, wantedOf(target, desired, hooks), owner);
  const judged = await judge(target, pairObjects(targetsOf(target, desired, hooks, live), [...live.values()]), ports);
  return { sources: request.sources, desired, hooks, live, ...judged };
}

/** Everything that is to be there: Git's objects, hooks by their names, and the Namespace whose metadata is managed. */
function targetsOf(
  target: Target,
  { manifests }: DesiredState,
  hooks: readonly Manifest[],
  live: ReadonlyMap<string, LiveObject>,
): readonly Manifest[] {
  const resources = manifests.filter((manifest) => !isHook(manifest));
  const owner = { ...ownerOf(target), namespace: target.destination.namespace };
  return [...resources, ...managedNamespace(target.application, resources, live.values(), owner), ...hooks];
}

export function scopeIn(cluster: RenderTarget['cluster']) {
  return async (kind: { readonly group: string; readonly version: string; readonly kind: string }) => {
    const type = await cluster.resourceType(kind);
    return type && (type.namespaced ? ('Namespaced' as const) : ('Cluster' as const));
  };
}

/** Everything that Git names, in Git's version, what the inventory names, and the destination's namespace where it may have to be created. */
function wantedOf(target: Target, desired: DesiredState, hooks: readonly Manifest[]): readonly ObjectRef[] {
  const named = [...desired.manifests.filter((manifest) => !isHook(manifest) && manifest.metadata.name), ...hooks];
  const refs = named.map(refOf);
  const excluded = excludedIn(target);
  const inventory = inventoryOf(target.application).filter((ref) => !excluded(ref));
  const namespace = { group: '', version: 'v1', kind: 'Namespace', namespace: '', name: target.destination.namespace };
  const { spec, operation } = target.application;
  const options = [...(spec.syncPolicy?.syncOptions ?? []), ...(operation?.sync?.syncOptions ?? [])];
  const creates = options.includes('CreateNamespace=true') && namespace.name !== '';
  const all = [...inventory, ...(creates ? [namespace] : []), ...refs];
  return [...new Map(all.map((ref) => [keyText(ref), ref])).values()];
}

/**
 * The evaluation after `live` has moved on, with no request. What was `sent` in this very run is as desired, by the API server's answer;
 * what did not move keeps its verdict; anything else that differs is OutOfSync until it is looked at again.
 */
export async function reevaluate(
  target: Target,
  before: Evaluation,
  live: ReadonlyMap<string, LiveObject>,
  sent: ReadonlySet<string>,
  ports: JudgePorts,
): Promise<Evaluation> {
  const targets = targetsOf(target, before.desired, before.hooks, live);
  const settled = new Set(before.comparison.resources.filter((row) => row.status === 'Synced').map((row) => keyText(row.key)));
  const stands = (key: string, object: LiveObject) => sent.has(key) || (settled.has(key) && before.live.get(key) === object);
  const known = new Map([...live].filter(([key, object]) => stands(key, object)));
  return { ...before, live, ...(await judge(target, pairObjects(targets, [...live.values()]), ports, known)) };
}
