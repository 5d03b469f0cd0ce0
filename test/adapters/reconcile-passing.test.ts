// What fails an automated sync for a reason outside Git, on a real API server: it is tried again by itself until the reason has gone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {}, retry: { limit: 0 } } };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

function conditionOf(shop: Deployment): Promise<string | undefined> {
  return shop.read().then(({ status }) => status?.conditions?.find(({ type }) => type === 'SyncError')?.message);
}

/** A look at a later time of the day. */
function lookAfter(shop: Deployment, seconds: number): Promise<unknown> {
  return shop.look('sweep', { clock: () => Date.now() + seconds * 1000 });
}

/** How the Application stands after its first sync failed, and after looks before and after the reason has gone. */
async function passes(shop: Deployment, goes: () => Promise<unknown>): Promise<string> {
  await shop.look();
  await shop.look();
  const first = await shop.read();
  expect(first.status?.operationState?.phase).toBe('Failed');
  expect(await conditionOf(shop)).toMatch(/\(the reason lies outside Git: attempt #2 at 20[\dT:-]+Z\)$/);
  expect(await shop.look()).toEqual({ again: { afterSeconds: expect.any(Number), event: expect.stringContaining('heal') } });

  await lookAfter(shop, 40);
  await lookAfter(shop, 41);
  expect((await shop.read()).status?.operationState?.phase).toBe('Failed');
  expect(await conditionOf(shop)).toMatch(/attempt #3 at/);

  await goes();
  let later = 0;
  await eventually(async () => {
    later += 300;
    await lookAfter(shop, later);
    const { status } = await shop.read();
    expect([status?.operationState?.phase, status?.sync?.status]).toEqual(['Succeeded', 'Synced']);
  });
  expect(await conditionOf(shop)).toBeUndefined();
  return first.status?.operationState?.message ?? '';
}

it('a quota that is used up', async () => {
  const quota = { metadata: { name: 'small' }, spec: { hard: { configmaps: '0' } } };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await stories.create('v1', 'resourcequotas', shop.namespace, quota);
  const path = `${collectionPath('v1', 'resourcequotas', shop.namespace)}/small`;
  await eventually(async () => expect(await stories.api.send(path)).toMatchObject({ status: { hard: { configmaps: '0' } } }));
  const message = await passes(shop, () => stories.api.send(path, { method: 'DELETE' }));
  expect(message).toContain('exceeded quota: small');
});

it('a webhook that does not answer', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  const name = freshName('down');
  const webhook = {
    name: 'down.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 1,
    clientConfig: { url: 'https://127.0.0.1:1/' },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': shop.namespace } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  };
  const collection = ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', undefined] as const;
  await stories.create(...collection, { metadata: { name }, webhooks: [webhook] });
  const path = `${collectionPath(...collection)}/${name}`;
  await eventually(async () =>
    expect(stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: freshName('probe') } })).rejects.toThrow(/webhook/),
  );
  const message = await passes(shop, () => stories.api.send(path, { method: 'DELETE' }));
  expect(message).toContain('failed calling webhook');
});

it('a kind that is not there yet', async () => {
  const group = `${freshName('late')}.example.com`;
  const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'x' }, spec: { k: 1 } };
  const shop = await stories.deployment({ 'a.json': thing }, AUTOMATED);
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const message = await passes(shop, () =>
    stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, {
      metadata: { name: `things.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Thing', plural: 'things' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    }),
  );
  expect(message).toContain('Make sure the "Thing" CRD is installed');
});
