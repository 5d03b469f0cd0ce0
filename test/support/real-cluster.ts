// The run's control plane as a player of sync scripts: the real comparison, plan and advanceSync over the real adapter. What a script says
// of the API server is said by an admission webhook; what it says of controllers is written into the status of objects.
import { isDeepStrictEqual } from 'node:util';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { createScripts } from '../../lib/adapters/scripts/scripts.ts';
import { parseApplication } from '../../lib/model/application.ts';
import { groupVersionOf, gvkOf, keyOf, keyText, type LiveObject, type Manifest } from '../../lib/model/manifest.ts';
import type { OperationState } from '../../lib/model/operation.ts';
import { parseProject } from '../../lib/model/project.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import type { ObjectRef } from '../../lib/ports.ts';
import { type Evaluation, held } from '../../lib/reconcile/evaluate.ts';
import { healthsOf } from '../../lib/reconcile/healths.ts';
import { takeOverIn } from '../../lib/reconcile/judge.ts';
import { operationId, withRows } from '../../lib/reconcile/operation.ts';
import type { Target } from '../../lib/reconcile/target.ts';
import { timeText } from '../../lib/reconcile/time.ts';
import { beginning, type PlanInput, planSync } from '../../lib/sync/plan.ts';
import { advanceSync, type SyncPorts } from '../../lib/sync/run.ts';
import { collectionPath, eventually, type World } from '../world/world.ts';
import { DEFINITIONS, definitionOf, isMadeUp, type Names, ownNames, realStatus } from './real-objects.ts';
import { type AdmissionRequest, type Judge, REFUSED_BY_WEBHOOK, type RefusingWebhook, startRefusingWebhook } from './refusing-webhook.ts';
import { INSTANCE, type Nature } from './simulator.ts';
import { isOfCluster, natureOf, type Round, rowTexts, START, type SyncScript, shortName, tracked, whatIsThere } from './sync-script.ts';

/** How a round ended, in the words of its case. */
export interface RealRound {
  readonly round: Round;
  readonly phase: string;
  readonly message: string | undefined;
  readonly rows: readonly string[];
  /** What is there then. */
  readonly left: readonly string[];
}

export interface RealCluster {
  /** Every round of a script, in namespaces of its own. */
  play(script: SyncScript): Promise<readonly RealRound[]>;
  close(): Promise<void>;
}

interface Stage {
  readonly here: World;
  readonly cluster: OpenCluster;
  readonly webhook: RefusingWebhook;
  /** How the webhook judges, by namespace; definitions of kinds by their names. */
  readonly judges: Map<string, Judge>;
}

export async function startRealCluster(here: World): Promise<RealCluster> {
  const cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  const judges = new Map<string, Judge>();
  const webhook = await startRefusingWebhook(
    here,
    DEFINITIONS,
    (asked) => judgeClaim(asked) ?? judges.get(asked.namespace || asked.name)?.(asked),
  );
  const stage = { here, cluster, webhook, judges };
  return {
    play: (script) => new Play(stage, script).rounds(),
    close: async () => {
      await webhook.close();
      await cluster.close();
      here.api.close();
    },
  };
}

/** Who binds claims would have its own word on how they do. */
function judgeClaim({ subResource, userInfo }: AdmissionRequest): ReturnType<Judge> {
  const binds = subResource === 'status' && userInfo.username.endsWith(':persistent-volume-binder');
  return binds ? { code: 403, message: 'the test says how claims do' } : undefined;
}

const SOURCE = { repoURL: 'https://git.example/shop.git', path: '.' };
const SERVER = 'https://kubernetes.default.svc';
const CONTROL = 'argocd';
const PROJECT = parseProject({
  metadata: { name: 'default' },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
});
const SCRIPTS = createScripts();
/** Finalizers that the control plane takes off by itself. */
const PASSING = ['foregroundDeletion', 'kubernetes.io/pvc-protection'];
const SLOW = 'example.org/slow';
const AGAIN = 10;

