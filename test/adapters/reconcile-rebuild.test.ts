// Everything that this side keeps is lost: the Applications with their history, the store, what was fetched. What they deployed is still
// there, and an apply of the same Applications into another control namespace finds it as it is: nothing is written, nothing restarts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { reconcile } from '../../lib/reconcile/reconcile.ts';
import { configMap } from '../support/journey.ts';
import { hookJob, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { eventually } from '../world/world.ts';

let lost: Stories;
let rebuilt: Stories;

beforeAll(async () => {
  [lost, rebuilt] = await Promise.all([startStories(), startStories()]);
});

afterAll(() => Promise.all([lost.close(), rebuilt.close()]));

const labels = { app: 'web' };
const WEB = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:v1' }] } },
  },
};

it('finds again what is there, writes nothing to it, and goes on from there', async () => {
  const files = { 'web.json': WEB, 'a.json': configMap('x', { k: '1' }), 'hook.json': hookJob('migrate', 'PreSync', '0s') };
  const policy = { syncPolicy: { automated: { prune: true, selfHeal: true } } };
  const shop = await lost.deployment(files, policy);
  await eventually(async () => {
    await shop.look();
    expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' }, health: { status: 'Healthy' } });
  });
  const versions = async () => {
    const found = await Promise.all([
      shop.live('deployments', 'web', 'apps/v1'),
      shop.live('configmaps', 'x'),
      shop.live('jobs', 'migrate', 'batch/v1'),
    ]);
    return found.map(({ metadata }) => [metadata.uid, metadata.resourceVersion, metadata.generation]);
  };
  const before = await versions();
  const application = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' };
  const { spec } = await shop.object();
  await lost.cluster.delete({ ...application, namespace: lost.control, name: shop.name });

  const metadata = { name: shop.name, namespace: rebuilt.control };
  await rebuilt.cluster.apply({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata, spec });
  const look = () => {
    const now = Date.now();
    const request = { application: metadata, reason: 'sweep' as const, at: now, event: `rebuilt ${now}`, correlation: 'rebuilt' };
    return reconcile(request, rebuilt.ports, now + 60_000);
  };
  const requests = await requestsOf(look);
  const writes = requests.filter((request) => !request.startsWith('GET ') && !request.includes('/token'));
  expect(writes.map((request) => request.replace(/\?.*$/, ''))).toEqual([
    `PATCH /apis/argoproj.io/v1alpha1/namespaces/${rebuilt.control}/applications/${shop.name}`,
  ]);
  expect(await versions()).toEqual(before);
  const status = async () => (await rebuilt.cluster.get({ ...application, ...metadata }))?.['status'];
  expect(await status()).toMatchObject({ sync: { status: 'Synced' }, health: { status: 'Healthy' } });

  await shop.commit({ 'a.json': configMap('x', { k: '2' }), 'hook.json': undefined });
  await look();
  expect((await shop.live('configmaps', 'x')).data).toEqual({ k: '2' });
  expect(await status()).toMatchObject({ sync: { status: 'Synced' }, operationState: { phase: 'Succeeded' } });
});
