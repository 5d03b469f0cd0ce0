// Promise: a signed push makes a change live, wakes only those who read what changed, and a forged one wakes nobody.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliver, pushPayload, signature } from '../../infra/local/git/delivery.ts';
import { configMap, type Deployed, type Journey, type Repository, startJourney } from '../support/journey.ts';
import { eventually, freshName } from '../world/world.ts';

const RESYNC_SECONDS = 3;
/** An Application is due at most a third of that later, so that not all come at once. */
const LATEST_SECONDS = RESYNC_SECONDS * (4 / 3);

let journey: Journey;
let repository: Repository;
let shop: Deployed;
let blog: Deployed;

beforeAll(async () => {
  journey = await startJourney({ concurrency: 2, environment: { EVENKEEL_RESYNC_SECONDS: String(RESYNC_SECONDS) } });
  repository = await journey.repository({
    'base/kustomization.yaml': { resources: ['settings.yaml'] },
    'base/settings.yaml': configMap('settings', { colour: 'blue' }),
    'shop/kustomization.yaml': { resources: ['../base'], namePrefix: 'shop-' },
    'blog/kustomization.yaml': { resources: ['../base', 'posts.yaml'] },
    'blog/posts.yaml': configMap('posts', { first: 'hello' }),
    'README.md': 'A shop and a blog.',
  });
  [shop, blog] = await Promise.all([journey.application(repository, { path: 'shop' }), journey.application(repository, { path: 'blog' })]);
  await Promise.all([shop, blog].map(({ name }) => journey.wake(name)));
  await Promise.all([shop.synced(), blog.synced()]);
});

afterAll(() => journey?.close());

/** What the webhook said to the push of a commit: its status and whom it enqueued, by name. */
function answerTo(commit: string): { readonly status: number | undefined; readonly enqueued: readonly string[] } {
  const { answer } = journey.host.pushes().find(({ push }) => push.after === commit) ?? {};
  const body: { readonly enqueued?: readonly string[] } = JSON.parse(answer?.body ?? '{}');
  return { status: answer?.status, enqueued: (body.enqueued ?? []).map((name) => name.replace(`${journey.control}/`, '')).sort() };
}

async function dataOf(app: Deployed, name: string): Promise<unknown> {
  return (await journey.find('v1', 'configmaps', app.namespace, name))?.['data'];
}

test('a signed push makes the change live', async () => {
  const commit = await repository.commit({ 'blog/posts.yaml': configMap('posts', { first: 'hello', second: 'again' }) });
  expect(answerTo(commit)).toEqual({ status: 202, enqueued: [blog.name] });
  await blog.synced(commit);
  expect(await dataOf(blog, 'posts')).toEqual({ first: 'hello', second: 'again' });
});

test('a change in a shared base wakes everyone who reads it, and is live with all of them', async () => {
  const commit = await repository.commit({ 'base/settings.yaml': configMap('settings', { colour: 'green' }) });
  expect(answerTo(commit)).toEqual({ status: 202, enqueued: [blog.name, shop.name].sort() });
  await Promise.all([shop.synced(commit), blog.synced(commit)]);
  expect([await dataOf(shop, 'shop-settings'), await dataOf(blog, 'settings')]).toEqual([{ colour: 'green' }, { colour: 'green' }]);
});

test('a change that nobody reads, and a push to a branch that nobody follows, wake nobody', async () => {
  const readme = await repository.commit({ 'README.md': 'A shop, a blog, and hours.' });
  expect(answerTo(readme)).toEqual({ status: 202, enqueued: [] });
  await repository.git('push', '-q', 'origin', 'HEAD~1:refs/heads/draft');
  await journey.host.told();
  expect(journey.host.pushes().at(-1)).toMatchObject({ push: { ref: 'refs/heads/draft' }, answer: { status: 202 } });
  expect(JSON.parse(journey.host.pushes().at(-1)?.answer?.body ?? '')).toEqual({ enqueued: [] });
});

const atRest = (messages: number) => eventually(async () => expect(busy(await journey.host.depths())).toBe(messages));

/** Has the second worker do what `wake` asks for: the first one, which takes what comes while it can, stands still over another message. */
async function byTheSecond(wake: () => Promise<unknown>): Promise<void> {
  await atRest(0);
  const first = journey.host.workers().find(({ functionName }) => functionName === 'reconcile')?.pid;
  if (first === undefined) throw new Error('no worker of reconcile runs yet');
  process.kill(first, 'SIGSTOP');
  try {
    await journey.wake('nobody');
    await eventually(async () => expect(journey.host.workers().find(({ pid }) => pid === first)?.busy).toBe(true));
    await wake();
    await atRest(1);
  } finally {
    process.kill(first, 'SIGCONT');
  }
  await atRest(0);
}

test('a worker that knows an older commit never takes an Application back to it', async () => {
  const before = Date.now();
  await byTheSecond(() => journey.wake(blog.name));
  const commit = await repository.commit({ 'blog/posts.yaml': configMap('posts', { third: 'and again' }) });
  const { status } = await blog.synced(commit);
  await byTheSecond(() => journey.wake(blog.name, freshName('late'), before));
  const after = await blog.synced(commit);
  expect(after.status?.operationState).toEqual(status?.operationState);
  expect(await dataOf(blog, 'posts')).toEqual({ third: 'and again' });
});

test('a push with a wrong signature, or none, is refused and the queue stays empty', async () => {
  const real = journey.host.pushes().find(({ answer }) => answer?.body.includes(shop.name))?.push;
  if (real === undefined) throw new Error('no push concerned the shop yet');
  await eventually(async () => expect(busy(await journey.host.depths())).toBe(0));
  const before = journey.host.stats()['reconcile']?.received;
  const forged = await deliver(real, { url: journey.host.webhookUrl, secret: 'guessed' });
  const body = JSON.stringify(pushPayload(real));
  const unsigned = await post(body, {});
  const changed = await post(`${body} `, { 'x-hub-signature-256': signature(journey.host.webhookSecret, body) });
  expect([forged.status, unsigned.status, changed.status]).toEqual([401, 401, 401]);
  for (const text of [forged.body, await unsigned.text(), await changed.text()]) expect(text).not.toContain(shop.name);
  expect(busy(await journey.host.depths())).toBe(0);
  expect(journey.host.stats()['reconcile']?.received).toBe(before);
  const taken = await post(body, { 'x-hub-signature-256': signature(journey.host.webhookSecret, body) });
  expect(taken.status).toBe(202);
});

test('with the webhook off a push is live within one resync', async () => {
  journey.host.setWebhook(false);
  const commit = await repository.commit({ 'base/settings.yaml': configMap('settings', { colour: 'red' }) });
  const pushed = Date.now();
  expect(journey.host.pushes().at(-1)).toMatchObject({ push: { after: commit }, answer: undefined });
  await journey.sweeping(Promise.all([shop.synced(commit), blog.synced(commit)]));
  // The bound is the schedule's; a machine under load gets some time to render and apply on top.
  expect(Date.now() - pushed).toBeLessThan((LATEST_SECONDS + 5) * 1000);
  expect(await dataOf(shop, 'shop-settings')).toEqual({ colour: 'red' });
  journey.host.setWebhook(true);
});

function busy(depths: Readonly<Record<string, { readonly visible: number; readonly inFlight: number; readonly delayed: number }>>): number {
  return Object.values(depths).reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
}

function post(body: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const all = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': crypto.randomUUID(), ...headers };
  return fetch(journey.host.webhookUrl, { method: 'POST', body, headers: all });
}
