// Objects of the destination namespace that belong to no Application, in a real cluster (spec/project.md §5).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import { Unavailable } from '../../lib/model/errors.ts';
import { configMap } from '../support/journey.ts';
import { clustersWhere, type Deployment, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, freshName } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {} } };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

async function shopIn(orphanedResources: object | undefined): Promise<Deployment> {
  const project = freshName('orphans');
  await stories.project(project, { orphanedResources });
  return stories.deployment({ 'a.json': configMap('x', {}) }, { project, ...AUTOMATED });
}

async function warnings(shop: Deployment): Promise<readonly string[]> {
  await shop.look();
  const { status } = await shop.read();
  expect([status?.sync?.status, status?.health?.status]).toEqual(['Synced', 'Healthy']);
  return (status?.conditions ?? []).map(({ type, message }) => `${type}: ${message}`);
}

it('are told where the project wants a warning, and no more once they are gone', async () => {
  const shop = await shopIn({ warn: true, ignore: [{ group: '', kind: 'ConfigMap', name: 'excused-*' }] });
  expect(await warnings(shop)).toEqual([]);
  const other = await stories.deployment({ 'a.json': configMap('z', {}) });
  const [theirs, nobodys] = [other.name, 'gone'].map((name) => `${name}:/ConfigMap:${shop.namespace}/x`);
  const make = (name: string, metadata: object = {}) =>
    stories.create('v1', 'configmaps', shop.namespace, { metadata: { name, ...metadata } });
  await make('excused-1');
  await make('theirs', { annotations: { [TRACKING_ID]: theirs } });
  expect(await warnings(shop)).toEqual([]);
  await make('left', { annotations: { [TRACKING_ID]: nobodys } });
  const left = (await shop.live('configmaps', 'left')) as { readonly metadata: { readonly uid: string } };
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'left', uid: left.metadata.uid };
  await make('owned', { ownerReferences: [owner] });
  await stories.create('v1', 'secrets', shop.namespace, { metadata: { name: 'forgotten' }, stringData: { key: 'canary' } });
  expect(await warnings(shop)).toEqual(['OrphanedResourceWarning: Application has 2 orphaned resources']);
  expect(JSON.stringify(await shop.object())).not.toMatch(/canary|Y2FuYXJ5/);

  // A sync compares once more, and looks for no orphans: what was found stands.
  await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  await shop.look();
  const { status } = await shop.read();
  expect(status?.operationState?.syncResult?.revision).toBe(status?.sync?.revision);
  expect(status?.conditions).toMatchObject([{ type: 'OrphanedResourceWarning' }]);

  for (const [plural, name] of [
    ['configmaps', 'left'],
    ['secrets', 'forgotten'],
  ] as const) {
    await stories.api.send(`${collectionPath('v1', plural, shop.namespace)}/${name}`, { method: 'DELETE' });
  }
  expect(await warnings(shop)).toEqual([]);
});

it('are not looked for where no warning is wanted', async () => {
  for (const asked of [undefined, {}, { warn: false }]) {
    const shop = await shopIn(asked);
    await warnings(shop);
    await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'left' } });
    const requests = await requestsOf(async () => expect(await warnings(shop)).toEqual([]));
    expect(requests.filter((request) => request.includes('/poddisruptionbudgets'))).toEqual([]);
  }
});

it('keep no sync from its work where a kind cannot be listed', async () => {
  const shop = await shopIn({ warn: true });
  await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'left' } });
  expect(await warnings(shop)).toEqual(['OrphanedResourceWarning: Application has 1 orphaned resources']);
  await shop.commit({ 'a.json': configMap('x', { k: '2' }) });
  const clusters = clustersWhere(stories.ports.clusters, (cluster) => ({
    list: (kind, options) =>
      options?.metadataOnly && kind.kind === 'Secret' ? Promise.reject(new Unavailable('a webhook is down')) : cluster.list(kind, options),
  }));
  await shop.look('push', { clusters });
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
  expect((await shop.read()).status?.operationState?.phase).toBe('Succeeded');
});
