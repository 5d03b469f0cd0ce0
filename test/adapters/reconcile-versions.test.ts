// Kinds that are served in several versions: an object is compared in the version that Git writes it in (spec/diff.md §6).
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ManagedFieldsEntry } from '../../lib/model/manifest.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { eventually, freshName } from '../world/world.ts';

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

const ALONE = { metadata: { annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' } } };

/** A kind that is served in two versions with the same fields. */
async function twoVersions(): Promise<string> {
  const group = `${freshName('twice')}.example.com`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  await stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, {
    metadata: { name: `parts.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Part', plural: 'parts' },
      versions: ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === 'v2', schema })),
    },
  });
  return group;
}

it.each([
  ['', {}],
  [' and nobody is asked', ALONE],
])('sees what Git drops as it goes on to another version%s', async (_, annotated) => {
  const group = await twoVersions();
  const part = (version: string, spec: object) => ({ apiVersion: `${group}/${version}`, kind: 'Part', metadata: { name: 'a' }, spec });
  const shop = await stories.deployment({ 'a.yaml': part('v1', { kept: 1, dropped: 1 }) });
  await shop.change(annotated);
  await eventually(async () => {
    await shop.sync();
    expect(await rows(shop)).toEqual([['a', 'v1', 'Synced']]);
  });
  await shop.commit({ 'a.yaml': part('v2', { kept: 1, dropped: 1 }) });
  await shop.look('push');
  expect(await rows(shop)).toEqual([['a', 'v2', 'Synced']]);
  await shop.commit({ 'a.yaml': part('v2', { kept: 1 }) });
  await shop.look('push');
  expect(await rows(shop)).toEqual([['a', 'v2', 'OutOfSync']]);
  await shop.sync();
  await shop.look();
  expect(await rows(shop)).toEqual([['a', 'v2', 'Synced']]);
  expect((await shop.live('parts', 'a', `${group}/v2`)).spec).toEqual({ kept: 1 });
});

it('leaves, as an apply does, what Git drops in the commit that goes on to a version which calls it otherwise', async () => {
  const { targetCPUUtilizationPercentage: _dropped, ...spec } = scaler.v1('a').spec;
  const first = { ...scaler.v1('a'), spec: { ...spec, targetCPUUtilizationPercentage: 50 } };
  const shop = await stories.deployment({ 'a.yaml': first }, AUTOMATED);
  await shop.look();
  await shop.commit({ 'a.yaml': { ...scaler.v2('a'), spec } });
  const object = { ...scaler.v2('a'), metadata: { name: 'a', namespace: shop.namespace }, spec };
  await stories.cluster.apply(object);
  await shop.look('push');
  const { metrics } = (await shop.live('horizontalpodautoscalers', 'a', 'autoscaling/v2')).spec;
  expect(metrics).toEqual([{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }]);
});

it('finds one record of two applies in two versions, and of a write that makes them two', async () => {
  const shop = await stories.deployment({ 'a.yaml': scaler.v2('a') }, AUTOMATED);
  await shop.look();
  const object = (version: 'v1' | 'v2') => {
    const made = scaler[version]('a');
    return { ...made, metadata: { ...made.metadata, namespace: shop.namespace } };
  };
  await stories.cluster.apply(object('v1'));
  const ours = async () => {
    const { metadata } = await shop.live('horizontalpodautoscalers', 'a', 'autoscaling/v2');
    return (metadata.managedFields as readonly ManagedFieldsEntry[]).filter(({ manager }) => manager === 'evenkeel'); // as the API answers
  };
  const [only, ...more] = await ours();
  expect([only?.apiVersion, more]).toEqual(['autoscaling/v1', []]);
  const again = { ...only, apiVersion: 'autoscaling/v2', fieldsV1: { 'f:spec': { 'f:minReplicas': {} } } };
  const ref = { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', namespace: shop.namespace, name: 'a' };
  await stories.cluster.patch(ref, [{ op: 'replace', path: '/metadata/managedFields', value: [only, again] }]);
  expect((await ours()).length).toBe(1);
});
