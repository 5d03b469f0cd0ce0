// Objects that others made become ours at the first sync: no pod restarts, and what Git does not name goes, whoever set it first.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRACKING_ID } from '../../lib/model/annotations.ts';
import type { ManagedFieldsEntry } from '../../lib/model/manifest.ts';
import { run, succeed } from '../support/program.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

let stories: Stories;
let folder: string;

beforeAll(async () => {
  stories = await startStories();
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-adoption-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stories.close();
});

/** A Deployment with pods, and a ConfigMap; `more` is what Git does not name later. */
function objects(more: boolean): readonly object[] {
  const labels = { app: 'web' };
  const container = { name: 'web', image: 'registry.example.com/web:v1', ports: [{ containerPort: 80 }] };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { ...labels, ...(more && { dropped: 'yes' }) } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
        ...(more && { minReadySeconds: 7 }),
      },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { kept: '1', ...(more && { dropped: '2' }) } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ port: 80 }], ...(more && { sessionAffinity: 'ClientIP' }) },
    },
  ];
}

const FILES = Object.fromEntries(objects(false).map((object, index) => [`${index}.json`, object]));

async function kubectl(shop: Deployment, args: readonly string[], input = ''): Promise<void> {
  await succeed(stories.kubectl, ['--kubeconfig', stories.kubeconfigPath, '-n', shop.namespace, ...args], { input });
}

async function helm(shop: Deployment, args: readonly string[]): Promise<void> {
  const chart = join(folder, shop.name);
  await succeed('mkdir', ['-p', join(chart, 'templates')]);
  const templates = objects(true)
    .map((object) => JSON.stringify(object))
    .join('\n---\n');
  await run('tee', [join(chart, 'Chart.yaml')], { input: 'apiVersion: v2\nname: shop\nversion: 1.0.0\n' });
  await run('tee', [join(chart, 'templates', 'all.yaml')], { input: templates });
  const env = {
    ...process.env,
    KUBECONFIG: stories.kubeconfigPath,
    HELM_CACHE_HOME: join(folder, 'cache'),
    HELM_DATA_HOME: join(folder, 'data'),
  };
  await succeed(stories.helm, ['install', 'shop', chart, '-n', shop.namespace, ...args], { env });
}

const list = () => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects(true) });

const MAKERS: readonly (readonly [maker: string, make: (shop: Deployment) => Promise<void>])[] = [
  ['kubectl apply', (shop) => kubectl(shop, ['apply', '-f', '-'], list())],
  ['kubectl apply --server-side', (shop) => kubectl(shop, ['apply', '--server-side', '-f', '-'], list())],
  ['kubectl create', (shop) => kubectl(shop, ['create', '-f', '-'], list())],
  [
    'kubectl replace',
    async (shop) => {
      const fewer = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects(false) });
      await kubectl(shop, ['create', '-f', '-'], fewer);
      await kubectl(shop, ['replace', '-f', '-'], list());
    },
  ],
  ['helm, on the server', (shop) => helm(shop, ['--server-side=true'])],
  ['helm, on the client', (shop) => helm(shop, ['--server-side=false'])],
  ['Argo CD, on the client', (shop) => kubectl(shop, ['apply', '--field-manager=argocd-controller', '-f', '-'], list())],
  ['Argo CD, on the server', (shop) => kubectl(shop, ['apply', '--server-side', '--field-manager=argocd-controller', '-f', '-'], list())],
];

interface Pods {
  readonly uid: string;
  readonly sets: readonly string[];
  readonly pods: readonly string[];
}

async function podsOf(shop: Deployment): Promise<Pods> {
  const uids = async (path: string) => {
    const { items } = (await stories.api.send(path)) as { readonly items: readonly { readonly metadata: { readonly uid: string } }[] };
    return items.map(({ metadata }) => metadata.uid).sort();
  };
  return {
    uid: (await shop.live('deployments', 'web', 'apps/v1')).metadata.uid,
    sets: await uids(`/apis/apps/v1/namespaces/${shop.namespace}/replicasets`),
    pods: await uids(`/api/v1/namespaces/${shop.namespace}/pods`),
  };
}

async function managersOf(shop: Deployment): Promise<readonly string[]> {
  const found = await Promise.all(
    [shop.live('deployments', 'web', 'apps/v1'), shop.live('configmaps', 'settings'), shop.live('services', 'web')].map(
      async (live) => (await live).metadata.managedFields as readonly ManagedFieldsEntry[],
    ),
  );
  const names = found.flat().filter(({ subresource }) => !subresource);
  return [...new Set(names.map(({ manager, operation }) => `${manager} ${operation}`))].sort();
}

describe.each(MAKERS)('what %s made', (maker, make) => {
  it('becomes ours without a restart, and loses what Git does not name', async () => {
    const shop = await stories.deployment(FILES);
    await make(shop);
    await eventually(async () => expect((await podsOf(shop)).pods).toHaveLength(2));
    const before = await podsOf(shop);

    await shop.look();
    const compared = (await shop.read()).status;
    expect(compared?.sync?.status).toBe('OutOfSync');
    await shop.sync();
    await shop.look();
    const { status } = await shop.read();
    expect(status?.operationState).toMatchObject({ phase: 'Succeeded' });
    expect(status?.sync?.status).toBe('Synced');

    const web = await shop.live('deployments', 'web', 'apps/v1');
    expect(web.metadata.labels).toEqual(maker.startsWith('helm') ? { app: 'web', 'app.kubernetes.io/managed-by': 'Helm' } : { app: 'web' });
    expect(web.metadata.annotations[TRACKING_ID]).toContain(`${shop.name}:`);
    expect([web.spec.replicas, web.spec.minReadySeconds ?? 0]).toEqual([2, 0]);
    expect((await shop.live('configmaps', 'settings')).data).toEqual({ kept: '1' });
    const service = (await shop.live('services', 'web')).spec;
    expect([service.sessionAffinity, service.clusterIP]).toEqual(['None', expect.stringMatching(/^\d/)]);
    expect(await podsOf(shop)).toEqual(before);

    const foreign = (await managersOf(shop)).filter((name) => !/^(evenkeel Apply|kube-controller-manager)/.test(name));
    expect(foreign).toEqual(maker.startsWith('helm') ? [expect.stringMatching(/^helm (Apply|Update)$/)] : []);
  });
});

describe('an Application', () => {
  it('may say that nothing is taken over', async () => {
    const shop = await stories.deployment(FILES, { syncPolicy: { syncOptions: ['ClientSideApplyMigration=false'] } });
    await kubectl(shop, ['apply', '-f', '-'], list());
    await shop.sync({ syncOptions: ['ClientSideApplyMigration=false'] });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
    expect((await shop.live('configmaps', 'settings')).data).toEqual({ kept: '1', dropped: '2' });
  });

  it('may name one more client whose fields are taken over', async () => {
    const shop = await stories.deployment(FILES);
    await kubectl(shop, ['create', '--field-manager=my-tool', '-f', '-'], list());
    await shop.sync();
    expect((await shop.live('configmaps', 'settings')).data).toEqual({ kept: '1', dropped: '2' });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');

    await shop.change({ metadata: { annotations: { 'argocd.argoproj.io/client-side-apply-migration-manager': 'my-tool' } } });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
    await shop.sync();
    expect((await shop.live('configmaps', 'settings')).data).toEqual({ kept: '1' });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
  });
});
