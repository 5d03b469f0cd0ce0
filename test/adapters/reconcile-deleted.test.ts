// A deletion on the real control plane that meets trouble: its worker is lost at any of its requests, it has no time for all its objects,
// or its destination does not answer.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conflict, Unavailable } from '../../lib/model/errors.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { configMap } from '../support/journey.ts';
import { dyingAt, type Kill } from '../support/lost-worker.ts';
import { type Deployment, hookJob, isOnBeat, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { eventually, world } from '../world/world.ts';

const CASCADE = 'resources-finalizer.argocd.argoproj.io';
const POLICY = 'argocd.argoproj.io/hook-delete-policy';

let proxy: FaultProxy;
let stories: Stories;

beforeAll(async () => {
  proxy = await startFaultProxy(world());
  stories = await startStories({ through: proxy.url });
});

afterAll(async () => {
  await stories?.close();
  await proxy?.close();
});

const inWave = (name: string, wave: number, options = '') => {
  const { metadata, ...rest } = configMap(name, {}) as { readonly metadata: object }; // it has a name
  const annotations = { 'argocd.argoproj.io/sync-wave': `${wave}`, 'argocd.argoproj.io/sync-options': options };
  return { ...rest, metadata: { ...metadata, annotations } };
};

async function deployed(files: Readonly<Record<string, object>>, spec: object = {}): Promise<Deployment> {
  const shop = await stories.deployment(files, spec);
  await shop.change({ metadata: { finalizers: [CASCADE] } });
  await shop.sync();
  await shop.look();
  return shop;
}

const applicationPath = ({ name }: Deployment) => `/apis/argoproj.io/v1alpha1/namespaces/${stories.control}/applications/${name}`;
const isThere = (shop: Deployment) =>
  shop.object().then(
    () => true,
    () => false,
  );
const remove = (shop: Deployment) => stories.api.send(applicationPath(shop), { method: 'DELETE' });
const names = async (shop: Deployment) => {
  const { items } = await stories.cluster.list({ group: '', version: 'v1', kind: 'ConfigMap' }, { namespace: shop.namespace });
  return items.flatMap(({ metadata }) => (metadata.name === 'kube-root-ca.crt' ? [] : [metadata.name])).toSorted();
};

/**
 * Looks until the Application is gone. Each look is cut at one request more than the one before it, until one comes to its end: so every
 * step is stopped once before and after each of its requests. Returns how many looks were cut.
 */
async function deleteCut(shop: Deployment, how: Kill['how']): Promise<number> {
  let cuts = 0;
  for (let at = 1; await isThere(shop); ) {
    let lost = false;
    const judge = dyingAt({ at, how }, () => {
      lost = true;
    });
    proxy.judge(judge);
    await shop.look('continue').catch(passing);
    proxy.judge(() => 'pass');
    cuts += lost ? 1 : 0;
    at = lost ? at + 1 : 1;
  }
  return cuts;
}

/** What is carried out without an answer moves the deletion on, so that there are fewer looks to cut. */
const LEAST_CUTS = { lost: 40, unanswered: 15 } as const;

/** The queue brings such a message back; any other error is a defect. */
function passing(thrown: unknown): void {
  if (!(thrown instanceof Unavailable || thrown instanceof Conflict)) throw thrown;
}

describe('a deletion', () => {
  it.each(['lost', 'unanswered'] as const)('runs each hook once and leaves what stays, wherever its worker ends (%s)', async (how) => {
    const shop = await deployed({
      'pre.json': hookJob('pre', 'PreDelete', '0s', { [POLICY]: 'HookSucceeded' }),
      'post.json': hookJob('post', 'PostDelete', '0s', { [POLICY]: 'HookSucceeded' }),
      'last.json': hookJob('last', 'PostDelete', '0s'),
      'first.json': inWave('first', -1),
      'second.json': inWave('second', 0),
      'third.json': inWave('third', 3),
      'kept.json': inWave('kept', 3, 'Delete=false'),
    });
    await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'foreign' } });
    const kinds = [
      { group: 'batch', version: 'v1', kind: 'Job' },
      { group: '', version: 'v1', kind: 'ConfigMap' },
    ];
    const options = { namespace: shop.namespace, metadataOnly: true };
    const before = await Promise.all(kinds.map((kind) => stories.cluster.list(kind, options)));
    await remove(shop);
    const cuts = await deleteCut(shop, how);
    expect(await isThere(shop)).toBe(false);
    expect(cuts).toBeGreaterThan(LEAST_CUTS[how]);
    expect(await names(shop)).toEqual(['foreign', 'kept']);
    const [jobs, maps] = await Promise.all(
      kinds.map((kind, index) =>
        stories.cluster.drain(kind, { ...options, resourceVersion: before[index]?.resourceVersion ?? '', idleMs: 600, maxMs: 10_000 }),
      ),
    );
    const told = (batch: typeof jobs, type: string) =>
      (batch?.events ?? []).filter((event) => event.type === type).map(({ object }) => object.metadata.name);
    expect(told(jobs, 'ADDED').toSorted()).toEqual(['last', 'post', 'pre']);
    expect(told(maps, 'DELETED')).toEqual(['third', 'second', 'first']);
    expect(await shop.live('jobs', 'last', 'batch/v1')).toBeDefined();
  });

  it('goes on where its time was up, and reads many objects in pages', async () => {
    const many = Array.from({ length: 620 }, (_, index) => configMap(`many-${index}`, {}));
    const shop = await deployed({ 'many.json': { apiVersion: 'v1', kind: 'List', items: many } });
    expect(await names(shop)).toHaveLength(620);
    await remove(shop);
    let asked = 0;
    const cut = () => Date.now() + (asked++ > 300 ? 3_600_000 : 0);
    const reads = await requestsOf(async () => expect((await shop.look('continue', { clock: cut })).again).toBeDefined());
    expect(reads.filter((line) => /^GET .*\/configmaps\/many-/.test(line))).toEqual([]);
    expect(reads.filter((line) => /^GET .*\/configmaps\?/.test(line))).toHaveLength(2);
    const left = (await names(shop)).length;
    expect([left > 0, left < 620]).toEqual([true, true]);
    while (await isThere(shop)) await shop.look('continue');
    expect(await names(shop)).toEqual([]);
  });

  it('says what does not answer, and goes on once the destination is no longer registered', async () => {
    const server = 'https://127.0.0.1:9'; // nothing listens there
    const config = JSON.stringify({ bearerToken: 'unused', tlsClientConfig: { insecure: true } });
    const labels = { 'argocd.argoproj.io/secret-type': 'cluster' };
    const secret = { metadata: { name: 'far', labels }, stringData: { name: 'far', server, config } };
    await stories.create('v1', 'secrets', stories.control, secret);
    const shop = await stories.deployment({ 'a.json': configMap('a', {}) }, { destination: { server, namespace: 'far' } });
    await shop.change({
      metadata: { finalizers: [CASCADE] },
      status: { resources: [{ version: 'v1', kind: 'ConfigMap', namespace: 'far', name: 'a' }] },
    });
    await remove(shop);
    await expect(shop.look()).rejects.toThrow(Unavailable);
    const outcome = await shop.look('sweep', {}, 3);
    expect(isOnBeat(outcome, 30)).toBe(true);
    const { status } = await shop.read();
    expect(status?.conditions).toMatchObject([{ type: 'DeletionError', message: expect.stringContaining(server) }]);
    await stories.api.send(`/api/v1/namespaces/${stories.control}/secrets/far`, { method: 'DELETE' });
    await eventually(async () => {
      await shop.look('sweep', {}, 3);
      expect(await isThere(shop)).toBe(false);
    });
  });
});
