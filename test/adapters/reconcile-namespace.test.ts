// The destination's Namespace where an Application manages its metadata, and objects that another Application says it owns.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import { configMap } from '../support/journey.ts';
import { succeed } from '../support/program.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, freshName } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

const pathOf = (name: string) => `${collectionPath('v1', 'namespaces', undefined)}/${name}`;

async function labelsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const found = (await stories.api.send(pathOf(name))) as { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  const { 'kubernetes.io/metadata.name': _name, ...labels } = found.metadata.labels;
  return labels;
}

function labelled(name: string, labels: Readonly<Record<string, string | null>>): Promise<unknown> {
  return stories.api.send(pathOf(name), { method: 'PATCH', body: { metadata: { labels } } });
}

async function syncOf(shop: Deployment): Promise<readonly unknown[]> {
  const { sync, operationState, conditions } = (await shop.read()).status ?? {};
  return [sync?.status, operationState?.phase, conditions ?? []];
}

const kept = (labels: object, more: object = {}) => ({
  syncPolicy: { automated: more, syncOptions: ['CreateNamespace=true'], managedNamespaceMetadata: { labels } },
});

it('creates the Namespace with its metadata, follows the spec, and leaves alone what others set', async () => {
  const namespace = freshName('kept');
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { destination, ...kept({ team: 'shop', tier: 'gold' }) });
  await shop.look();
  await shop.look();
  expect(await labelsOf(namespace)).toEqual({ team: 'shop', tier: 'gold' });
  expect(await syncOf(shop)).toEqual(['Synced', 'Succeeded', []]);

  await labelled(namespace, { foreign: 'yes' });
  expect(await shop.look()).toEqual({});
  await shop.change({ spec: { syncPolicy: { managedNamespaceMetadata: { labels: { tier: null, size: 's' } } } } });
  await shop.look();
  expect(await labelsOf(namespace)).toEqual({ team: 'shop', size: 's', foreign: 'yes' });
  expect(await syncOf(shop)).toEqual(['Synced', 'Succeeded', []]);
});

it('sees when somebody changes that metadata, and heals it where it is asked to', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, kept({ team: 'shop' }));
  await shop.look();
  await labelled(shop.namespace, { team: 'other' });
  await shop.look();
  expect((await syncOf(shop))[0]).toBe('OutOfSync');
  expect(await labelsOf(shop.namespace)).toMatchObject({ team: 'other' });

  await shop.change({ spec: { syncPolicy: { automated: { selfHeal: true } } } });
  await shop.look();
  expect(await labelsOf(shop.namespace)).toMatchObject({ team: 'shop' });
  expect((await syncOf(shop))[0]).toBe('Synced');
});

it('takes nothing of what the maker of the Namespace set, which Git never named', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, kept({ team: 'shop' }));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: shop.namespace, labels: { made: 'by-hand' } } };
  const kubectl = ['--kubeconfig', stories.kubeconfigPath, 'apply', '-f', '-'];
  await succeed(stories.kubectl, kubectl, { input: JSON.stringify(namespace) });
  await shop.look();
  await shop.look();
  expect(await labelsOf(shop.namespace)).toEqual({ made: 'by-hand', team: 'shop' });
  expect(await syncOf(shop)).toEqual(['Synced', 'Succeeded', []]);
});

it('calls a Namespace of Git that is not there OutOfSync, whatever metadata is managed', async () => {
  const namespace = freshName('absent');
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const { syncPolicy } = kept({ team: 'shop' });
  const shop = await stories.deployment({ 'ns.json': manifest }, { destination, syncPolicy: { ...syncPolicy, automated: null } });
  await shop.look();
  expect((await syncOf(shop))[0]).toBe('OutOfSync');
});

it('does not prune a Namespace that Git named once and whose metadata is managed now', async () => {
  const namespace = freshName('named');
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { once: 'yes' } } };
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'ns.json': manifest }, { destination });
  await shop.sync();
  await shop.change({ spec: { syncPolicy: { managedNamespaceMetadata: { labels: { team: 'shop' } } } } });
  await shop.commit({ 'ns.json': undefined });
  await shop.look();
  const row = (await shop.read()).status?.resources?.find(({ kind }) => kind === 'Namespace');
  expect(row).toMatchObject({ name: namespace, status: 'OutOfSync' });
  expect(row?.requiresPruning).toBeUndefined();
  await shop.sync({ prune: true });
  expect(await labelsOf(namespace)).toEqual({ team: 'shop' });
  await shop.look();
  expect((await syncOf(shop))[0]).toBe('Synced');
});

it('does not touch what another Application says it owns where FailOnSharedResource asks so', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }), 'b.json': configMap('y', {}) });
  const mark = `other:/ConfigMap:${shop.namespace}/x`;
  await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'x', annotations: { [TRACKING_ID]: mark } } });
  await shop.sync({ syncOptions: ['FailOnSharedResource=true'] });
  const { operationState, conditions } = (await shop.read()).status ?? {};
  const message = `ConfigMap/x is part of applications ${stories.control}/${shop.name} and other`;
  expect(conditions).toMatchObject([{ type: 'SharedResourceWarning', message }]);
  expect(operationState).toMatchObject({ phase: 'Failed', message: `Shared resource found: ${message}` });
  expect((await shop.live('configmaps', 'x')).metadata.annotations[TRACKING_ID]).toBe(mark);
  expect(await shop.live('configmaps', 'y')).toBeUndefined();

  await shop.sync();
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '1' });
});
