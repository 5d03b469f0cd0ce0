// What a sync script shows, on the run's control plane: each case in namespaces of its own, its objects made by somebody else, what it says
// of controllers written into the status of objects.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { groupVersionOf, gvkOf, keyOf, keyText, type LiveObject, type Manifest, refOf } from '../../lib/model/manifest.ts';
import type { ObjectRef } from '../../lib/ports.ts';
import { timeText } from '../../lib/reconcile/time.ts';
import { collectionPath, eventually, type World } from '../world/world.ts';
import { definitionOf, isMadeUp, type Names, ownNames, realStatus } from './real-objects.ts';
import { REFUSED_BY_WEBHOOK } from './refusing-webhook.ts';
import type { Nature } from './simulator.ts';
import { isOfCluster, natureOf, type Round, START, type SyncScript, shortName, tracked, whatIsThere } from './sync-script.ts';

/** The control plane that all cases share. */
export interface Shared {
  readonly here: World;
  readonly cluster: OpenCluster;
  /** What a namespace carries in which the webhook is asked. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Finalizers that the control plane takes off by itself. */
const PASSING = ['foregroundDeletion', 'kubernetes.io/pvc-protection'];
const SLOW = 'example.org/slow';
const MAY_HAVE_STATUS = ['Job', 'PersistentVolumeClaim'];
/** What can be had of an API server. */
const NATURES = ['refusal', 'lingers', 'fixed', 'undeletable', 'uncreatable', 'unreleasable', 'unserved', 'otherVersion'];

/** One case. */
export class RealStage {
  readonly names: Names = ownNames();
  /** The destination's. */
  readonly namespace: string;
  /** Named and tracked. */
  readonly desired: readonly Manifest[];
  /** All that the script ever shows. */
  readonly known: ReadonlyMap<string, ObjectRef>;
  /** When the operation began (ms). */
  startedAt = 0;
  readonly #shared: Shared;
  readonly #script: SyncScript;
  readonly #defined: Manifest[] = [];
  /** When objects were deleted, after the case's beginning (ms). */
  readonly #leaving = new Map<string, number>();

