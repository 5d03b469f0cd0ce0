// Promise: deleting an Application takes what it brought, last wave first, and nothing else; without cascade it takes nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApplicationOptions, configMap, type Deployed, GROUP, type Journey, startJourney } from '../support/journey.ts';
import { type Traffic, watchTraffic } from '../support/observe.ts';
import { eventually, freshName } from '../world/world.ts';

const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

let journey: Journey;
let traffic: Traffic;

beforeAll(async () => {
  journey = await startJourney();
  traffic = await watchTraffic(journey);
});

afterAll(async () => {
  await journey?.close();
  await traffic?.close();
});

const labels = { app: 'web' };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1' }] } },
  },
};
const annotated = (annotations: Readonly<Record<string, string>>) => ({ annotations });

async function deployed(files: Readonly<Record<string, object>>, options: ApplicationOptions = {}): Promise<Deployed> {
  const application = await journey.application(await journey.repository(files), options);
  await journey.wake(application.name);
  await application.synced();
  return application;
}

const find = (application: Deployed, plural: string, name: string, group = 'v1') =>
  journey.find(group, plural, application.namespace, name);

async function remove({ name }: Deployed, ...flags: readonly string[]): Promise<void> {
  expect(await journey.evenkeel('app', 'delete', name, '--yes', ...flags)).toMatchObject({ code: 0 });
  await journey.wake(name);
}

const gone = ({ name }: Deployed) =>
  eventually(async () => expect(await journey.find(GROUP, 'applications', journey.control, name)).toBeUndefined(), 30_000);

/** Holds the Deployment's ReplicaSet so that how dependents are treated can be seen. */
async function holdReplicaSet({ namespace }: Deployed): Promise<() => Promise<unknown>> {
  const list = (await journey.api.send(`/apis/apps/v1/namespaces/${namespace}/replicasets`)) as {
    readonly items: readonly { readonly metadata: { readonly name: string } }[];
  }; // a ReplicaSetList
  const path = `/apis/apps/v1/namespaces/${namespace}/replicasets/${list.items[0]?.metadata.name}`;
  await journey.api.send(path, { method: 'PATCH', body: { metadata: { finalizers: ['example.com/hold'] } } });
  return async () => journey.api.send(path, { method: 'PATCH', body: { metadata: { finalizers: null } } });
}

test('a cascade in the foreground waits for the dependents of what it deletes', async () => {
  const application = await deployed({ 'web.yaml': deployment, 'settings.yaml': configMap('settings', { a: '1' }) });
  const release = await holdReplicaSet(application);
  await remove(application);
  await eventually(async () => expect(await find(application, 'configmaps', 'settings')).toBeUndefined());
  await eventually(async () =>
    expect((await find(application, 'deployments', 'web', 'apps/v1'))?.['metadata']).toMatchObject({ finalizers: ['foregroundDeletion'] }),
  );
  expect((await application.read()).metadata.finalizers).toEqual([FINALIZER]);
  await release();
  await gone(application);
  expect(await find(application, 'deployments', 'web', 'apps/v1')).toBeUndefined();
});

test('a cascade in the background does not wait for them', async () => {
  const application = await deployed({ 'web.yaml': deployment });
  const release = await holdReplicaSet(application);
  await remove(application, '--propagation-policy', 'background');
  await gone(application);
  expect(await find(application, 'deployments', 'web', 'apps/v1')).toBeUndefined();
  await release();
});

test('what came last goes first: the waves backwards', async () => {
  const wave = (name: string, number: string) => configMap(name, {}, annotated({ 'argocd.argoproj.io/sync-wave': number }));
  const application = await deployed({ 'a.yaml': wave('first', '-1'), 'b.yaml': wave('second', '0'), 'c.yaml': wave('third', '5') });
  traffic.clear();
  await remove(application);
  await gone(application);
  const deletes = traffic.requests.filter(({ method }) => method === 'DELETE').map(({ url }) => url.replace(/\?.*/, '').split('/').at(-1));
  expect(deletes).toEqual(['third', 'second', 'first']);
});

test('without cascade everything stays', async () => {
  const application = await deployed({ 'settings.yaml': configMap('settings', { a: '1' }) }, { metadata: { finalizers: [FINALIZER] } });
  traffic.clear();
  await remove(application, '--cascade=false');
  await gone(application);
  expect(await find(application, 'configmaps', 'settings')).toBeDefined();
  expect(traffic.requests.filter(({ method }) => method === 'DELETE')).toEqual([]);
});

