// An Application waits for those that it depends on, on the real control plane.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, isOnBeat, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {} } };
const FILES = { 'a.json': configMap('x', { k: '1' }) };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

function dependsOn(shop: Deployment, ...others: readonly string[]): Promise<unknown> {
  return shop.change({ metadata: { annotations: { 'evenkeel.dev/depends-on': others.join() } } });
}

async function conditions(shop: Deployment): Promise<readonly string[]> {
  return ((await shop.read()).status?.conditions ?? []).map(({ type, message }) => `${type}: ${message}`);
}

const isThere = async (shop: Deployment) => (await shop.live('configmaps', 'x')) !== undefined;

it('is synced by itself once those that it names are Synced and Healthy, and says meanwhile what it waits for', async () => {
  const [db, shop] = [await stories.deployment(FILES, AUTOMATED), await stories.deployment(FILES, AUTOMATED)];
  await dependsOn(shop, db.name, 'not-there-yet');
  expect(isOnBeat(await shop.look(), 15)).toBe(true);
  const others = 'DependencyWarning: blocked by ';
  expect(await conditions(shop)).toEqual([`${others}${db.name} (Unknown, Unknown), not-there-yet (not found)`]);
  expect((await shop.read()).operation).toBeUndefined();
  expect(await isThere(shop)).toBe(false);

  await dependsOn(shop, db.name);
  await db.look();
  await shop.look();
  expect(await isThere(shop)).toBe(true);
  expect(await conditions(shop)).toEqual([]);
  expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' } });
});

it('has a sync that a person asked for wait too, and end when it has taken its time', async () => {
  const [db, shop] = [await stories.deployment(FILES), await stories.deployment(FILES)];
  await dependsOn(shop, db.name);
  await shop.sync();
  const message = `blocked by ${db.name} (Unknown, Unknown)`;
  expect((await shop.read()).status?.operationState).toMatchObject({ phase: 'Running', message });
  expect(await isThere(shop)).toBe(false);
  await db.sync();
  const writes = (await requestsOf(() => shop.look('continue'))).filter((request) => request.startsWith('PATCH'));
  expect((await shop.read()).status?.operationState?.phase).toBe('Succeeded');
  // At which commits it works is known before anything is touched.
  expect(writes.map((request) => /[^/?]+(?=\?|$)/.exec(request)?.[0])).toEqual([shop.name, 'x', shop.name]);
  expect(await isThere(shop)).toBe(true);

  await db.commit({ 'a.json': configMap('x', { k: '2' }) });
  await db.look();
  await shop.sync();
  await shop.look('continue', { clock: () => Date.now() + 11_000_000 });
  expect((await shop.read()).status?.operationState).toMatchObject({
    phase: 'Error',
    message: `Operation terminated, triggered by controller sync timeout (blocked by ${db.name} (OutOfSync))`,
  });
});

it('is refused in a cycle, by itself and by hand', async () => {
  const [a, b] = [await stories.deployment(FILES, AUTOMATED), await stories.deployment(FILES, AUTOMATED)];
  await dependsOn(a, b.name);
  await dependsOn(b, a.name);
  const cycle = `annotation evenkeel.dev/depends-on: ${a.name} -> ${b.name} -> ${a.name} is a cycle, in which nobody can be first`;
  await a.look();
  expect(await conditions(a)).toEqual([`SyncError: ${cycle}`]);
  await a.sync();
  expect((await a.read()).status?.operationState).toMatchObject({ phase: 'Error', message: cycle });
  expect(await isThere(a)).toBe(false);
});

it('costs no request while there is nothing to sync, and one for each that is named where there is', async () => {
  const [db, shop] = [await stories.deployment(FILES, AUTOMATED), await stories.deployment(FILES, AUTOMATED)];
  await db.look();
  await shop.look();
  const count = async () => {
    const before = stories.requestCount();
    await shop.look();
    return stories.requestCount() - before;
  };
  const [plain] = [await count()];
  await dependsOn(shop, db.name);
  // A settled Application asks for nobody: it has nothing to sync.
  expect(await count()).toBe(plain);
  await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  const requests = await requestsOf(() => shop.look('push'));
  expect(requests.filter((request) => request.endsWith(`/applications/${db.name}`))).toHaveLength(1);
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
});

it('is deleted although it waits for others', async () => {
  const [db, shop] = [await stories.deployment(FILES), await stories.deployment(FILES)];
  await dependsOn(shop, db.name);
  await shop.change({ metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io'] } });
  await shop.sync();
  expect((await shop.read()).status?.operationState?.message).toContain('blocked by ');
  await stories.api.send(`${collectionPath('argoproj.io/v1alpha1', 'applications', stories.control)}/${shop.name}`, { method: 'DELETE' });
  await eventually(async () => {
    await shop.look();
    await expect(shop.object()).rejects.toThrow();
  });
  expect(await isThere(shop)).toBe(false);
});
