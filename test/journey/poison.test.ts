// Promise: what is poisoned fails alone. Its neighbours in the batch go on, so do those behind it, and so does the sweep.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { QueueDepth } from '../../infra/local/queue.ts';
import { configMap, type Deployed, type Journey, type Repository, sendMessage, startJourney } from '../support/journey.ts';
import { type Traffic, watchTraffic } from '../support/observe.ts';
import { eventually, freshName } from '../world/world.ts';

const SERVERLESS = join(import.meta.dirname, '../../serverless.yml');

let folder: string;
let journey: Journey;
let traffic: Traffic;
let repository: Repository;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-poison-'));
  // As deployed, but given up after two tries instead of eight, each after twice the wait of the one before.
  const impatient = readFileSync(SERVERLESS, 'utf8').replaceAll(/maxReceiveCount: \d+/g, 'maxReceiveCount: 2');
  writeFileSync(join(folder, 'serverless.yml'), impatient);
  journey = await startJourney({ serverless: join(folder, 'serverless.yml'), concurrency: 1 });
  traffic = await watchTraffic(journey);
  repository = await journey.repository({ 'settings.yaml': configMap('settings', { a: '1' }) });
});

afterAll(async () => {
  await journey?.close();
  await traffic?.close();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => {
  traffic.onRequest = () => true;
});

async function depthOf(queue: string): Promise<QueueDepth> {
  const found = Object.entries(await journey.host.depths()).find(([name]) => name.endsWith(queue));
  if (found === undefined) throw new Error(`there is no queue ${queue}`);
  return found[1];
}

const EMPTY = { visible: 0, inFlight: 0, delayed: 0 };
const settled = () => eventually(async () => expect(await depthOf('-reconcile.fifo')).toEqual(EMPTY), 20_000);
const log = () => readFileSync(join(journey.host.logs, 'reconcile.log'), 'utf8');

/** Messages in one batch: sent while the only worker stands still over another one. */
async function together(send: () => Promise<unknown>): Promise<void> {
  await settled();
  journey.host.kill('reconcile', 'SIGSTOP');
  await journey.wake('nobody');
  await eventually(async () => expect(await depthOf('-reconcile.fifo')).toMatchObject({ inFlight: 1 }));
  await send();
  journey.host.kill('reconcile', 'SIGCONT');
}

async function newApplications(count: number): Promise<readonly Deployed[]> {
  return Promise.all(Array.from({ length: count }, () => journey.application(repository)));
}

const message = (fields: object) =>
  JSON.stringify({ v: 1, namespace: journey.control, name: 'nobody', reason: 'push', at: 1, event: 'e', correlation: 'c', ...fields });

test.each([
  ['is no JSON', () => 'garbage'],
  ['is of a later version', () => message({ v: 2 })],
  ['says more than it may', () => message({ command: 'sync everything' })],
  ['names an Application that is not there', () => message({})],
  ['names a namespace that is not ours', () => message({ namespace: 'kube-system' })],
])('a message that %s is done with at once, and its neighbours are worked on', async (_, body) => {
  const good = await newApplications(3);
  const { received = 0, invocations = 0 } = journey.host.stats()['reconcile'] ?? {};
  await together(() =>
    Promise.all([
      journey.wake(good[0]?.name ?? ''),
      sendMessage(journey.host, body(), `${journey.control}/nobody`, freshName('poison')),
      ...good.slice(1).map(({ name }) => journey.wake(name)),
    ]),
  );
  await Promise.all(good.map((application) => application.synced()));
  await settled();
  expect(journey.host.stats()['reconcile']).toMatchObject({ received: received + 5, invocations: invocations + 2, failed: 0 });
  expect(await depthOf('-reconcile-dead.fifo')).toEqual(EMPTY);
});

test('an Application that keeps failing is given up alone, and is worked on again when it is woken later', async () => {
  const [bad, ...good] = await newApplications(4);
  if (bad === undefined) throw new Error('no Application');
  traffic.onRequest = ({ url }) => !url.endsWith(`/applications/${bad.name}`);
  await together(() => Promise.all([bad, ...good].map(({ name }) => journey.wake(name))));
  await Promise.all(good.map((application) => application.synced()));
  await eventually(async () => expect(await depthOf('-reconcile-dead.fifo')).toMatchObject({ visible: 1 }), 30_000);
  expect(await depthOf('-reconcile.fifo')).toEqual(EMPTY);
  expect(log()).toMatch(new RegExp(`"message failed".*${bad.name}`));
  traffic.onRequest = () => true;
  await journey.wake(bad.name);
  await bad.synced();
});

test('a sync that fails every time is a condition of its Application and no dead letter', async () => {
  const dead = await depthOf('-reconcile-dead.fifo');
  const broken = await journey.repository({ 'broken.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [\n' });
  const application = await journey.application(broken);
  const [neighbour] = await newApplications(1);
  await together(() => Promise.all([application, neighbour].map((one) => journey.wake(one?.name ?? ''))));
  const { status } = await application.until(({ status: now }) => expect(now?.conditions?.[0]?.type).toBe('ComparisonError'));
  expect(status?.conditions?.[0]?.message).toMatch(/broken\.yaml.*line \d+/s);
  await neighbour?.synced();
  await settled();
  expect(await depthOf('-reconcile-dead.fifo')).toEqual(dead);
});

test('the sweep goes on when what it remembered is spoilt', async () => {
  const [application, late] = await newApplications(2);
  await journey.sweeping(Promise.all([application?.synced(), late?.synced()]));
  const checkpoint = `/api/v1/namespaces/${journey.control}/configmaps/evenkeel-sweep`;
  await journey.api.send(checkpoint, { method: 'PATCH', body: { data: { checkpoint: '{"spoilt":' } } });
  const [later] = await newApplications(1);
  await journey.sweeping(later?.synced() ?? Promise.reject(new Error('no Application')));
  expect(await journey.api.send(checkpoint)).toMatchObject({ data: { checkpoint: expect.stringContaining(later?.name ?? '') } });
});

test('the sweep goes on when a kind that it watched is gone', async () => {
  const kind = await definePlants();
  const plant = { apiVersion: `${kind}.example.com/v1`, kind: 'Plant', metadata: { name: 'fern' } };
  const garden = await journey.repository({ 'settings.yaml': configMap('settings', { a: '1' }), 'fern.yaml': plant });
  const application = await journey.application(garden);
  await journey.sweeping(application.synced());
  await expectTick();
  await journey.api.send(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/plants.${kind}.example.com`, { method: 'DELETE' });
  await garden.commit({ 'fern.yaml': undefined });
  const [late] = await newApplications(1);
  await journey.sweeping(Promise.all([application.synced(), late?.synced()]));
  expect((await application.read()).status?.resources).toHaveLength(1);
});

async function expectTick(): Promise<void> {
  expect(await journey.host.invoke('sweep', {})).toMatchObject({ ok: true });
}

/** A kind of one's own in a group of its own, which deployers may write and the worker may watch. Returns the first label of the group. */
async function definePlants(): Promise<string> {
  const label = freshName('garden');
  const group = `${label}.example.com`;
  await journey.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `plants.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'plants', singular: 'plant', kind: 'Plant' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true', 'evenkeel.dev/aggregate-to-watch': 'true' };
  await journey.create('rbac.authorization.k8s.io/v1', 'clusterroles', undefined, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: group, labels },
    rules: [{ apiGroups: [group], resources: ['plants'], verbs: ['*'] }],
  });
  return label;
}
