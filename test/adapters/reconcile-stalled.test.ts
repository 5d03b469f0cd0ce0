// An operation whose destination does not answer: it says so, comes back more and more rarely, goes on when it can, and ends when it is told
// to or has taken its time.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../lib/model/errors.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, endsIn, isOnBeat, type Stories, startStories } from '../support/stories.ts';
import { world } from '../world/world.ts';

const SECONDS = 1000;

let proxy: FaultProxy;
let stories: Stories;

beforeAll(async () => {
  proxy = await startFaultProxy(world());
  stories = await startStories({ through: proxy.url });
});

afterEach(() => proxy.judge(() => 'pass'));

afterAll(async () => {
  await stories?.close();
  await proxy?.close();
});

const stateOf = async (shop: Deployment) => (await shop.read()).status?.operationState;

/** From now on nothing in the destination namespace can be applied. */
function silence(shop: Deployment): void {
  proxy.judge(({ method, path }) => (method === 'PATCH' && path.includes(`/namespaces/${shop.namespace}/`) ? 503 : 'pass'));
}

/** A sync that has begun and cannot go on, as the third message for it finds it. */
async function stalled(): Promise<Deployment> {
  const shop = await stories.deployment({ 'a.json': configMap('a', {}) });
  silence(shop);
  await expect(shop.sync()).rejects.toThrow(Unavailable);
  await expect(shop.look('operation', {}, 2)).rejects.toThrow(Unavailable);
  return shop;
}

const later = (shop: Deployment, seconds: number) => shop.look('operation', { clock: () => Date.now() + seconds * SECONDS }, 3);

test('says what it waits for, comes back more and more rarely, and goes on', async () => {
  const shop = await stalled();
  const soon = await shop.look('operation', {}, 3);
  expect(await stateOf(shop)).toMatchObject({
    phase: 'Running',
    message: expect.stringMatching(/^cannot go on for now: .*injected by the test/),
  });
  const rarer = await later(shop, 400);
  expect([isOnBeat(soon, 15), isOnBeat(rarer, 100)]).toEqual([true, true]);
  proxy.judge(() => 'pass');
  expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run)');
});

test('ends when it has taken its time', async () => {
  const shop = await stalled();
  await later(shop, 10_801);
  expect(await stateOf(shop)).toMatchObject({
    phase: 'Failed',
    message: expect.stringMatching(
      /^Operation terminated, triggered by controller sync timeout \(cannot go on for now: .*injected by the test/,
    ),
  });
  const { operation, status } = await shop.read();
  expect(operation).toBeUndefined();
  expect(Date.parse(status?.reconciledAt ?? '')).toBeGreaterThan(Date.now()); // stamped by the clock of that look
});

test('ends when it is told to', async () => {
  const shop = await stalled();
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  proxy.judge(({ path }) => (path.includes(`/namespaces/${shop.namespace}/`) ? 503 : 'pass'));
  await expect(shop.look('operation', {}, 2)).rejects.toThrow(Unavailable);
  await shop.look('operation', {}, 3);
  expect(await stateOf(shop)).toMatchObject({
    phase: 'Error',
    message: expect.stringMatching(/^Operation termination had errors: .*injected by the test/),
  });
  expect((await shop.read()).operation).toBeUndefined();
});

test('goes on waiting for a person, however long, and says so still', async () => {
  const metadata = { name: 'old', annotations: { 'argocd.argoproj.io/sync-options': 'Prune=confirm' } };
  const old = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  const shop = await stories.deployment({ 'a.json': configMap('a', {}), 'old.json': old });
  await shop.sync();
  await shop.look();
  await shop.commit({ 'old.json': undefined });
  await shop.sync({ prune: true });
  const waits = { phase: 'Running', message: 'waiting for pruning confirmation of /ConfigMap/old' };
  expect(await stateOf(shop)).toMatchObject(waits);
  proxy.judge(({ path }) => (path.includes(`/namespaces/${shop.namespace}/`) ? 503 : 'pass'));
  expect((await later(shop, 20_000)).again?.afterSeconds).toBeGreaterThan(0);
  expect(await stateOf(shop)).toMatchObject(waits);
  proxy.judge(() => 'pass');
  await shop.change({ metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': new Date(Date.now() + 1000).toISOString() } } });
  expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run)');
});

test('ends when it is told to although Git is gone', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('a', {}) });
  await shop.change({ operation: { sync: {} }, spec: { source: { repoURL: 'http://127.0.0.1:9/gone.git' } } });
  await expect(shop.look('operation')).rejects.toThrow(Unavailable);
  await shop.look('operation', {}, 3);
  expect(await stateOf(shop)).toMatchObject({ phase: 'Running', message: expect.stringMatching(/^cannot go on for now: /) });
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  await shop.look('operation', {}, 3);
  expect(await stateOf(shop)).toMatchObject({ phase: 'Error', message: expect.stringMatching(/^Operation termination had errors: /) });
});
