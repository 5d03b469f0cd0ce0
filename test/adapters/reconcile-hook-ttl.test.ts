// Hooks that a TTL, or somebody else, deletes before they were looked at, on the real control plane: their own end counts, each runs once,
// and nothing hangs by their finalizer.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NotPermitted } from '../../lib/model/errors.ts';
import type { LiveObject } from '../../lib/model/manifest.ts';
import type { Clusters } from '../../lib/ports.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, endsIn, hookJob, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually } from '../world/world.ts';

const FINALIZER = 'argocd.argoproj.io/hook-finalizer';
const PRE_DELETE = 'pre-delete-finalizer.argocd.argoproj.io';
const CASCADE = 'resources-finalizer.argocd.argoproj.io';
const JOB = { group: 'batch', version: 'v1', kind: 'Job' };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** A Job that is deleted as soon as it has ended. `:fail` as the image's tag makes its pod fail. */
function brief(name: string, phase: string, takes = '0s', image = 'hook:v1', annotations: Readonly<Record<string, string>> = {}): object {
  const job = JSON.parse(JSON.stringify(hookJob(name, phase, takes, annotations)).replace('hook:v1', image));
  return { ...job, spec: { ...job.spec, ttlSecondsAfterFinished: 0 } };
}

const jobOf = (shop: Deployment, name = 'migrate') => shop.live('jobs', name, 'batch/v1');

/** Waits, without a look, until a Job has ended and was deleted. */
const leaving = (shop: Deployment) =>
  eventually(async () => {
    const { metadata, status } = await jobOf(shop);
    expect(status.conditions).toBeDefined();
    expect(metadata.deletionTimestamp).toBeDefined();
  });

const gone = (shop: Deployment, name = 'migrate') => eventually(async () => expect(await jobOf(shop, name)).toBeUndefined());

const rowsOf = async (shop: Deployment) => {
  const { status } = await shop.read();
  return (status?.operationState?.syncResult?.resources ?? []).map(({ name, hookPhase }) => `${name} ${hookPhase}`);
};

/** How often a Job came into being while `work` ran, by name. */
async function runsIn(shop: Deployment, work: () => Promise<unknown>): Promise<readonly (string | undefined)[]> {
  const options = { namespace: shop.namespace, metadataOnly: true };
  const { resourceVersion } = await stories.cluster.list(JOB, options);
  await work();
  const { events } = await stories.cluster.drain(JOB, { ...options, resourceVersion, idleMs: 600, maxMs: 10_000 });
  return events.filter(({ type }) => type === 'ADDED').map(({ object }) => object.metadata.name);
}

function deployed(files: Readonly<Record<string, object>>, spec = {}): Promise<Deployment> {
  return stories.deployment({ 'settings.json': configMap('settings', {}), ...files }, spec);
}

/** What an earlier operation, or Argo CD, left: held, and deleted since. */
async function leave(shop: Deployment, name: string, tracking: object = {}): Promise<LiveObject> {
  const job = hookJob(name, 'PreSync', '0s') as LiveObject; // it is one
  const annotations = { ...job.metadata.annotations, ...tracking };
  const held = { ...job, metadata: { ...job.metadata, annotations, finalizers: [FINALIZER] } };
  const made = (await stories.create('batch/v1', 'jobs', shop.namespace, held)) as LiveObject; // the API server's answer
  await stories.cluster.delete({ ...JOB, namespace: shop.namespace, name }, { propagation: 'Background' });
  expect((await jobOf(shop, name)).metadata.deletionTimestamp).toBeDefined();
  return made;
}

const trackingOf = (shop: Deployment, name: string) => ({
  'argocd.argoproj.io/tracking-id': `${shop.name}:batch/Job:${shop.namespace}/${name}`,
});