class Play {
  readonly #stage: Stage;
  readonly #script: SyncScript;
  readonly #names: Names = ownNames();
  readonly #namespace: string;
  readonly #desired: readonly Manifest[];
  /** All that the script ever shows. */
  readonly #known: ReadonlyMap<string, ObjectRef>;
  readonly #defined: Manifest[] = [];
  #startedAt = 0;

  constructor(stage: Stage, script: SyncScript) {
    this.#stage = stage;
    this.#script = script;
    this.#namespace = this.#names.namespace(script.namespace);
    this.#desired = script.desired.map((manifest) => this.#real(manifest));
    const shown = script.rounds.flatMap((round) => round.shown ?? []).map((object) => this.#real(object));
    this.#known = new Map([...this.#desired, ...shown].map((object) => [keyText(keyOf(object)), refOf(object)]));
  }

  async rounds(): Promise<readonly RealRound[]> {
    await this.#prepare();
    let state: OperationState = { ...START, operation: { sync: this.#asked() }, startedAt: timeText(this.#startedAt) };
    const rounds: RealRound[] = [];
    for (const round of this.#script.rounds) {
      await this.#begin(round);
      const next = await this.#play(round, { ...state, phase: round.happening.phase ?? state.phase });
      const rows = rowTexts(next).map((row) => this.#told(row));
      rounds.push({ round, phase: next.phase, message: this.#told(next.message ?? ''), rows, left: await this.#left() });
      if (!round.happening.lost) state = next;
    }
    for (const made of await this.#ofCluster()) await this.#stage.cluster.delete(refOf(made));
    return rounds;
  }

  #real<T extends Manifest>(manifest: T): T {
    return tracked(this.#names.manifest(manifest), this.#namespace);
  }

  #told(text: string): string {
    const shift = Date.parse(START.startedAt) - this.#startedAt;
    return this.#names
      .told(text)
      .replace(REFUSED_BY_WEBHOOK, '')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => new Date(Date.parse(time) + shift).toISOString());
  }

  #asked() {
    const { sync = {} } = this.#script.asked;
    const { resources } = sync;
    const named = resources?.map((one) => (one.namespace ? { ...one, namespace: this.#names.namespace(one.namespace) } : one));
    return { ...sync, ...(named && { resources: named }) };
  }

  /** Namespaces, and what is there before the operation begins. */
  async #prepare(): Promise<void> {
    const { asked, rounds } = this.#script;
    const first = (rounds[0]?.shown ?? []).filter((object) => !this.#isLater(object)).map((object) => this.#real(object));
    const objects = [...this.#desired, ...first];
    const isMade = (name: string) => [...first].some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === name);
    const comes = (name: string) =>
      this.#desired.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === name) ||
      (name === this.#namespace && asked.sync?.syncOptions?.includes('CreateNamespace=true') === true);
    const namespaces = new Set([this.#namespace, ...objects.flatMap(({ metadata }) => metadata.namespace ?? [])]);
    for (const name of namespaces) {
      if (isMade(name) || comes(name)) continue;
      await this.#stage.here.create('v1', 'namespaces', undefined, { metadata: { name, labels: this.#stage.webhook.labels } });
    }
    for (const object of first) await this.#show(object);
    // Times are told to the second, and objects from before are told by them.
    this.#startedAt = (Math.floor(Date.now() / 1000) + 1) * 1000;
    if (first.length > 0) await new Promise((resolve) => setTimeout(resolve, this.#startedAt - Date.now()));
    else this.#startedAt -= 1000;
  }

  /** Whether an object that is shown at the beginning came with the operation. */
  #isLater({ metadata: { creationTimestamp = '', annotations } }: LiveObject): boolean {
    return creationTimestamp >= START.startedAt || Object.values(annotations ?? {}).some((text) => text.startsWith(START.startedAt));
  }

  /** The cluster as the round shows it. */
  async #begin({ shown, happening }: Round): Promise<void> {
    await this.#serve(happening.natures ?? {});
    if (shown) await this.#showAll(shown.map((object) => this.#real(object)));
    for (const live of (await this.#read()).values()) {
      const status = happening.status?.[shortName(keyOf(live))];
      if (status !== undefined) await this.#setStatus(live, status);
      const lingers = (natureOf(keyOf(live), happening).lingers ?? 0) > 0;
      const { finalizers = [], deletionTimestamp } = live.metadata;
      if (lingers && finalizers.length === 0 && !deletionTimestamp) await this.#patch(live, { metadata: { finalizers: [SLOW] } });
    }
  }

  /** Made-up kinds are served, unless the script says otherwise or brings their definition itself. */
  async #serve(natures: Readonly<Record<string, Nature>>): Promise<void> {
    const { cluster } = this.#stage;
    for (const manifest of this.#desired.filter(isMadeUp)) {
      const { unserved = false, otherVersion } = natures[shortName(keyOf(manifest))] ?? {};
      const definition = definitionOf(manifest, otherVersion);
      const known = [...this.#defined, ...this.#desired].some((other) => other.metadata.name === definition.metadata.name);
      if (unserved || known) continue;
      this.#defined.push(definition);
      await cluster.create(definition);
      const version = otherVersion ?? groupVersionOf(manifest.apiVersion).version;
      await eventually(async () => {
        if (!(await cluster.resourceType({ ...gvkOf(manifest), version }))) throw new Error(`${keyText(keyOf(manifest))} is not served`);
      });
    }
  }

  async #showAll(shown: readonly LiveObject[]): Promise<void> {
    const keys = new Set(shown.map((object) => keyText(keyOf(object))));
    for (const [key, live] of await this.#read()) if (!keys.has(key) && !isOfCluster(live)) await this.#drop(live);
    for (const object of shown) await this.#show(object);
  }

  async #show(object: LiveObject): Promise<void> {
    const { cluster } = this.#stage;
    const { status, ...rest } = object;
    const { deletionTimestamp, creationTimestamp: _at, finalizers, annotations = {}, ...metadata } = rest.metadata;
    const there = await cluster.get(refOf(object));
    const leaves = there?.metadata.deletionTimestamp !== undefined && deletionTimestamp === undefined;
    if (there && leaves) await this.#drop(there);
    const times = Object.entries(annotations).map(([name, text]) => [name, text.replace(START.startedAt, timeText(this.#startedAt))]);
    const held = deletionTimestamp ? { finalizers: [SLOW] } : finalizers && { finalizers };
    const made = { ...rest, metadata: { ...metadata, ...held, annotations: Object.fromEntries(times) } };
    if (there && !leaves) await this.#setStatus(there, status);
    else await this.#setStatus(await this.#create(made), status);
    if (deletionTimestamp) await cluster.delete(refOf(object), { propagation: 'Background' });
  }

  /** By somebody else. */
  async #create(object: Manifest): Promise<LiveObject> {
    const body = object.kind === 'Namespace' ? labelled(object, this.#stage.webhook.labels) : object;
    const path = `${await this.#collection(object)}?fieldManager=somebody`;
    return (await this.#stage.here.api.send(path, { method: 'POST', body })) as LiveObject; // the API server answers with the object
  }

  /** Without waiting for whatever holds it. */
  async #drop(live: LiveObject): Promise<void> {
    const { cluster } = this.#stage;
    const ref = refOf(live);
    await cluster.delete(ref, { propagation: 'Background' });
    await eventually(async () => {
      const there = await cluster.get(ref);
      if (!there) return;
      await this.#patch(there, { metadata: { finalizers: null } });
      throw new Error(`${keyText(ref)} is still there`);
    });
  }

  async #setStatus(live: LiveObject, status: unknown): Promise<void> {
    if (status === undefined || live.kind === 'Namespace') return;
    await this.#patch(live, { status: realStatus(live, status, new Date().toISOString()) }, '/status');
  }

  async #patch(live: LiveObject, body: object, subresource = ''): Promise<void> {
    const path = `${await this.#collection(live)}/${live.metadata.name}${subresource}`;
    await this.#stage.here.api.send(path, { method: 'PATCH', body });
  }

  async #collection(object: Manifest): Promise<string> {
    const type = await this.#stage.cluster.resourceType(gvkOf(object));
    return collectionPath(object.apiVersion, type?.plural ?? object.kind, object.metadata.namespace);
  }

  /** Invocations until the round is as its case has it, or nothing is waited for that goes by itself. */
  async #play(round: Round, before: OperationState): Promise<OperationState> {
    const { message } = this.#script.golden.read(`${round.name}/expected.yaml`) as { readonly message: string };
    let state = before;
    for (let times = 0; times < AGAIN; times += 1) {
      state = await this.#invoke(round, state);
      await this.#settled();
      const told = this.#told(state.message ?? '');
      if (told === message || !told.startsWith('waiting for deletion of ')) break;
    }
    return state;
  }

  async #invoke(round: Round, recorded: OperationState): Promise<OperationState> {
    const { happening } = round;
    const target = this.#target();
    const own = await this.#compared(target, recorded);
    const state = beginning(this.#planInput(own, recorded));
    const sync = state.operation.sync ?? {};
    const now = this.#startedAt + (happening.seconds ?? 0) * 1000 + this.#late(own);
    const input = {
      tasks: planSync(this.#planInput(own, state)),
      phase: state.phase === 'Terminating' ? ('Terminating' as const) : ('Running' as const),
      operation: sync,
      startedAt: this.#startedAt,
      operationId: operationId(state),
      refusals: this.#refusals(happening.refusals ?? {}),
      deletionApproved: happening.deletionApproved === true,
      overBudget: happening.overBudget ?? false,
      overdue: happening.overdue ?? false,
      now,
    };
    const ports: SyncPorts = {
      cluster: this.#stage.cluster,
      clock: () => now,
      confirm: async () => undefined,
      save: async () => undefined,
      health: async (live) => (await healthsOf([live], DEFAULT_RESOURCE_SETTINGS, SCRIPTS))[0],
      keep: async () => undefined,
      takeOver: takeOverIn(target.application, sync.syncOptions ?? []),
      refusal: async () => undefined,
      prepare: ({ target: manifest }) => manifest ?? { apiVersion: '', kind: '', metadata: {} },
    };
    const judged = this.#judges(round);
    for (const [name, judge] of judged) this.#stage.judges.set(name, judge);
    const { tasks, phase, message } = await advanceSync(input, ports, Number.POSITIVE_INFINITY).finally(() => {
      for (const [name] of judged) this.#stage.judges.delete(name);
    });
    return { ...withRows(state, tasks), phase, message };
  }

  /** Deletions happen a little after the operation began, and seconds are counted from there. */
  #late({ live }: Evaluation): number {
    const times = [...live.values()].map(({ metadata }) => Date.parse(metadata.deletionTimestamp ?? '') - this.#startedAt);
    return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
  }

  #refusals(said: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    const { namespace } = this.#script;
    return new Map(Object.entries(said).map(([row, text]) => [row.replace(`/${namespace}/`, `/${this.#namespace}/`), text]));
  }

  #target(): Target {
    const { syncOptions } = this.#script.asked.sync ?? {};
    const { managedNamespaceMetadata } = this.#script.asked;
    const destination = { server: SERVER, namespace: this.#namespace };
    const application = parseApplication({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: INSTANCE, namespace: CONTROL },
      spec: { project: 'default', source: SOURCE, destination, syncPolicy: { syncOptions, managedNamespaceMetadata } },
      status: { resources: [...this.#known.values()] },
    });
    return {
      application,
      project: PROJECT,
      destination: { ...destination, clusterName: 'in-cluster' },
      cluster: this.#stage.cluster,
      controlNamespace: CONTROL,
      resources: DEFAULT_RESOURCE_SETTINGS,
    };
  }

  #compared(target: Target, { startedAt, syncResult }: OperationState): Promise<Evaluation> {
    const revisions = [syncResult?.revision ?? ''];
    const request = { sources: [SOURCE], revisions, operationStartedAt: startedAt, notBefore: 0 };
    const nothing = { sourceTypes: [], conditions: [], closure: { sources: [] } };
    return held(target, request, { ...nothing, revisions, manifests: this.#desired }, { scripts: SCRIPTS });
  }

  #planInput({ comparison, hooks, live }: Evaluation, operationState: OperationState): PlanInput {
    const { managedNamespaceMetadata } = this.#script.asked;
    return { operationState, comparison, hooks, live, destinationNamespace: this.#namespace, managedNamespaceMetadata };
  }

  /** How the webhook judges in this round, by namespace or name of a definition. */
  #judges(round: Round): ReadonlyMap<string, Judge> {
    const names = [...this.#known.values()].map((ref) => ref.namespace || ref.name);
    const judge: Judge = (asked) => {
      const name = this.#names.told(asked.name || asked.object?.metadata.name || '');
      return refusalBy(natureOf({ ...asked.kind, namespace: '', name }, round.happening), asked);
    };
    return new Map(names.map((name) => [name, judge]));
  }

  /** What goes by itself is gone. */
  #settled(): Promise<void> {
    return eventually(async () => {
      const going = [...(await this.#read()).values()].filter(isGoing);
      if (going.length > 0) throw new Error(`${going.map((live) => keyText(keyOf(live))).join(', ')} is still going`);
    }, 60_000);
  }

  async #read(): Promise<ReadonlyMap<string, LiveObject>> {
    const objects = await Promise.all([...this.#known.values()].map((ref) => this.#stage.cluster.get(ref)));
    return new Map(objects.flatMap((live) => (live ? [[keyText(keyOf(live)), live] as const] : [])));
  }

  async #left(): Promise<readonly string[]> {
    return whatIsThere([...(await this.#read()).values()]).map((name) => this.#names.told(name));
  }

  /** Namespaces go with the control plane. */
  async #ofCluster(): Promise<readonly Manifest[]> {
    const live = [...(await this.#read()).values()];
    return [...this.#defined, ...live.filter((object) => isOfCluster(object) && object.kind !== 'Namespace')];
  }
}

function refOf(object: Manifest): ObjectRef {
  return { ...keyOf(object), version: groupVersionOf(object.apiVersion).version };
}

function labelled(object: Manifest, labels: Readonly<Record<string, string>>): Manifest {
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, ...object.metadata.labels } } };
}

function isGoing({ metadata: { deletionTimestamp, finalizers = [] } }: LiveObject): boolean {
  return deletionTimestamp !== undefined && (finalizers.length === 0 || finalizers.some((name) => PASSING.includes(name)));
}

/** What the API server says to somebody who is no controller of its own. */
function refusalBy(nature: Nature, { operation, userInfo, object, oldObject, subResource }: AdmissionRequest): ReturnType<Judge> {
  if (userInfo.username.startsWith('system:') || subResource) return undefined;
  const { refusal, undeletable, uncreatable, fixed } = nature;
  if (refusal !== undefined) return { code: 403, message: refusal };
  if (operation === 'DELETE') return undeletable === undefined ? undefined : { code: 403, message: undeletable };
  if (operation === 'CREATE') return uncreatable === undefined ? undefined : { code: 422, message: uncreatable };
  const changes = fixed !== undefined && !isDeepStrictEqual(essence(object), essence(oldObject));
  return changes ? { code: 422, message: fixed } : undefined;
}

/** An object without what the API server counts and notes. */
function essence(object: Manifest | null): unknown {
  if (!object) return object;
  const { managedFields: _fields, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  return { ...object, metadata };
}
