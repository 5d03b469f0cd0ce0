// Scripts of rounds in test/cases/sync: what the cluster shows at the start of each invocation, the steps that follow, what is asked of it,
// the rows that are kept and the message. A round without live.yaml begins with the cluster as the round before left it.
import { readdirSync } from 'node:fs';
import { describe, test } from 'vitest';
import { TRACKING_ID } from '../../../lib/model/annotations.ts';
import { keyOf, type LiveObject, type Manifest, type ResourceKey } from '../../../lib/model/manifest.ts';
import type { OperationState, ResourceResult, SyncOperation } from '../../../lib/model/operation.ts';
import type { Step } from '../../../lib/sync/next.ts';
import { rowId, type SyncTask } from '../../../lib/sync/task.ts';
import { casesOf, type GoldenCase } from '../../support/cases.ts';
import { INSTANCE, invoke, type Nature, NOW, Simulator, type Sync } from '../../support/simulator.ts';

/** operation.yaml */
interface Asked {
  readonly sync?: SyncOperation;
  readonly destinationNamespace?: string;
  readonly managedNamespaceMetadata?: Sync['managedNamespaceMetadata'];
}

/** N/round.yaml: what happens besides what live.yaml shows; objects are named `Kind/name`. */
interface Happening {
  readonly phase?: 'Terminating';
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

const START: OperationState = {
  operation: {},
  phase: 'Running',
  startedAt: NOW,
  syncResult: { revision: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', source: { repoURL: 'https://git.example/shop.git' } },
};

describe('a sync in which', () => {
  test.each(casesOf('sync'))('$name', (golden) => {
    const asked = (golden.read('operation.yaml') ?? {}) as Asked; // the shapes of case files are theirs to keep
    const namespace = asked.destinationNamespace ?? 'shop';
    const desired = (golden.readAll('desired.yaml') as Manifest[]).map((manifest) => tracked(manifest, namespace));
    let state: OperationState = { ...START, operation: { sync: asked.sync ?? {} } };
    let live: readonly LiveObject[] = [];
    for (const round of roundsOf(golden)) {
      const happening = (golden.read(`${round}/round.yaml`) ?? {}) as Happening;
      const cluster = clusterOf(golden, round, live, happening, namespace);
      const sync: Sync = {
        desired,
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
      const { phase, message } = done.state;
      const rows = (done.state.syncResult?.resources ?? []).map(rowText);
      golden.check({ steps: done.steps.map(stepText), requests, phase, message, rows }, `${round}/expected.yaml`);
      if (!happening.lost) state = done.state;
      live = [...cluster.live.values()];
    }
  });
});

function roundsOf(golden: GoldenCase): readonly string[] {
  const rounds = golden.files.filter((file) => /^\d+$/.test(file)).sort((a, b) => Number(a) - Number(b));
  if (rounds.length === 0 || readdirSync(`${golden.dir}/${rounds[0]}`).length === 0) throw new Error(`${golden.name}: no rounds`);
  return rounds;
}

function clusterOf(golden: GoldenCase, round: string, before: readonly LiveObject[], happening: Happening, namespace: string): Simulator {
  const shown = golden.files.includes(round) && readdirSync(`${golden.dir}/${round}`).includes('live.yaml');
  const given = (golden.readAll(`${round}/live.yaml`) as LiveObject[]).map((object) => tracked(object, namespace));
  const objects = (shown ? given : before).map((object) => ({ ...object, ...statusOf(object, happening) }));
  const nature = (key: ResourceKey) => ({ refusal: happening.faults?.[shortName(key)], ...happening.natures?.[shortName(key)] });
  return new Simulator(objects, nature, Date.parse(START.startedAt) + (happening.seconds ?? 0) * 1000);
}

function statusOf(object: LiveObject, { status }: Happening): { readonly status?: unknown } {
  const now = status?.[shortName(keyOf(object))];
  return now === undefined ? {} : { status: now };
}

/** What a render sets: the destination's namespace where none is, except on kinds of the cluster, and the tracking id. */
function tracked(manifest: Manifest, namespace: string): Manifest {
  const ofCluster = ['Namespace', 'CustomResourceDefinition', 'ClusterRole', 'PriorityClass', 'StorageClass'].includes(manifest.kind);
  const metadata = { ...manifest.metadata, ...(ofCluster ? {} : { namespace: manifest.metadata.namespace ?? namespace }) };
  const { group, kind, name } = keyOf(manifest);
  const id = `${INSTANCE}:${group}/${kind}:${metadata.namespace ?? namespace}/${name}`;
  return { ...manifest, metadata: { ...metadata, annotations: { [TRACKING_ID]: id, ...metadata.annotations } } };
}

function shortName({ kind, name }: ResourceKey): string {
  return `${kind}/${name}`;
}

function namesOf(tasks: readonly SyncTask[]): readonly string[] {
  return tasks.map(({ key }) => shortName(key));
}

/** A step as people would say it. */
function stepText(step: Step): unknown {
  switch (step.kind) {
    case 'run': {
      const tasks = [...step.prune, ...step.apply.flat()];
      const waves = [...new Set(tasks.map(({ phase, wave }) => `${phase} ${wave}`))].join(', ');
      const prune = step.prune.length > 0 ? { prune: namesOf(step.prune) } : {};
      return { run: waves, ...prune, ...(step.apply.length > 0 ? { apply: step.apply.map(namesOf) } : {}) };
    }
    case 'recreate':
      return { recreate: namesOf(step.tasks), message: step.message };
    case 'wait':
      return { wait: step.afterSeconds, message: step.message };
    case 'release':
      return { release: namesOf(step.hooks) };
    case 'deleteHooks':
      return { deleteHooks: namesOf(step.hooks), message: step.message };
    case 'finish':
      return {
        finish: step.phase,
        message: step.message,
        ...(step.deleteHooks.length > 0 ? { deleteHooks: namesOf(step.deleteHooks) } : {}),
        ...(step.release.length > 0 ? { release: namesOf(step.release) } : {}),
      };
  }
}

/** What the cluster is asked for, as `apply Kind/name`; saving is between us and the control cluster. */
function requestOf(action: string): readonly string[] {
  const [verb = '', key = ''] = action.split(' ');
  const [, kind, , name] = key.split('/');
  return verb === 'save' ? [] : [`${verb} ${kind}/${name}`];
}

function rowText(row: ResourceResult): string {
  const hook = row.hookType ? ' (hook)' : '';
  const images = row.images ? ` (${row.images.join(', ')})` : '';
  return `${rowId(row)}${hook} ${row.hookPhase} ${row.status ?? 'without code'}: ${row.message ?? ''}${images}`;
}