  constructor(shared: Shared, script: SyncScript) {
    this.#shared = shared;
    this.#script = script;
    this.namespace = this.names.namespace(script.namespace);
    this.desired = script.desired.map((manifest) => this.#real(manifest));
    const shown = script.rounds.flatMap((round) => round.shown ?? []).map((object) => this.#real(object));
    this.known = new Map([...this.desired, ...shown].map((object) => [keyText(keyOf(object)), refOf(object)]));
  }

  /** A text with real names and times in the words of the case. */
  told(text: string): string {
    const shift = Date.parse(START.startedAt) - this.startedAt;
    return this.names
      .told(text)
      .replace(REFUSED_BY_WEBHOOK, '')
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => new Date(Date.parse(time) + shift).toISOString());
  }

  /** Makes namespaces and what is there before the operation begins, and lets it begin. */
  async prepare(): Promise<void> {
    const before = (this.#script.rounds[0]?.shown ?? []).filter((object) => !isLater(object)).map((object) => this.#real(object));
    for (const name of this.#namespaces(before)) {
      await this.#shared.here.create('v1', 'namespaces', undefined, { metadata: { name, labels: this.#shared.labels } });
    }
    for (const object of before) await this.#show(object);
    // Times are told to the second, and objects from before are told by them.
    this.startedAt = Math.floor(Date.now() / 1000) * 1000;
    if (before.length === 0) return;
    this.startedAt += 1000;
    await sleep(this.startedAt - Date.now());
  }

  /** Those that neither are shown nor come with the sync. */
  #namespaces(before: readonly Manifest[]): readonly string[] {
    const creates = this.#script.asked.sync?.syncOptions?.includes('CreateNamespace=true') === true;
    const named = [...this.desired, ...before];
    const wanted = new Set([this.namespace, ...named.flatMap(({ metadata }) => metadata.namespace ?? [])]);
    const made = named.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
    return [...wanted].filter((name) => !made.includes(name) && !(creates && name === this.namespace));
  }

  /** Has the cluster as the round shows it. */
  async begin({ shown, happening }: Round): Promise<void> {
    const natures = Object.values(happening.natures ?? {}).flatMap(Object.keys);
    const strange = natures.filter((name) => !NATURES.includes(name));
    if (strange.length > 0) throw new Error(`the control plane cannot be told ${strange.join(', ')}`);
    await this.#serve(happening.natures ?? {});
    if (shown) await this.#showAll(shown.map((object) => this.#real(object)));
    for (const live of (await this.read()).values()) {
      const status = happening.status?.[shortName(keyOf(live))];
      if (status !== undefined) await this.#setStatus(live, status);
      const lingers = (natureOf(keyOf(live), happening).lingers ?? 0) > 0;
      const { finalizers = [], deletionTimestamp } = live.metadata;
      if (lingers && finalizers.length === 0 && !deletionTimestamp) await this.#patch(live, { metadata: { finalizers: [SLOW] } });
    }
  }

  /** Waits until what goes by itself is gone. */
  settled(): Promise<void> {
    return eventually(async () => {
      const going = [...(await this.read())].filter(([, live]) => isGoing(live)).map(([key]) => key);
      if (going.length > 0) throw new Error(`${going.join(', ')} is still going`);
    }, 60_000);
  }

  async read(): Promise<ReadonlyMap<string, LiveObject>> {
    const objects = await Promise.all([...this.known.values()].map((ref) => this.#shared.cluster.get(ref)));
    return new Map(objects.flatMap((live) => (live ? [[keyText(keyOf(live)), live] as const] : [])));
  }

  /** The time so long after the operation began. Deletions come a little later here than in the case, which may count from them. */
  timeAfter(seconds: number, live: ReadonlyMap<string, LiveObject>): number {
    const late = [...live].flatMap(([key, { metadata }]) => {
      const time = Date.parse(metadata.deletionTimestamp ?? '') - this.startedAt;
      return Number.isNaN(time) ? [] : [time - (this.#leaving.get(key) ?? 0)];
    });
    return this.startedAt + seconds * 1000 + (late.length > 0 ? Math.max(...late) : 0);
  }

  /** What is there, in the words of the case. */
  async left(): Promise<readonly string[]> {
    return whatIsThere([...(await this.read()).values()]).map((name) => this.names.told(name));
  }

  /** Takes away what others might meet; namespaces go with the control plane. */
  async close(): Promise<void> {
    const live = [...(await this.read()).values()].filter((object) => isOfCluster(object) && object.kind !== 'Namespace');
    for (const made of [...this.#defined, ...live]) await this.#shared.cluster.delete(refOf(made));
  }

  #real<T extends Manifest>(manifest: T): T {
    return tracked(this.names.manifest(manifest), this.namespace);
  }

  /** Made-up kinds are served, unless the script says otherwise or brings their definition itself. */
  async #serve(natures: Readonly<Record<string, Nature>>): Promise<void> {
    const { cluster } = this.#shared;
    for (const manifest of this.desired.filter(isMadeUp)) {
      const { unserved = false, otherVersion } = natures[shortName(keyOf(manifest))] ?? {};
      const definition = definitionOf(manifest, otherVersion);
      const known = [...this.#defined, ...this.desired].some((other) => other.metadata.name === definition.metadata.name);
      if (unserved || known) continue;
      this.#defined.push(definition);
      await cluster.create(definition);
      const version = otherVersion ?? groupVersionOf(manifest.apiVersion).version;
      await eventually(async () => {
        const kind = gvkOf(manifest);
        // The list of all groups, which tells in which version a kind is served, hears of it later than the group does.
        const served = (await cluster.resourceType({ ...kind, version })) && (await cluster.preferredType(kind.group, kind.kind));
        if (!served) throw new Error(`${keyText(keyOf(manifest))} is not served`);
      });
    }
  }

  async #showAll(shown: readonly LiveObject[]): Promise<void> {
    const keys = new Set(shown.map((object) => keyText(keyOf(object))));
    for (const [key, live] of await this.read()) if (!keys.has(key) && !isOfCluster(live)) await this.#drop(live);
    for (const object of shown) await this.#show(object);
  }

  /** What is leaving does not come back: then another takes its place. */
  async #show(object: LiveObject): Promise<void> {
    const { status, ...rest } = object;
    const { deletionTimestamp, creationTimestamp: _at, finalizers, annotations = {}, ...metadata } = rest.metadata;
    const found = await this.#shared.cluster.get(refOf(object));
    const there = found?.metadata.deletionTimestamp !== undefined && deletionTimestamp === undefined ? undefined : found;
    if (found && !there) await this.#drop(found);
    const texts = Object.entries(annotations).map(([name, text]) => [name, text.replace(START.startedAt, timeText(this.startedAt))]);
    const lasting = (finalizers ?? []).filter((name) => !PASSING.includes(name));
    const held = { finalizers: deletionTimestamp && lasting.length === 0 ? [SLOW] : lasting };
    const made = { ...rest, metadata: { ...metadata, ...held, annotations: Object.fromEntries(texts) } };
    const live = there ?? (await this.#create(made));
    if (status !== undefined && object.kind !== 'Namespace') await this.#setStatus(live, status);
    if (!deletionTimestamp) return;
    this.#leaving.set(keyText(keyOf(object)), Date.parse(deletionTimestamp) - Date.parse(START.startedAt));
    await this.#shared.cluster.delete(refOf(object), { propagation: 'Background' });
  }

  /** By somebody else. */
  async #create(object: Manifest): Promise<LiveObject> {
    const labels = object.kind === 'Namespace' ? { labels: { ...this.#shared.labels, ...object.metadata.labels } } : {};
    const body = { ...object, metadata: { ...object.metadata, ...labels } };
    const path = `${await this.#collection(object)}?fieldManager=somebody`;
    return (await this.#shared.here.api.send(path, { method: 'POST', body })) as LiveObject; // the API server answers with the object
  }

  /** Without waiting for whatever holds it. */
  async #drop(live: LiveObject): Promise<void> {
    const { cluster } = this.#shared;
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
    if (!MAY_HAVE_STATUS.includes(live.kind)) throw new Error(`what becomes of a ${live.kind} is for its controller to say`);
    await this.#patch(live, { status: realStatus(live, status, new Date().toISOString()) }, '/status');
  }

  async #patch(live: LiveObject, body: object, subresource = ''): Promise<void> {
    const path = `${await this.#collection(live)}/${live.metadata.name}${subresource}`;
    await this.#shared.here.api.send(path, { method: 'PATCH', body });
  }

  async #collection(object: Manifest): Promise<string> {
    const type = await this.#shared.cluster.resourceType(gvkOf(object));
    return collectionPath(object.apiVersion, type?.plural ?? object.kind, object.metadata.namespace);
  }
}

/** Whether an object that is shown at the beginning came with the operation. */
function isLater({ metadata: { creationTimestamp = '', annotations } }: LiveObject): boolean {
  return creationTimestamp >= START.startedAt || Object.values(annotations ?? {}).some((text) => text.startsWith(START.startedAt));
}

function isGoing({ metadata: { deletionTimestamp, finalizers = [] } }: LiveObject): boolean {
  return deletionTimestamp !== undefined && (finalizers.length === 0 || finalizers.some((name) => PASSING.includes(name)));
}
