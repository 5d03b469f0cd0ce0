// A cluster in which others write too: autoscalers, writers of their own, webhooks. What is Synced stays so, without a write.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../lib/model/manifest.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { type Mutate, type MutatingWebhook, startMutatingWebhook } from '../support/mutating-webhook.ts';
import { type Deployment, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

const labels = { app: 'web' };

function web(more: object = {}, container: object = {}): object {
  const containers = [{ name: 'web', image: 'registry.example.com/web:v1', ...container }];
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...more };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
}

/** Has nothing to measure by, and raises the replicas to its minimum all the same. */
const AUTOSCALER = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'web' },
  spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 3, maxReplicas: 5 },
};

async function write(shop: Deployment, groupVersion: string, plural: string, name: string, manager: string, patch: object): Promise<void> {
  const path = `${collectionPath(groupVersion, plural, shop.namespace)}/${name}?fieldManager=${manager}`;
  await stories.api.send(path, { method: 'PATCH', body: patch });
}

async function syncOf(shop: Deployment): Promise<unknown> {
  return (await shop.read()).status?.sync?.status;
}

/** Once health has settled a look writes nothing, and asks for no dry run but `dryRuns`. */
async function staysSynced(shop: Deployment, dryRuns = 0): Promise<void> {
  await shop.look();
  expect([await syncOf(shop), (await shop.read()).status?.conditions ?? []]).toEqual(['Synced', []]);
  await eventually(async () => {
    const requests = await requestsOf(() => shop.look());
    expect(requests.filter((request) => request.includes('dryRun='))).toHaveLength(dryRuns);
    expect(requests.filter((request) => !/^GET |dryRun=|\/token$/.test(request))).toEqual([]);
  });
  expect(await syncOf(shop)).toBe('Synced');
}

async function scaled(shop: Deployment): Promise<void> {
  await eventually(async () => expect((await shop.live('deployments', 'web', 'apps/v1')).spec.replicas).toBe(3), 60_000);
}

describe('a Deployment that an autoscaler scales', () => {
  it.each<readonly [why: string, replicas: number | undefined, spec: object]>([
    ['whose replicas Git does not name', undefined, {}],
    ['whose replicas are ignored', 1, { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }] }],
    [
      'whose replicas are left to their controller',
      1,
      { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', managedFieldsManagers: ['kube-controller-manager'] }] },
    ],
  ])('%s stays Synced', async (_why, replicas, spec) => {
    const shop = await stories.deployment({ 'a.json': web({ replicas }), 'b.json': AUTOSCALER }, spec);
    await shop.sync();
    await scaled(shop);
    await staysSynced(shop);

    // A sync of something else takes nothing back where ignored fields are respected, or are none of ours.
    const syncPolicy = { syncOptions: ['RespectIgnoreDifferences=true'] };
    await shop.commit({ 'a.json': web({ replicas, minReadySeconds: 1 }) });
    await shop.sync(syncPolicy);
    const { spec: live } = await shop.live('deployments', 'web', 'apps/v1');
    expect([live.replicas, live.minReadySeconds]).toEqual([3, 1]);
    await staysSynced(shop);
  });

  it('whose replicas Git names is OutOfSync, since nothing says otherwise', async () => {
    const shop = await stories.deployment({ 'a.json': web({ replicas: 1 }), 'b.json': AUTOSCALER });
    await shop.sync();
    await scaled(shop);
    await shop.look();
    expect(await syncOf(shop)).toBe('OutOfSync');
  });
});

describe('fields that a writer of its own sets', () => {
  it('are no difference where Git does not name them, and one where it does', async () => {
    const shop = await stories.deployment({ 'a.json': web({ replicas: 0 }, { resources: { limits: { memory: '64Mi' } } }) });
    await shop.sync();
    const resources = { requests: { cpu: '25m', memory: '50Mi' } };
    const change = { spec: { template: { metadata: { annotations: { 'vpa/seen': 'yes' } } } } };
    await write(shop, 'apps/v1', 'deployments', 'web', 'vpa', change);
    const path = `${collectionPath('apps/v1', 'deployments', shop.namespace)}/web?fieldManager=vpa`;
    const body = [{ op: 'add', path: '/spec/template/spec/containers/0/resources/requests', value: resources.requests }];
    await stories.api.send(path, { method: 'PATCH', contentType: 'application/json-patch+json', body });
    await write(shop, 'apps/v1', 'deployments', 'web', 'labeller', { metadata: { labels: { cost: 'a' } } });
    await staysSynced(shop);
    const limits = [{ op: 'replace', path: '/spec/template/spec/containers/0/resources/limits/memory', value: '128Mi' }];
    await stories.api.send(path, { method: 'PATCH', contentType: 'application/json-patch+json', body: limits });
    await shop.look();
    expect(await syncOf(shop)).toBe('OutOfSync');
  });
});

