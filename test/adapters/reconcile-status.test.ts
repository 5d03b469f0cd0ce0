// What a look leaves on the Application: annotations that come and go, conditions of what does not parse, and nothing where nothing changed.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { affectedApplications } from '../../lib/intake/affected.ts';
import type { Push } from '../../lib/intake/push.ts';
import { CLOSURE, REFRESH, REFRESH_TIMESTAMP } from '../../lib/model/annotations.ts';
import type { Application } from '../../lib/model/application.ts';
import { parseProject } from '../../lib/model/project.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, requestsOf, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually } from '../world/world.ts';

const GROUP = 'argoproj.io/v1alpha1';
const AUTOMATED = { syncPolicy: { automated: {} } };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** A push to main of the stories' repository that changed this file. */
function pushOf(path: string): Push {
  const ends = { before: 'a'.repeat(40), after: 'b'.repeat(40), delivery: '' };
  const webURL = stories.remote.url.replace(/\.git$/, '');
  return { repositoryURLs: [webURL], revision: 'main', touchedHead: true, changedPaths: [path], ...ends };
}

async function wokenBy(path: string, deployment: Deployment): Promise<readonly string[]> {
  return affectedApplications(pushOf(path), [await deployment.object()], Date.now()).map(({ application }) => application.name);
}

it('wakes for any file of the repository after a failed render, so that the missing one mends it', async () => {
  const shop = await stories.deployment(
    { 'kustomization.yaml': { resources: ['a.json'] }, 'a.json': configMap('x', { k: '1' }) },
    AUTOMATED,
  );
  await shop.look();
  const missing = `library-${shop.folder}/b.json`;
  expect(await wokenBy(`${shop.folder}/a.json`, shop)).toEqual([shop.name]);
  expect(await wokenBy(missing, shop)).toEqual([]);

  await shop.commit({ 'kustomization.yaml': { resources: ['a.json', `../library-${shop.folder}`] } });
  await shop.look('push');
  const broken = await shop.read();
  expect(broken.status?.conditions).toMatchObject([{ type: 'ComparisonError' }]);
  expect(broken.metadata.annotations?.[CLOSURE]).toBeUndefined();
  expect(await wokenBy(missing, shop)).toEqual([shop.name]);

  const library = { 'kustomization.yaml': { resources: ['b.json'] }, 'b.json': configMap('y', { k: '1' }) };
  await shop.commit(Object.fromEntries(Object.entries(library).map(([file, object]) => [`../library-${shop.folder}/${file}`, object])));
  await shop.look('push');
  expect((await shop.read()).status).toMatchObject({ sync: { status: 'Synced' }, operationState: { phase: 'Succeeded' } });
  expect(await wokenBy(missing, shop)).toEqual([shop.name]);
  expect(await wokenBy('README.md', shop)).toEqual([]);
});

it('tells of words that mean nothing, and applies the rest', async () => {
  const hook = { ...configMap('never', {}, { annotations: { 'argocd.argoproj.io/hook': 'PreSnyc' } }) };
  const spec = { syncPolicy: { automated: {}, syncOptions: ['CreateNamespace'] } };
  const shop = await stories.deployment({ 'a.json': configMap('x', {}), 'b.json': hook }, spec);
  await shop.look();
  await shop.look();
  const { status } = await shop.read();
  expect(status).toMatchObject({ sync: { status: 'Synced' }, operationState: { phase: 'Succeeded' } });
  expect(status?.conditions?.map(({ type, message }) => `${type}: ${message}`)).toEqual([
    expect.stringContaining(`UnknownValueWarning: ConfigMap ${shop.namespace}/never: argocd.argoproj.io/hook: 'PreSnyc' is no hook type`),
    "UnknownValueWarning: spec.syncPolicy.syncOptions[0]: 'CreateNamespace' has no effect: CreateNamespace takes true, false",
  ]);
  expect(await shop.live('configmaps', 'never')).toBeUndefined();
});

it('keeps a refresh that was asked for during the run, and takes away the one that it answered', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) });
  const ask = (time: string) => shop.change({ metadata: { annotations: { [REFRESH]: 'normal', [REFRESH_TIMESTAMP]: time } } });
  const asked = async () => {
    const { annotations } = (await shop.read()).metadata;
    return [annotations?.[REFRESH], annotations?.[REFRESH_TIMESTAMP]];
  };
  const { repositories } = stories.ports;
  const busy = {
    checkout: repositories.checkout.bind(repositories),
    resolveRevision: async (...args: Parameters<typeof repositories.resolveRevision>) => {
      await ask('2026-01-01T00:00:02Z');
      return repositories.resolveRevision(...args);
    },
  };

  await ask('2026-01-01T00:00:01Z');
  await shop.look('spec', { repositories: busy });
  expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
  expect(await asked()).toEqual(['normal', '2026-01-01T00:00:02Z']);

  await shop.look('spec');
  expect(await asked()).toEqual([undefined, undefined]);
});

/** As far as it is known how the Application stands. */
function known({ status }: Pick<Application, 'status'>) {
  const conditions = status?.conditions?.map(({ type, message }) => [type, message]);
  return { sync: status?.sync?.status, health: status?.health?.status, conditions };
}