/** As the operation that has left them wrote them down. */
async function record(shop: Deployment, ...names: readonly string[]): Promise<void> {
  const { status } = await shop.read();
  const rows = names.map((name) => ({ ...JOB, namespace: shop.namespace, name, hook: true }));
  await shop.change({ status: { resources: [...(status?.resources ?? []), ...rows] } });
}

/** Asks for the deletion of the Application, and looks until it is gone. */
async function deleted(shop: Deployment): Promise<void> {
  await stories.api.send(`${collectionPath('argoproj.io/v1alpha1', 'applications', stories.control)}/${shop.name}`, { method: 'DELETE' });
  await eventually(async () => {
    await shop.look();
    await expect(shop.object()).rejects.toThrow();
  }, 60_000);
}

/** Clusters of which none lets anything be deleted. */
function withoutDelete(clusters: Clusters): Clusters {
  const refused = () => Promise.reject(new NotPermitted('jobs may not be deleted'));
  return {
    resolve: (destination) => clusters.resolve(destination),
    actingFor: async (destination, account) => {
      const cluster = await clusters.actingFor(destination, account);
      return new Proxy(cluster, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name);
          if (name === 'delete') return refused;
          return typeof member === 'function' ? member.bind(target) : member;
        },
      });
    },
  };
}

it('counts a hook that its TTL has deleted by its own end, and runs it once', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync') });
  const runs = await runsIn(shop, async () => {
    await shop.sync();
    expect((await jobOf(shop)).metadata.finalizers).toContain(FINALIZER);
    await leaving(shop);
    expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run)');
  });
  expect(runs).toEqual(['migrate']);
  expect(await rowsOf(shop)).toEqual(['migrate Succeeded', 'settings Running']);
  expect(await shop.live('configmaps', 'settings')).toBeDefined();
  await gone(shop);
});

it('fails for a hook that has failed before its TTL deleted it', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync', '0s', 'hook:fail') });
  await shop.sync();
  await leaving(shop);
  await endsIn(shop, 'Failed');
  expect(await rowsOf(shop)).toEqual(['migrate Failed']);
  expect(await shop.live('configmaps', 'settings')).toBeUndefined();
  await gone(shop);
});

it('asks one request more for a hook than its apply', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync') });
  const requests = await requestsOf(async () => {
    await shop.sync();
    await leaving(shop);
    await endsIn(shop, 'Succeeded');
  });
  const writes = requests.filter((request) => /^(PATCH|DELETE|POST|PUT) .*\/jobs/.test(request));
  expect(writes.map((request) => request.split('?')[0])).toEqual(
    Array(2).fill(`PATCH ${collectionPath('batch/v1', 'jobs', shop.namespace)}/migrate`),
  );
});

it('lets a hook that was left held go, and runs it anew', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync') });
  const { uid } = (await leave(shop, 'migrate')).metadata;
  await shop.sync();
  await eventually(async () => {
    await shop.look();
    expect((await jobOf(shop))?.metadata.uid ?? uid).not.toBe(uid);
  });
  await leaving(shop);
  await endsIn(shop, 'Succeeded');
  await gone(shop);
});

it('lets held hooks go that Git has no more', async () => {
  const shop = await deployed({});
  await leave(shop, 'old', trackingOf(shop, 'old'));
  await record(shop, 'old');
  await shop.sync();
  await endsIn(shop, 'Succeeded');
  await gone(shop, 'old');
});

it('keeps the finalizers of others on a hook that is replaced whole', async () => {
  const annotations = {
    'argocd.argoproj.io/hook': 'PreSync',
    'argocd.argoproj.io/hook-delete-policy': 'HookFailed',
    'argocd.argoproj.io/sync-options': 'Replace=true',
  };
  const note = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'note', annotations } };
  const shop = await deployed({ 'note.json': note });
  await shop.sync();
  await shop.drift('configmaps', 'note', { metadata: { finalizers: ['example.com/other'] } });
  await shop.sync();
  await endsIn(shop, 'Succeeded');
  expect((await shop.live('configmaps', 'note')).metadata.finalizers).toEqual(['example.com/other']);
});

