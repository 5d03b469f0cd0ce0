// Scripts of rounds in test/cases/sync: what the cluster shows at the start of each invocation, and what happens besides. The simulator and
// the real control plane play them alike; a round without live.yaml begins with the cluster as the round before left it.
import { readdirSync } from 'node:fs';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import { keyOf, type LiveObject, type Manifest, type ResourceKey } from '../../lib/model/manifest.ts';
import type { OperationState, ResourceResult, SyncOperation } from '../../lib/model/operation.ts';
import { rowId } from '../../lib/sync/task.ts';
import { casesOf, type GoldenCase } from './cases.ts';
import { INSTANCE, type Invocation, invoke, type Nature, NOW, Simulator, type Sync } from './simulator.ts';

/** operation.yaml */
interface Asked {
  readonly sync?: SyncOperation;
  readonly destinationNamespace?: string;
  readonly managedNamespaceMetadata?: Sync['managedNamespaceMetadata'];
}

/** N/round.yaml: what happens besides what live.yaml shows; objects are named `Kind/name`. */
export interface Happening {
  /** What the record says now; `Running` after an end: the worker was lost before it wrote that. */
  readonly phase?: 'Terminating' | 'Running';
  readonly deletionApproved?: boolean;
  /** The sync has taken its time. */
  readonly overdue?: boolean;
  /** It would prune more than its project lets it. */
  readonly overBudget?: boolean;
  /** Why tasks may not run, by row id. */
  readonly refusals?: Readonly<Record<string, string>>;
  /** What the API server answers to an apply or delete. */
  readonly faults?: Readonly<Record<string, string>>;
  /** How else the API server treats objects. */
  readonly natures?: Readonly<Record<string, Nature>>;
  /** Since the operation began. */
  readonly seconds?: number;
  /** What became of objects since the last round. */
  readonly status?: Readonly<Record<string, unknown>>;
  /** The record of the last round was never written. */
  readonly lost?: boolean;
}

export interface Round {
  /** `1`, `2` … */
  readonly name: string;
  readonly happening: Happening;
  /** The whole cluster; undefined: as it was left. */
  readonly shown: readonly LiveObject[] | undefined;
}

/** Objects as the files have them: without what a render sets. */
export interface SyncScript {
  readonly golden: GoldenCase;
  readonly asked: Asked;
  /** The destination's. */
  readonly namespace: string;
  readonly desired: readonly Manifest[];
  readonly rounds: readonly Round[];
}