test('what says that it is to be kept is kept, and so is what is not ours', async () => {
  const application = await deployed({
    'plain.yaml': configMap('plain', {}),
    'kept-by-helm.yaml': configMap('kept-by-helm', {}, annotated({ 'helm.sh/resource-policy': 'keep' })),
    'kept-by-option.yaml': configMap('kept-by-option', {}, annotated({ 'argocd.argoproj.io/sync-options': 'Delete=false' })),
  });
  await journey.create('v1', 'configmaps', application.namespace, configMap('foreign', {}));
  await remove(application);
  await gone(application);
  const left = await Promise.all(
    ['plain', 'kept-by-helm', 'kept-by-option', 'foreign'].map(async (name) => [
      name,
      Boolean(await find(application, 'configmaps', name)),
    ]),
  );
  expect(Object.fromEntries(left)).toEqual({ plain: false, 'kept-by-helm': true, 'kept-by-option': true, foreign: true });
});

test('nothing goes before a person approves what asks for approval', async () => {
  const application = await deployed({
    'plain.yaml': configMap('plain', {}, annotated({ 'argocd.argoproj.io/sync-wave': '1' })),
    'asks.yaml': configMap('asks', {}, annotated({ 'argocd.argoproj.io/sync-options': 'Delete=confirm' })),
  });
  await application.change({ metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': '2026-01-01T00:00:00Z' } } });
  traffic.clear();
  await remove(application);
  for (const event of ['second', 'third']) await journey.wake(application.name, event);
  const requests = (verb: string) => traffic.requests.filter(({ method, url }) => method === verb && url.includes('/configmaps'));
  await eventually(async () => expect(requests('GET').length).toBeGreaterThanOrEqual(3)); // a pass begins when the one before has ended
  expect(requests('DELETE')).toEqual([]);
  expect(await find(application, 'configmaps', 'plain')).toBeDefined();
  const approved = new Date(Date.now() + 1000).toISOString();
  await application.change({ metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': approved } } });
  await journey.wake(application.name, 'approved');
  await gone(application);
  expect(await find(application, 'configmaps', 'asks')).toBeUndefined();
});

test.each(['pre-delete', 'post-delete'])('a %s finalizer of Argo CD holds nobody whose Git has no such hook', async (when) => {
  const hook = `${when}-finalizer.argocd.argoproj.io`;
  const application = await deployed({ 'settings.yaml': configMap('settings', {}) }, { metadata: { finalizers: [hook, FINALIZER] } });
  await remove(application);
  await gone(application);
  expect(await find(application, 'configmaps', 'settings')).toBeUndefined();
});

test('without its project the Application stays and says why, and goes when the project is back', async () => {
  const project = {
    apiVersion: GROUP,
    kind: 'AppProject',
    metadata: { name: freshName('team') },
    spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
  };
  const path = `/apis/${GROUP}/namespaces/${journey.control}/appprojects`;
  await journey.api.send(path, { method: 'POST', body: project });
  const application = await deployed({ 'settings.yaml': configMap('settings', {}) });
  await application.change({ spec: { project: project.metadata.name } });
  await journey.api.send(`${path}/${project.metadata.name}`, { method: 'DELETE' });
  await remove(application);
  const { metadata } = await application.until(({ status }) =>
    expect(status?.conditions).toMatchObject([
      { type: 'DeletionError', message: `Application referencing project ${project.metadata.name} which does not exist` },
    ]),
  );
  expect(metadata.finalizers).toEqual([FINALIZER]);
  expect(await find(application, 'configmaps', 'settings')).toBeDefined();
  await journey.api.send(path, { method: 'POST', body: project });
  await journey.wake(application.name);
  await gone(application);
  expect(await find(application, 'configmaps', 'settings')).toBeUndefined();
});

test('a destination that is not registered any more holds nobody: the finalizer goes, nothing is deleted', async () => {
  const application = await deployed({ 'settings.yaml': configMap('settings', {}) });
  await application.change({ spec: { destination: { server: 'https://gone.example.com' } } });
  await remove(application);
  await gone(application);
  expect(await find(application, 'configmaps', 'settings')).toBeDefined();
});

test('deleting an app of apps takes the children and what they brought', async () => {
  const repository = await journey.repository({ 'child/settings.yaml': configMap('settings', {}) });
  const namespace = await journey.freshNamespace('child');
  const child = {
    apiVersion: GROUP,
    kind: 'Application',
    metadata: { name: freshName('child'), namespace: journey.control, finalizers: [FINALIZER] },
    spec: {
      project: 'default',
      source: { repoURL: repository.url, path: 'child', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: {} },
    },
  };
  await repository.commit({ 'root/child.yaml': child });
  const root = await journey.application(repository, { path: 'root', namespace: journey.control });
  await journey.wake(root.name);
  const born = journey.existing(child.metadata.name, namespace);
  await root.until(({ status }) => expect(status?.sync?.status).toBe('Synced'));
  await journey.sweeping(born.synced());
  expect(await find(born, 'configmaps', 'settings')).toBeDefined();
  await remove(root);
  await journey.sweeping(Promise.all([gone(root), gone(born)]));
  expect(await find(born, 'configmaps', 'settings')).toBeUndefined();
});