it('leaves nothing behind when it is told to stop', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync', '3600s'), 'done.json': brief('done', 'PreSync') });
  await shop.sync();
  await eventually(async () => expect((await jobOf(shop, 'done')).metadata.deletionTimestamp).toBeDefined());
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  await shop.look();
  expect((await shop.read()).status?.operationState).toMatchObject({ phase: 'Failed', message: 'Operation terminated' });
  expect(await rowsOf(shop)).toEqual(['done Succeeded', 'migrate Failed']);
  await gone(shop);
  await gone(shop, 'done');
});

it('ends with Error when a hook may not be deleted as it is told to stop', async () => {
  const shop = await deployed({ 'migrate.json': brief('migrate', 'PreSync', '3600s') });
  await shop.sync();
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  await shop.look('continue', { clusters: withoutDelete(stories.ports.clusters) });
  const { operation, status } = await shop.read();
  expect(operation).toBeUndefined();
  expect(status?.operationState).toMatchObject({ phase: 'Error', message: 'Operation termination had errors' });
  expect(status?.operationState?.syncResult?.resources?.[0]).toMatchObject({
    hookPhase: 'Error',
    message: 'failed to delete resource: jobs may not be deleted',
  });
  expect((await jobOf(shop)).metadata.finalizers ?? []).not.toContain(FINALIZER);
});

it('lets the hooks go of an operation that fails as a whole', async () => {
  const shop = await deployed({ 'migrate.json': hookJob('migrate', 'Sync', '3600s') });
  await shop.sync({ syncOptions: ['FailOnSharedResource=true'] });
  expect((await jobOf(shop)).metadata.finalizers).toContain(FINALIZER);
  const id = `other:/ConfigMap:${shop.namespace}/settings`;
  await shop.drift('configmaps', 'settings', { metadata: { annotations: { 'argocd.argoproj.io/tracking-id': id } } });
  await shop.look();
  expect((await shop.read()).status?.operationState?.phase).toBe('Failed');
  expect((await jobOf(shop)).metadata.finalizers ?? []).not.toContain(FINALIZER);
});

it('leaves nothing behind of an Application that is deleted while a hook runs', async () => {
  const kept = { 'argocd.argoproj.io/sync-options': 'Delete=false' };
  const migrate = brief('migrate', 'PreSync', '2s');
  const shop = await deployed({ 'migrate.json': migrate, 'kept.json': brief('kept', 'PreSync', '0s', 'hook:v1', kept) });
  await shop.change({ metadata: { finalizers: [CASCADE] } });
  await shop.sync();
  await deleted(shop);
  await gone(shop);
  await gone(shop, 'kept');
  expect(await shop.live('configmaps', 'settings')).toBeUndefined();
});

it('lets go what operations left held before the Application goes, also what stays', async () => {
  const shop = await deployed({});
  await shop.change({ metadata: { finalizers: [CASCADE] } });
  await shop.sync();
  await leave(shop, 'old', trackingOf(shop, 'old'));
  await leave(shop, 'kept', { ...trackingOf(shop, 'kept'), 'argocd.argoproj.io/sync-options': 'Delete=false' });
  await record(shop, 'old', 'kept');
  await deleted(shop);
  await gone(shop, 'old');
  await gone(shop, 'kept');
});

it('lets a held hook go that stands in the way of a hook of the deletion', async () => {
  const shop = await deployed({ 'last.json': hookJob('last', 'PreSync,PreDelete', '0s') });
  await shop.change({ metadata: { finalizers: [CASCADE, PRE_DELETE, `${PRE_DELETE}/cleanup`] } });
  const { uid } = (await leave(shop, 'last', trackingOf(shop, 'last'))).metadata;
  const runs = await runsIn(shop, () => deleted(shop));
  expect(runs).toEqual(['last']);
  expect((await jobOf(shop, 'last'))?.metadata.uid).not.toBe(uid);
});
