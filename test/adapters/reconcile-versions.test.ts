// Kinds that are served in several versions: an object is compared in the version that Git writes it in (spec/diff.md §6).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

const AUTOMATED = { syncPolicy: { automated: {} } };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } };
const scaler = {
  v1: (name: string) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 80 },
  }),
  v2: (name: string) => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 2, metrics: [{ type: 'Resource', resource }] },
  }),
};

async function rows(shop: Deployment): Promise<unknown> {
  return (await shop.read()).status?.resources?.map(({ name, version, status }) => [name, version, status]);
}

it('compares objects of one kind each in its own version', async () => {
  const shop = await stories.deployment({ 'a.yaml': scaler.v1('a'), 'b.yaml': scaler.v2('b'), 'c.yaml': scaler.v1('c') }, AUTOMATED);
  await shop.look();
  const settled = [
    ['a', 'v1', 'Synced'],
    ['b', 'v2', 'Synced'],
    ['c', 'v1', 'Synced'],
  ];
  expect(await rows(shop)).toEqual(settled);
  await shop.look();
  expect(await rows(shop)).toEqual(settled);
});

it('finds no difference where Git writes the same in another version', async () => {
  const shop = await stories.deployment({ 'a.yaml': scaler.v2('a') }, AUTOMATED);
  await shop.look();
  await shop.change({ spec: { syncPolicy: null } });
  await shop.commit({ 'a.yaml': scaler.v1('a') });
  await shop.look('push');
  expect(await rows(shop)).toEqual([['a', 'v1', 'Synced']]);
});
