// The sweep over real watches and its real checkpoint: what has not changed costs nothing, what has wakes its own Application alone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCheckpoints } from '../../lib/adapters/checkpoints.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { deduplicationId, type ReconcileRequest } from '../../lib/model/request.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import type { Clock, Log } from '../../lib/ports.ts';
import { sweep } from '../../lib/reconcile/sweep.ts';
import { configMap } from '../support/journey.ts';
import { requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const GROUP = 'argoproj.io/v1alpha1';
const DEFINITIONS = 'apiextensions.k8s.io/v1';
const RULES = 'rbac.authorization.k8s.io/v1';
const AUTOMATED = { syncPolicy: { automated: {} } };
const CHECKPOINT = 'feed';

let stories: Stories;
let watcher: OpenCluster;

beforeAll(async () => {
  stories = await startStories();
  watcher = await watcherIn(stories.control);
});

afterAll(async () => {
  await watcher.close();
  await stories.close();
});

/** An identity that may watch Applications and ConfigMaps, keep its checkpoint, and nothing else. */
async function watcherIn(namespace: string): Promise<OpenCluster> {
  const name = `watcher-${namespace}`;
  const rules = [
    { apiGroups: ['', 'argoproj.io'], resources: ['configmaps', 'applications'], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
    { apiGroups: ['example.com'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
  ];
  await stories.create('v1', 'serviceaccounts', namespace, { metadata: { name } });
  await stories.create(RULES, 'clusterroles', undefined, { metadata: { name }, rules });
  await stories.create(RULES, 'clusterrolebindings', undefined, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  const path = `${collectionPath('v1', 'serviceaccounts', namespace)}/${name}/token`;
  const answer = await stories.api.send(path, { method: 'POST', body: { spec: { expirationSeconds: 3600 } } });
  const { token } = (answer as { readonly status: { readonly token: string } }).status; // TokenRequest
  const { server, ca } = stories;
  return createCluster({ server, caPem: ca, token: async () => token });
}

interface Ticked {
  readonly requests: readonly string[];
  /** `name reason` of each message. */
  readonly sent: readonly string[];
  /** What the queue tells one message from another by. */
  readonly ids: readonly string[];
  /** Kinds that are not watched, and those that failed. */
  readonly unwatched: readonly unknown[];
}

async function tick(clock: Clock = Date.now): Promise<Ticked> {
  const sent: ReconcileRequest[] = [];
  const unwatched: unknown[] = [];
  const note = (_: string, fields?: Readonly<Record<string, unknown>>) => void (fields?.['kind'] && unwatched.push(fields['kind']));
  const log: Log = { info: note, warn: note, error: note, with: () => log };
  const ports = {
    cluster: watcher,
    checkpoints: createCheckpoints(watcher, stories.control),
    queue: { send: async (requests: readonly ReconcileRequest[]) => void sent.push(...requests) },
    clock,
    log,
    resourceSettings: async () => DEFAULT_RESOURCE_SETTINGS,
    settings: { namespace: stories.control, checkpoint: CHECKPOINT, resyncSeconds: 7200 },
  };
  const requests = await requestsOf(() => sweep(ports));
  return {
    requests,
    sent: sent.map(({ application, reason }) => `${application.name} ${reason}`),
    ids: sent.map(deduplicationId),
    unwatched,
  };
}

let ahead = 0;

/** Ticks until all has been told, a minute apart: positions alone are not stored at every tick. */
async function calm(): Promise<void> {
  await eventually(async () => {
    ahead += 60_000;
    const now = Date.now() + ahead;
    expect((await tick(() => now)).sent).toEqual([]);
  });
}

function checkpoint(): Promise<unknown> {
  return stories.api.send(`${collectionPath('v1', 'configmaps', stories.control)}/${CHECKPOINT}`);
}

async function synced() {
  const deployment = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await deployment.look();
  expect((await deployment.read()).status?.sync?.status).toBe('Synced');
  return deployment;
}

/** An Application that was looked at just now, and whose inventory holds an object of this kind. */
function applicationOf(name: string, group: string, kind: string): object {
  const status = { reconciledAt: new Date().toISOString(), resources: [{ group, version: 'v1', kind, name: 'x' }] };
  const spec = { project: 'default', destination: {}, source: { repoURL: stories.remote.url, path: '.' } };
  return { apiVersion: GROUP, kind: 'Application', metadata: { name }, spec, status };
}

it('lists once, then resumes its watches; an object that changed wakes its own Application, and nothing new costs nothing', async () => {
  const [shop, other] = [await synced(), await synced()];
  const applications = `GET ${collectionPath(GROUP, 'applications', stories.control)}?`;
  const lists = ({ requests }: Ticked) => requests.filter((line) => line.startsWith(applications) && !line.includes('watch='));
  const watches = ({ requests }: Ticked) => requests.filter((line) => line.includes('watch=') && line.includes('resourceVersion='));

  const first = await tick();
  expect([lists(first).length, watches(first).length]).toEqual([1, 0]);
  await calm();

  await shop.drift('configmaps', 'x', { data: { k: 'drifted' } });
  const second = await tick();
  expect(second.sent).toEqual([`${shop.name} drift`]);
  expect([lists(second).length, watches(second).length]).toEqual([0, 2]);
  expect((await tick()).ids).toEqual(second.ids);
  await calm();

  const before = await checkpoint();
  const quiet = await tick();
  expect(quiet.sent).toEqual([]);
  expect(quiet.requests.filter((line) => !line.startsWith('GET '))).toEqual([]);
  expect(await checkpoint()).toEqual(before);

  await other.change({ operation: { sync: {} } });
  expect((await tick()).sent).toEqual([`${other.name} operation`]);
});

/** A kind of its own, with the path of its definition. */
async function freshKind(): Promise<{ readonly kind: string; readonly path: string }> {
  const plural = freshName('gadgets');
  const kind = `Gadget${plural.slice(-8)}`;
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } };
  const spec = { group: 'example.com', scope: 'Cluster', names: { plural, kind }, versions: [version] };
  await stories.create(DEFINITIONS, 'customresourcedefinitions', undefined, { metadata: { name: `${plural}.example.com` }, spec });
  await eventually(() => stories.api.send(collectionPath('example.com/v1', plural)));
  return { kind, path: `${collectionPath(DEFINITIONS, 'customresourcedefinitions')}/${plural}.example.com` };
}

it('goes on with the others when a kind is forbidden, and when one is taken out of the cluster', async () => {
  const shop = await synced();
  const gadget = await freshKind();
  await stories.create(GROUP, 'applications', stories.control, applicationOf('hides', '', 'Secret'));
  await stories.create(GROUP, 'applications', stories.control, applicationOf('extends', 'example.com', gadget.kind));
  await calm();

  await stories.api.send(gadget.path, { method: 'DELETE' });
  await eventually(async () => expect(stories.api.send(gadget.path)).rejects.toThrow(/404/));
  await shop.drift('configmaps', 'x', { data: { k: 'drifted' } });
  const after = await tick();
  expect(after.sent).toEqual([`${shop.name} drift`]);
  expect(after.unwatched).toContain('/v1/Secret');
  await calm();
  await shop.drift('configmaps', 'x', { data: { k: 'again' } });
  expect((await tick()).sent).toEqual([`${shop.name} drift`]);
});
