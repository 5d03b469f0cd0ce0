// What an installation says of resources, in a real cluster: by which mark objects are found, and which kinds are left alone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {} } };
const LABEL = 'app.kubernetes.io/instance';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** A look by an installation whose argocd-cm holds this. */
function look(shop: Deployment, data: Readonly<Record<string, string>>): Promise<unknown> {
  return shop.look('sweep', { resourceSettings: async () => resourceSettings(data) });
}

function labelled(shop: Deployment, name: string, instance: string): Promise<unknown> {
  return stories.create('v1', 'configmaps', shop.namespace, { metadata: { name, labels: { [LABEL]: instance } } });
}

it('tracks by label: writes it, and finds by it what Git does not name', async () => {
  const data = { 'application.resourceTrackingMethod': 'label' };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await look(shop, data);
  const { metadata } = await shop.live('configmaps', 'x');
  expect(metadata.labels).toEqual({ [LABEL]: shop.name });
  expect(metadata.annotations?.[TRACKING_ID]).toBeUndefined();

  // A single object of its kind is read by its name where no label tells of others.
  await labelled(shop, 'left', shop.name);
  await labelled(shop, 'foreign', 'other');
  await look(shop, data);
  const { status } = await shop.read();
  expect(status?.sync?.status).toBe('OutOfSync');
  expect(status?.resources?.map(({ name, status: state, requiresPruning }) => [name, state, requiresPruning])).toEqual([
    ['left', 'OutOfSync', true],
    ['x', 'Synced', undefined],
  ]);
});

it('leaves an excluded kind alone and says so', async () => {
  const data = { 'resource.exclusions': '[{apiGroups: [""], kinds: [Secret]}]' };
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'y' } };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }), 'b.json': secret }, AUTOMATED);
  await look(shop, data);
  expect(await shop.live('configmaps', 'x')).toBeDefined();
  expect(await shop.live('secrets', 'y')).toBeUndefined();
  const { status } = await shop.read();
  expect(status?.conditions).toMatchObject([
    { type: 'ExcludedResourceWarning', message: 'Resource /Secret y is excluded in the settings' },
  ]);
  expect(status?.sync?.status).toBe('Synced');
});

it('touches nothing while the settings do not parse', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await look(shop, { 'resource.exclusions': '{}' });
  const { status } = await shop.read();
  expect([status?.sync?.status, status?.health?.status]).toEqual(['Unknown', 'Unknown']);
  expect(status?.conditions).toMatchObject([
    { type: 'UnknownError', message: expect.stringContaining('argocd-cm: resource.exclusions: ') },
  ]);
  expect(await shop.live('configmaps', 'x')).toBeUndefined();
});

it('holds a field of a custom resource to its known type, however a controller has written it', async () => {
  const group = `${freshName('pools')}.example.com`;
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, {
    metadata: { name: `pools.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Pool', plural: 'pools' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
  const shop = await stories.deployment({
    'a.json': { apiVersion: `${group}/v1`, kind: 'Pool', metadata: { name: 'x' }, spec: { limits: { cpu: '1000m' } } },
  });
  await eventually(async () => {
    await shop.sync();
    expect(await shop.live('pools', 'x', `${group}/v1`)).toBeDefined();
  });
  const path = `${collectionPath(`${group}/v1`, 'pools', shop.namespace)}/x`;
  const written = (cpu: string) => stories.api.send(path, { method: 'PATCH', body: { spec: { limits: { cpu } } } });
  const known = { [`resource.customizations.knownTypeFields.${group}_Pool`]: '[{field: spec.limits, type: core/v1/ResourceList}]' };
  const syncWith = async (data: Readonly<Record<string, string>>) => {
    await look(shop, data);
    return (await shop.read()).status?.sync?.status;
  };
  await written('1');
  expect([await syncWith({}), await syncWith(known)]).toEqual(['OutOfSync', 'Synced']);
  await written('2');
  expect(await syncWith(known)).toBe('OutOfSync');
});
