// The run's control plane as a player of sync scripts: the real comparison, plan and advanceSync over the real adapter. What a script says
// of the API server is said by an admission webhook.
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { createScripts } from '../../lib/adapters/scripts/scripts.ts';
import { HOOK_FINALIZER } from '../../lib/model/annotations.ts';
import { parseApplication } from '../../lib/model/application.ts';
import { keyOf, type Manifest } from '../../lib/model/manifest.ts';
import type { OperationState } from '../../lib/model/operation.ts';
import { parseProject } from '../../lib/model/project.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import type { Cluster, ObjectRef } from '../../lib/ports.ts';
import { type Evaluation, held } from '../../lib/reconcile/evaluate.ts';
import { healthsOf } from '../../lib/reconcile/healths.ts';
import { takeOverIn } from '../../lib/reconcile/judge.ts';
import { operationId, withRows } from '../../lib/reconcile/operation.ts';
import type { Target } from '../../lib/reconcile/target.ts';
import { timeText } from '../../lib/reconcile/time.ts';
import { beginning, leftHooks, type PlanInput, planSync } from '../../lib/sync/plan.ts';
import { advanceSync, type SyncPorts } from '../../lib/sync/run.ts';
import type { World } from '../world/world.ts';
import { DEFINITIONS } from './real-objects.ts';
import { refusalBy, refusalOfBinding } from './real-refusals.ts';
import { RealStage, type Shared } from './real-stage.ts';
import { type Judge, startRefusingWebhook } from './refusing-webhook.ts';
import { INSTANCE } from './simulator.ts';
import { natureOf, type Round, rowTexts, START, type SyncScript, shortName } from './sync-script.ts';

/** How a round ended, in the words of its case. */
export interface RealRound {
  readonly phase: string;
  readonly message: string;
  readonly rows: readonly string[];
  /** What the cluster was asked to apply, delete and let go, each once, as `apply Kind/name`. */
  readonly requests: readonly string[];
  /** What is there then. */
  readonly left: readonly string[];
}

export interface RealCluster {
  /** Every round of a script, in namespaces of its own. */
  play(script: SyncScript): Promise<readonly RealRound[]>;
  close(): Promise<void>;
}

interface Judging extends Shared {
  /** How the webhook judges, by namespace; definitions of kinds by their names. */
  readonly judges: Map<string, Judge>;
}

export async function startRealCluster(here: World): Promise<RealCluster> {
  const cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  const judges = new Map<string, Judge>();
  const judge: Judge = (asked) => refusalOfBinding(asked) ?? judges.get(asked.namespace || asked.name)?.(asked);
  const webhook = await startRefusingWebhook(here, DEFINITIONS, judge);
  return {
    play: (script) => new Play({ here, cluster, labels: webhook.labels, judges }, script).rounds(),
    close: async () => {
      await webhook.close();
      await cluster.close();
      here.api.close();
    },
  };
}

const SOURCE = { repoURL: 'https://git.example/shop.git', path: '.' };
const SERVER = 'https://kubernetes.default.svc';
const CONTROL = 'argocd';
const PROJECT = parseProject({
  metadata: { name: 'default' },
  spec: { destinations: [{ server: '*', namespace: '*' }], clusterResourceWhitelist: [{ group: '*', kind: '*' }] },
});
const SCRIPTS = createScripts();
/** So often a round goes on with what is gone by then. */
const AGAIN = 10;

class Play {
  readonly #shared: Judging;
  readonly #script: SyncScript;
  readonly #stage: RealStage;
  readonly #requests = new Set<string>();

  constructor(shared: Judging, script: SyncScript) {
    this.#shared = shared;
    this.#script = script;
    this.#stage = new RealStage(shared, script);
  }

