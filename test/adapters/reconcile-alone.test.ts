// `ServerSideDiff=false` (spec/diff.md §8, §9): no dry run is sent, and the comparison in memory alone decides.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, requestsOf, type Stories, startStories } from '../support/stories.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** How the Application stands after a look, and how many dry runs that has sent. */
async function looked(shop: Deployment): Promise<readonly unknown[]> {
  const requests = await requestsOf(() => shop.look());
  return [(await shop.read()).status?.sync?.status, requests.filter((request) => request.includes('dryRun=')).length];
}

const compareOptions = (text: string | null) => ({ metadata: { annotations: { 'argocd.argoproj.io/compare-options': text } } });

it('takes a difference in memory for one, where a dry run would say that there is none', async () => {
  const labels = { app: 'web' };
  // Fractions of a byte are the API server's to write.
  const containers = [{ name: 'web', image: 'registry.example.com/web:v1', resources: { limits: { memory: '1.1Ki' } } }];
  const spec = { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
  const shop = await stories.deployment({ 'a.json': { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec } });
  await shop.sync();
  expect(await looked(shop)).toEqual(['Synced', 1]);
  await shop.change(compareOptions('ServerSideDiff=false'));
  expect(await looked(shop)).toEqual(['OutOfSync', 0]);
  await shop.change(compareOptions('ServerSideDiff=true,ServerSideDiff=false'));
  expect(await looked(shop)).toEqual(['OutOfSync', 0]);
  await shop.change(compareOptions(null));
  expect(await looked(shop)).toEqual(['Synced', 1]);
});

it('sees what changes in Git and in the cluster, and what Git drops, without a dry run', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { a: '1', b: '1' }) });
  await shop.change(compareOptions('ServerSideDiff=false'));
  await shop.sync();
  expect(await looked(shop)).toEqual(['Synced', 0]);

  await shop.drift('configmaps', 'x', { data: { other: '1' } });
  expect(await looked(shop)).toEqual(['Synced', 0]);
  await shop.drift('configmaps', 'x', { data: { a: '2' } });
  expect(await looked(shop)).toEqual(['OutOfSync', 0]);
  await shop.sync();
  expect(await looked(shop)).toEqual(['Synced', 0]);

  await shop.commit({ 'a.json': configMap('x', { a: '1' }) });
  expect(await looked(shop)).toEqual(['OutOfSync', 0]);
  await shop.sync();
  expect(await looked(shop)).toEqual(['Synced', 0]);
  expect((await shop.live('configmaps', 'x')).data).toEqual({ a: '1', other: '1' });
});

it('knows Endpoints in whatever order somebody else has written them', async () => {
  const ports = [
    { name: 'sql', port: 5432 },
    { name: 'admin', port: 80 },
  ];
  const subsets = [
    { addresses: [{ ip: '10.1.0.9' }, { ip: '10.1.0.1' }], ports },
    { addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 1 }] },
  ];
  const shop = await stories.deployment({ 'a.json': { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'db' }, subsets } });
  await shop.sync();
  expect(await looked(shop)).toEqual(['Synced', 0]);
  const addresses = [{ ip: '10.1.0.1' }, { ip: '10.1.0.9' }];
  await shop.drift('endpoints', 'db', { subsets: [subsets[1], { addresses, ports: ports.toReversed() }] });
  expect(await looked(shop)).toEqual(['Synced', 0]);
  await shop.change(compareOptions('ServerSideDiff=false'));
  expect(await looked(shop)).toEqual(['Synced', 0]);
  await shop.drift('endpoints', 'db', { subsets: [subsets[1], { addresses: [{ ip: '10.1.0.1' }], ports }] });
  expect(await looked(shop)).toEqual(['OutOfSync', 0]);
});