interface Container {
  readonly name: string;
  readonly image: string;
}

const SIDECAR: Container = { name: 'sidecar', image: 'mesh.example.com/proxy:1' };

describe('what a webhook changes', () => {
  /** As meshes and registries of one's own do. */
  const sidecar: Mutate = (object) => {
    const pods = object['spec'] as { readonly template: { readonly spec: { readonly containers: readonly Container[] } } } | undefined;
    const containers = pods?.template.spec.containers ?? [];
    const mirrored = containers.map((one) => ({ ...one, image: one.image.replace('registry.', 'mirror.') }));
    if (mirrored.length === 0) return [];
    const value = mirrored.some(({ name }) => name === SIDECAR.name) ? mirrored : [SIDECAR, ...mirrored];
    return [{ op: 'replace', path: '/spec/template/spec/containers', value }];
  };
  const stamp: Mutate = (object) => [{ op: 'add', path: '/metadata/labels', value: { ...object.metadata.labels, stamped: 'yes' } }];

  async function mutated(spec: object, annotations: object, work: (shop: Deployment, webhook: MutatingWebhook) => Promise<void>) {
    const shop = await stories.deployment({ 'a.json': web({ replicas: 0 }) }, spec);
    await shop.change({ metadata: { annotations } });
    const webhook = await startMutatingWebhook(stories, shop.namespace);
    try {
      await work(shop, webhook);
    } finally {
      await webhook.close();
    }
  }

  it('is no difference, neither what it adds nor what it puts in the place of what Git says', () =>
    mutated({}, {}, async (shop, webhook) => {
      webhook.mutate(sidecar);
      await shop.sync();
      const { containers } = (await shop.live('deployments', 'web', 'apps/v1')).spec.template.spec;
      expect(containers.map(({ image }: Container) => image)).toEqual(['mesh.example.com/proxy:1', 'mirror.example.com/web:v1']);
      await staysSynced(shop, 1);

      // What it would add from now on is nobody's field of ours.
      webhook.mutate((object) => [...sidecar(object), ...stamp(object)]);
      await staysSynced(shop, 1);
    }));

  it('is a difference where the Application asks for it, also where nothing of ours is changed', () =>
    mutated({}, { 'argocd.argoproj.io/compare-options': 'IncludeMutationWebhook=true' }, async (shop, webhook) => {
      await shop.sync();
      await staysSynced(shop, 1);
      for (const mutate of [stamp, (object: Manifest) => [...sidecar(object), ...stamp(object)]]) {
        webhook.mutate(mutate);
        await shop.look();
        expect(await syncOf(shop)).toBe('OutOfSync');
        await shop.sync();
        await staysSynced(shop, 1);
      }
    }));
});

describe('objects of all kinds', () => {
  it('are Synced once applied, without a dry run, whatever the API server and its controllers have filled in', async () => {
    const file = join(import.meta.dirname, '..', 'cases', 'kinds', 'objects.yaml');
    const text = readFileSync(file, 'utf8');
    const shop = await stories.deployment({});
    const manifests = parseManifests(text.replaceAll('name: checked', `name: ${shop.namespace}`), file);
    const kinds = manifests.filter(({ kind }) => kind !== 'Shelf');
    await shop.commit(Object.fromEntries(kinds.map((manifest: Manifest, index) => [`${index}.json`, manifest])));
    await shop.sync();
    const { status } = await shop.read();
    expect(status?.operationState?.phase).toBe('Succeeded');
    expect(new Set(status?.resources?.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(20);
    await staysSynced(shop);
  });
});