  async rounds(): Promise<readonly RealRound[]> {
    const stage = this.#stage;
    await stage.prepare();
    let state: OperationState = { ...START, operation: { sync: this.#asked() }, startedAt: timeText(stage.startedAt) };
    const rounds: RealRound[] = [];
    for (const round of this.#script.rounds) {
      await stage.begin(round);
      this.#requests.clear();
      const next = await this.#play(round, { ...state, phase: round.happening.phase ?? state.phase });
      const requests = [...this.#requests].map((request) => stage.told(request)).sort();
      const rows = rowTexts(next).map((row) => stage.told(row));
      rounds.push({ phase: next.phase, message: stage.told(next.message ?? ''), rows, requests, left: await stage.left() });
      if (!round.happening.lost) state = next;
    }
    await stage.close();
    return rounds;
  }

  #asked() {
    const { sync = {} } = this.#script.asked;
    const { names } = this.#stage;
    const named = sync.resources?.map((one) => (one.namespace ? { ...one, namespace: names.namespace(one.namespace) } : one));
    return { ...sync, ...(named && { resources: named }) };
  }

  /** What is gone at once on the simulator takes a moment here: the round goes on until it is as its case has it, or waits for more. */
  async #play(round: Round, before: OperationState): Promise<OperationState> {
    const { message } = this.#script.golden.read(`${round.name}/expected.yaml`) as { readonly message: string };
    let state = before;
    for (let times = 0; times < AGAIN; times += 1) {
      state = await this.#invoke(round, state);
      await this.#stage.settled();
      const told = this.#stage.told(state.message ?? '');
      if (told === message || !told.startsWith('waiting for deletion of ')) break;
    }
    return state;
  }

  async #invoke(round: Round, recorded: OperationState): Promise<OperationState> {
    const { happening } = round;
    const { startedAt } = this.#stage;
    const target = this.#target();
    const own = await this.#compared(target, recorded);
    const state = beginning(this.#planInput(own, recorded));
    const sync = state.operation.sync ?? {};
    const now = this.#stage.timeAfter(happening.seconds ?? 0, own.live);
    const planned = planSync(this.#planInput(own, state));
    const input = {
      tasks: planned,
      phase: state.phase === 'Terminating' ? ('Terminating' as const) : ('Running' as const),
      operation: sync,
      startedAt,
      operationId: operationId(state),
      refusals: this.#refusals(happening.refusals ?? {}),
      deletionApproved: happening.deletionApproved === true,
      overBudget: happening.overBudget ?? false,
      overdue: happening.overdue ?? false,
      now,
      left: leftHooks(own.comparison, planned),
    };
    const ports: SyncPorts = {
      cluster: noting(this.#shared.cluster, (request) => this.#requests.add(request)),
      clock: () => now,
      confirm: async () => undefined,
      save: async () => undefined,
      health: async (live) => (await healthsOf([live], DEFAULT_RESOURCE_SETTINGS, SCRIPTS))[0],
      keep: async () => undefined,
      takeOver: takeOverIn(target.application, sync.syncOptions ?? []),
      refusal: async () => undefined,
      prepare: ({ target: manifest }) => manifest ?? { apiVersion: '', kind: '', metadata: {} },
    };
    const { tasks, phase, message } = await this.#judged(round, () => advanceSync(input, ports, Number.POSITIVE_INFINITY));
    return { ...withRows(state, tasks), phase, message };
  }

  /** While the API server treats objects as the round says. */
  async #judged<T>(round: Round, work: () => Promise<T>): Promise<T> {
    const { judges } = this.#shared;
    const names = [...this.#stage.known.values()].map((ref) => ref.namespace || ref.name);
    const judge: Judge = (asked) => {
      const name = this.#stage.names.told(asked.name || asked.object?.metadata.name || '');
      return refusalBy(natureOf({ ...asked.kind, namespace: '', name }, round.happening), asked);
    };
    for (const name of names) judges.set(name, judge);
    try {
      return await work();
    } finally {
      for (const name of names) judges.delete(name);
    }
  }

  #refusals(said: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    const named = (row: string) => row.replace(`/${this.#script.namespace}/`, `/${this.#stage.namespace}/`);
    return new Map(Object.entries(said).map(([row, text]) => [named(row), text]));
  }

  #target(): Target {
    const { namespace, known } = this.#stage;
    const { sync, managedNamespaceMetadata } = this.#script.asked;
    const destination = { server: SERVER, namespace };
    const application = parseApplication({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: INSTANCE, namespace: CONTROL },
      spec: { project: 'default', source: SOURCE, destination, syncPolicy: { syncOptions: sync?.syncOptions, managedNamespaceMetadata } },
      status: { resources: [...known.values()] },
    });
    return {
      application,
      project: PROJECT,
      destination: { ...destination, clusterName: 'in-cluster' },
      cluster: this.#shared.cluster,
      controlNamespace: CONTROL,
      resources: DEFAULT_RESOURCE_SETTINGS,
    };
  }

  #compared(target: Target, { startedAt, syncResult }: OperationState): Promise<Evaluation> {
    const revisions = [syncResult?.revision ?? ''];
    const request = { sources: [SOURCE], revisions, operationStartedAt: startedAt, notBefore: 0 };
    const rendered = { sourceTypes: [], conditions: [], closure: { sources: [] }, revisions, manifests: this.#stage.desired };
    return held(target, request, rendered, { scripts: SCRIPTS });
  }

  #planInput({ comparison, hooks, live }: Evaluation, operationState: OperationState): PlanInput {
    const { managedNamespaceMetadata } = this.#script.asked;
    return { operationState, comparison, hooks, live, destinationNamespace: this.#stage.namespace, managedNamespaceMetadata };
  }
}

/** Replacing, and asking whether an object could be created, are ways to apply it. */
const NOTED: Readonly<Record<string, (what: never, patch: unknown) => string | undefined>> = {
  apply: nameOfApply,
  create: nameOfApply,
  replace: nameOfApply,
  delete: (ref: ObjectRef) => `delete ${shortName(ref)}`,
  patch: (ref: ObjectRef, patch) => (JSON.stringify(patch).includes(HOOK_FINALIZER) ? `release ${shortName(ref)}` : undefined),
};

function nameOfApply(manifest: Manifest): string {
  return `apply ${shortName(keyOf(manifest))}`;
}

function noting(cluster: OpenCluster, note: (request: string) => void): Cluster {
  return new Proxy(cluster, {
    get: (of, name) => {
      const value: unknown = Reflect.get(of, name);
      if (typeof value !== 'function') return value;
      return (...given: readonly [never, unknown]) => {
        const text = NOTED[String(name)]?.(...given);
        if (text !== undefined) note(text);
        return Reflect.apply(value, of, given);
      };
    },
  });
}