/** The record before the first step; its operation is the script's to say. */
export const START: OperationState = {
  operation: {},
  phase: 'Running',
  startedAt: NOW,
  syncResult: { revision: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', source: { repoURL: 'https://git.example/shop.git' } },
};

export function syncScripts(): readonly SyncScript[] {
  return casesOf('sync').map(scriptOf);
}

function scriptOf(golden: GoldenCase): SyncScript {
  const asked = (golden.read('operation.yaml') ?? {}) as Asked; // the shapes of case files are theirs to keep
  const rounds = golden.files.filter((file) => /^\d+$/.test(file)).sort((a, b) => Number(a) - Number(b));
  if (rounds.length === 0 || readdirSync(`${golden.dir}/${rounds[0]}`).length === 0) throw new Error(`${golden.name}: no rounds`);
  return {
    golden,
    asked,
    namespace: asked.destinationNamespace ?? 'shop',
    desired: golden.readAll('desired.yaml') as Manifest[],
    rounds: rounds.map((name) => roundOf(golden, name)),
  };
}

function roundOf(golden: GoldenCase, name: string): Round {
  const shows = readdirSync(`${golden.dir}/${name}`).includes('live.yaml');
  const shown = shows ? (golden.readAll(`${name}/live.yaml`) as LiveObject[]) : undefined;
  return { name, happening: (golden.read(`${name}/round.yaml`) ?? {}) as Happening, shown };
}

/** A round as the simulator played it. */
export interface Played {
  readonly round: Round;
  readonly done: Invocation;
  /** What the cluster was asked for, as `apply Kind/name`. */
  readonly requests: readonly string[];
  /** The cluster at its end. */
  readonly live: readonly LiveObject[];
}

/** Every round on the simulator. */
export function simulated({ asked, namespace, desired, rounds }: SyncScript): readonly Played[] {
  let state: OperationState = { ...START, operation: { sync: asked.sync ?? {} } };
  let live: readonly LiveObject[] = [];
  return rounds.map((round) => {
    const { happening } = round;
    const cluster = clusterOf(round, live, namespace);
    const sync: Sync = {
      desired: desired.map((manifest) => tracked(manifest, namespace)),
      state: { ...state, phase: happening.phase ?? state.phase },
      destinationNamespace: namespace,
      managedNamespaceMetadata: asked.managedNamespaceMetadata,
      deletionApproved: happening.deletionApproved === true,
      overdue: happening.overdue,
      overBudget: happening.overBudget,
      refusals: new Map(Object.entries(happening.refusals ?? {})),
    };
    const requests: string[] = [];
    const done = invoke(sync, cluster, (name) => requests.push(...requestOf(name)));
    if (!happening.lost) state = done.state;
    live = [...cluster.live.values()];
    return { round, done, requests, live };
  });
}

function clusterOf({ shown, happening }: Round, before: readonly LiveObject[], namespace: string): Simulator {
  const given = shown?.map((object) => tracked(object, namespace));
  const objects = (given ?? before).map((object) => ({ ...object, ...statusOf(object, happening) }));
  return new Simulator(objects, (key) => natureOf(key, happening), Date.parse(START.startedAt) + (happening.seconds ?? 0) * 1000);
}

/** How the API server treats an object in a round. */
export function natureOf(key: ResourceKey, { faults, natures }: Happening): Nature {
  return { refusal: faults?.[shortName(key)], ...natures?.[shortName(key)] };
}

function statusOf(object: LiveObject, { status }: Happening): { readonly status?: unknown } {
  const now = status?.[shortName(keyOf(object))];
  return now === undefined ? {} : { status: now };
}

const OF_CLUSTER = ['Namespace', 'CustomResourceDefinition', 'ClusterRole', 'PriorityClass', 'StorageClass'];

/** Whether a kind of the cases lives in no namespace. */
export function isOfCluster({ kind }: Pick<Manifest, 'kind'>): boolean {
  return OF_CLUSTER.includes(kind);
}

/** What a render sets: the destination's namespace where none is, except on kinds of the cluster, and the tracking id. */
export function tracked<T extends Manifest>(manifest: T, namespace: string): T {
  const metadata = { ...manifest.metadata, ...(isOfCluster(manifest) ? {} : { namespace: manifest.metadata.namespace ?? namespace }) };
  const { group, kind, name } = keyOf(manifest);
  const id = `${INSTANCE}:${group}/${kind}:${metadata.namespace ?? namespace}/${name}`;
  return { ...manifest, metadata: { ...metadata, annotations: { [TRACKING_ID]: id, ...metadata.annotations } } };
}

export function shortName({ kind, name }: Pick<ResourceKey, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

/** The objects, by name; Namespaces are for whoever plays to have. */
export function whatIsThere(live: readonly LiveObject[]): readonly string[] {
  const objects = live.filter(({ kind }) => kind !== 'Namespace');
  return objects.map((object) => `${shortName(keyOf(object))}${object.metadata.deletionTimestamp ? ' leaves' : ''}`).sort();
}

/** What the cluster is asked for; saving is between us and the control cluster. */
function requestOf(action: string): readonly string[] {
  const [verb = '', key = ''] = action.split(' ');
  const [, kind, , name] = key.split('/');
  return verb === 'save' ? [] : [`${verb} ${kind}/${name}`];
}

/** The rows of a record as people would say them. */
export function rowTexts({ syncResult }: OperationState): readonly string[] {
  return (syncResult?.resources ?? []).map(rowText);
}

function rowText(row: ResourceResult): string {
  const hook = row.hookType ? ' (hook)' : '';
  const images = row.images ? ` (${row.images.join(', ')})` : '';
  return `${rowId(row)}${hook} ${row.hookPhase} ${row.status ?? 'without code'}: ${row.message ?? ''}${images}`;
}