it('says of an Application that does not parse what is wrong, and that nothing is known of it', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await shop.look();
  expect(known(await shop.read())).toEqual({ sync: 'Synced', health: 'Healthy', conditions: undefined });

  await shop.change({ spec: { revisionHistoryLimit: 2 ** 60 } }); // the definition takes 64 bits, our parser what JavaScript counts exactly
  expect(await shop.look('spec')).toEqual({});
  const refused = (await shop.object()) as Pick<Application, 'status'>; // its status is as always, to parse the rest is what fails
  const message = expect.stringMatching(/^Application is not valid: spec\.revisionHistoryLimit: /);
  expect(known(refused)).toEqual({ sync: 'Unknown', health: 'Unknown', conditions: [['InvalidSpecError', message]] });

  await shop.change({ spec: { revisionHistoryLimit: 5 } });
  await shop.look('spec');
  expect(known(await shop.read())).toEqual({ sync: 'Synced', health: 'Healthy', conditions: undefined });
});

it('says of an Application whose project does not parse what is wrong with the project', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await shop.look();
  // Our own definition refuses such a project; that of another installation may not.
  const lax = {
    ...stories.ports.control,
    project: async () => parseProject({ metadata: { name: 'default' }, spec: { sourceRepos: [1] } }),
  };
  expect(await shop.look('sweep', { control: lax })).toEqual({});
  const message = expect.stringMatching(/^AppProject is not valid: spec\.sourceRepos\.0: /);
  expect(known(await shop.read())).toEqual({ sync: 'Unknown', health: 'Unknown', conditions: [['InvalidSpecError', message]] });

  await shop.look();
  expect(known(await shop.read())).toEqual({ sync: 'Synced', health: 'Healthy', conditions: undefined });
});

/** A kustomization with three kinds; the API server fills in much of two of them. */
function threeKinds(): Readonly<Record<string, object>> {
  const labels = { app: 'web' };
  const containers = [
    { name: 'web', image: 'registry.example.com/web:v1', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1000m' } } },
  ];
  const template = { metadata: { labels }, spec: { containers } };
  const workload = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: labels }, template },
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80 }] } };
  return { 'web.json': workload, 'service.json': service, 'a.json': configMap('x', { k: '1' }), 'b.json': configMap('y', { k: '1' }) };
}

it('makes no dry run right after a sync', async () => {
  const shop = await stories.deployment(threeKinds());
  const synced = await requestsOf(() => shop.sync());
  expect(synced.filter((line) => line.includes('fieldManager='))).not.toEqual([]);

  const requests = await requestsOf(() => shop.look());
  expect(known(await shop.read()).sync).toBe('Synced');
  expect(requests).toContain(`GET ${applicationPath(shop)}`);
  expect(requests.filter((line) => line.includes('dryRun='))).toEqual([]);
  expect(requests.filter((line) => !line.startsWith('GET ') && !line.startsWith(`PATCH ${applicationPath(shop)}?`))).toEqual([]);
});

it('asks for the Application, its project and each kind once where nothing changed, and writes nothing', async () => {
  const shop = await stories.deployment(threeKinds());
  await shop.sync();
  await eventually(async () => {
    expect(await shop.look()).toEqual({});
    expect(known(await shop.read())).toEqual({ sync: 'Synced', health: 'Healthy', conditions: undefined });
  });

  const before = await shop.object();
  const sent = stories.requestCount();
  const requests = await requestsOf(() => shop.look());
  expect(stories.requestCount() - sent).toBe(requests.length);
  expect([...requests].sort()).toEqual(
    [
      `GET ${collectionPath('v1', 'configmaps', shop.namespace)}?limit=500`,
      `GET ${collectionPath('v1', 'services', shop.namespace)}/web`,
      `GET ${collectionPath('apps/v1', 'deployments', shop.namespace)}/web`,
      `GET ${applicationPath(shop)}`,
      `GET ${collectionPath(GROUP, 'appprojects', stories.control)}/default`,
    ].sort(),
  );
  expect((await shop.object()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
});

function applicationPath({ name }: Deployment): string {
  return `${collectionPath(GROUP, 'applications', stories.control)}/${name}`;
}

it('says that its status is larger than the API server takes, ends what is asked for, and goes on once it fits', async () => {
  const items = Array.from({ length: 4600 }, (_, index) => configMap(`${'x'.repeat(240)}-${index}`, {}));
  const shop = await stories.deployment({ 'a.json': { apiVersion: 'v1', kind: 'List', items } }, AUTOMATED);
  const message = expect.stringMatching(
    /^Application status exceeds the Kubernetes resource size limit \(.*request is too large\): divide /,
  );
  expect(await shop.look()).toEqual({});
  expect((await shop.read()).status?.conditions).toMatchObject([{ type: 'UnknownError', message }]);

  await shop.change({ operation: { sync: {} }, metadata: { annotations: { [REFRESH]: 'normal' } } });
  expect(await shop.look('operation')).toEqual({});
  const { status, operation, metadata } = await shop.read();
  expect([operation, metadata.annotations?.[REFRESH]]).toEqual([undefined, undefined]);
  expect(status?.operationState).toMatchObject({ phase: 'Error', message });
  expect(await stories.api.send(collectionPath('v1', 'configmaps', shop.namespace))).toMatchObject({
    items: [{ metadata: { name: 'kube-root-ca.crt' } }],
  });
  const writes = await requestsOf(() => shop.look());
  expect(writes.filter((request) => request.startsWith('PATCH'))).toHaveLength(1);

  await shop.commit({ 'a.json': configMap('a', {}) });
  await shop.look('push');
  await shop.look();
  const { status: after } = await shop.read();
  expect([after?.sync?.status, after?.operationState?.phase, after?.conditions]).toEqual(['Synced', 'Succeeded', undefined]);
});
