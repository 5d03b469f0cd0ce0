// Two workers on one Application, as no queue should let happen: the one that was overtaken applies nothing.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, hookJob, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** A look that has read the Application, and goes on when `release` is called. */
function delayed(shop: Deployment): { readonly reading: Promise<void>; readonly release: () => void; readonly look: Promise<unknown> } {
  let release: () => void = () => undefined;
  let read: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reading = new Promise<void>((resolve) => {
    read = resolve;
  });
  const { repositories } = stories.ports;
  const slow: typeof repositories = {
    checkout: (...asked) => repositories.checkout(...asked),
    resolveRevision: async (...asked) => {
      read();
      await held;
      return repositories.resolveRevision(...asked);
    },
  };
  return { reading, release, look: shop.look('continue', { repositories: slow }) };
}

async function finished(shop: Deployment): Promise<void> {
  await eventually(async () => {
    await shop.look('continue');
    expect((await shop.read()).operation).toBeUndefined();
  });
}

const FILES = {
  'hook.json': hookJob('migrate', 'PreSync', '1s'),
  'a.json': configMap('x', { k: '1' }),
};

it('leaves what another worker has brought to its end, and begun anew, as that one left it', async () => {
  const shop = await stories.deployment(FILES);
  await shop.sync();
  const overtaken = delayed(shop);
  await overtaken.reading;
  await finished(shop);
  await shop.commit({ 'a.json': configMap('x', { k: '2' }), 'hook.json': undefined });
  await shop.sync();
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
  const before = await shop.read();

  overtaken.release();
  await overtaken.look;
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
  expect((await shop.read()).status?.operationState).toEqual(before.status?.operationState);
});

// Two guards hold this one, the fence of the record and the mark on the hook: it fails when both are gone.
it('runs no hook again that another worker has seen through', async () => {
  const shop = await stories.deployment({ ...FILES, 'late.json': hookJob('late', 'PostSync', '3s') });
  await shop.sync();
  const overtaken = delayed(shop);
  await overtaken.reading;
  await eventually(async () => {
    await shop.look('continue');
    expect(await shop.live('jobs', 'late', 'batch/v1')).toBeDefined();
  });
  const { uid } = (await shop.live('jobs', 'late', 'batch/v1')).metadata;
  overtaken.release();
  await overtaken.look;
  expect((await shop.live('jobs', 'late', 'batch/v1')).metadata.uid).toBe(uid);
  await finished(shop);
  expect((await shop.read()).status?.operationState?.phase).toBe('Succeeded');
  expect((await shop.live('jobs', 'late', 'batch/v1')).metadata.uid).toBe(uid);
});

it('writes nothing over the next attempt, which another worker has begun', async () => {
  const wrong = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [] } };
  const shop = await stories.deployment({ 'hook.json': hookJob('migrate', 'PreSync', '3s'), 'a.json': wrong });
  await shop.change({ operation: { sync: {}, retry: { limit: 1, backoff: { duration: '1s' } } } });
  await shop.look('operation');
  await eventually(async () => expect((await shop.live('jobs', 'migrate', 'batch/v1')).status).toHaveProperty('completionTime'));

  const { control } = stories.ports;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: writing, resolve: writes } = Promise.withResolvers<void>();
  const patchApplication: typeof control.patchApplication = async (...asked) => {
    writes();
    await held;
    return control.patchApplication(...asked);
  };
  const slow = shop.look('continue', { control: { ...control, patchApplication } });
  await writing;
  await eventually(async () => {
    await shop.look('continue');
    expect((await shop.read()).status?.operationState?.message).toBe('waiting for completion of hook batch/Job/migrate');
    expect((await shop.read()).status?.operationState?.retryCount).toBe(1);
  });
  const { status } = await shop.read();
  release();
  await slow;
  expect((await shop.read()).status?.operationState).toEqual(status?.operationState);
  await finished(shop);
  expect((await shop.read()).status?.operationState?.message).toContain('(retried 1 times)');
});
