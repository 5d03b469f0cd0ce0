// Attempts of one operation on the real control plane: when the next one begins, what it works from, and what ends the wait for it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, endsIn, hookJob, rowMessages, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** What the API server refuses. */
const refused = { ...configMap('a', {}), data: { 'not/a/key': '1' } };
const quick = (more: object = {}) => ({ limit: 2, backoff: { duration: '1s', factor: 1 }, ...more });
const long = { limit: 5, backoff: { duration: '1h', maxDuration: '1h' } };

const stateOf = async (shop: Deployment) => (await shop.read()).status?.operationState;
const messageOf = async (shop: Deployment) => (await stateOf(shop))?.message;

async function begin(shop: Deployment, operation: object): Promise<void> {
  await shop.change({ operation });
  await shop.look('operation');
}

test('an attempt works from the commit of the first, however Git went on', async () => {
  const shop = await stories.deployment({ 'a.json': refused });
  await begin(shop, { sync: {}, retry: quick() });
  expect(await messageOf(shop)).toMatch(/^one or more objects failed to apply.*\. Retrying attempt #1 at \d+:\d\d[AP]M\.$/s);
  const first = await stateOf(shop);
  await shop.commit({ 'a.json': configMap('a', { k: '1' }) });
  const message = await endsIn(shop, 'Failed');
  expect(message).toMatch(/ \(retried 2 times\)\.$/);
  expect((await stateOf(shop))?.syncResult?.revision).toBe(first?.syncResult?.revision);
  expect(await shop.live('configmaps', 'a')).toBeUndefined();
});

test('with refresh it works from what Git has then', async () => {
  const shop = await stories.deployment({ 'a.json': refused });
  await begin(shop, { sync: { revision: 'main' }, retry: quick({ refresh: true }) });
  expect(await messageOf(shop)).toContain('Retrying attempt #1');
  const commit = await shop.commit({ 'a.json': configMap('a', { k: '1' }) });
  expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run) (retried 1 times).');
  const state = await stateOf(shop);
  expect([state?.syncResult?.revision, state?.retryCount]).toEqual([commit, 1]);
});

test('what does not render is tried again too', async () => {
  const shop = await stories.deployment({ 'kustomization.yaml': 'resources: [missing.yaml]\n' });
  await begin(shop, { sync: {}, retry: { ...long, refresh: true } });
  expect(await messageOf(shop)).toMatch(/^ComparisonError: .*missing\.yaml.* Retrying attempt #1 at /s);
  expect((await shop.look()).again?.afterSeconds).toBeGreaterThan(0);
  expect((await stateOf(shop))?.retryCount).toBe(1); // a look is no attempt
  await shop.commit({ 'missing.yaml': configMap('a', {}) });
  await shop.look('sweep', { clock: () => Date.now() + 3_700_000 });
  await endsIn(shop, 'Succeeded');
  expect(await shop.live('configmaps', 'a')).toBeDefined();
});

test('what never renders ends with the number of attempts', async () => {
  const shop = await stories.deployment({ 'kustomization.yaml': 'resources: [missing.yaml]\n' });
  await begin(shop, { sync: {}, retry: quick() });
  expect(await endsIn(shop, 'Error')).toMatch(/^ComparisonError: .* \(retried 2 times\)\.$/s);
  expect((await shop.read()).operation).toBeUndefined();
});

test('hooks run anew in each attempt', async () => {
  const shop = await stories.deployment({ 'a.json': refused, 'hook.json': hookJob('hook', 'PreSync', '0s') });
  await begin(shop, { sync: {}, retry: quick({ limit: 1 }) });
  const uid = async () => (await shop.live('jobs', 'hook', 'batch/v1'))?.metadata.uid as string | undefined;
  const first = await uid();
  expect(first).toBeDefined();
  await endsIn(shop, 'Failed');
  expect(await uid()).not.toBe(first);
  expect((await rowMessages(shop)).length).toBe(2);
});

test('a newer commit ends the wait of an automated sync for its next attempt, and is synced', async () => {
  const shop = await stories.deployment({ 'a.json': refused }, { syncPolicy: { automated: {}, retry: long } });
  await shop.look();
  expect(await messageOf(shop)).toContain('Retrying attempt #1');
  const waiting = await shop.look();
  // Later than a message may wait: it is looked at in between, and all who look meet there.
  expect(waiting.again?.afterSeconds).toBeGreaterThan(0);
  expect((await shop.look()).again?.event).toBe(waiting.again?.event);
  const commit = await shop.commit({ 'a.json': configMap('a', { k: '1' }) });
  await eventually(async () => {
    await shop.look('push');
    expect(await stateOf(shop)).toMatchObject({ phase: 'Succeeded', syncResult: { revision: commit } });
  });
});

test('terminating ends the wait for the next attempt', async () => {
  const shop = await stories.deployment({ 'a.json': refused });
  await begin(shop, { sync: {}, retry: long });
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  await shop.look();
  expect(await stateOf(shop)).toMatchObject({ phase: 'Failed', message: 'Operation terminated (retried 1 times).' });
  expect((await shop.read()).operation).toBeUndefined();
});

test('what is written over the request of a running operation has no effect on it', async () => {
  const shop = await stories.deployment({ 'hook.json': hookJob('hook', 'PreSync', '2s'), 'a.json': configMap('a', {}) });
  await shop.sync({ prune: true });
  await shop.change({ operation: { sync: null, info: [{ name: 'other', value: 'request' }] } });
  await endsIn(shop, 'Succeeded');
  expect((await stateOf(shop))?.operation).toEqual({ sync: { prune: true } });
});
