// Promise: a worker may die at any moment. The message comes back, the operation finishes, and nothing is done twice that matters.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Intercepted } from '../../infra/local/interceptor.ts';
import { configMap, type Deployed, type Journey, startJourney } from '../support/journey.ts';
import { type Traffic, watchTraffic } from '../support/observe.ts';

let journey: Journey;
let traffic: Traffic;

beforeAll(async () => {
  journey = await startJourney({ visibilitySeconds: 3 });
  traffic = await watchTraffic(journey);
});

afterAll(async () => {
  await journey?.close();
  await traffic?.close();
});

afterEach(() => {
  traffic.onRequest = () => true;
  traffic.clear();
});

const isWrite = ({ method, url }: Intercepted) => method !== 'GET' && !url.endsWith('/token') && !url.includes('dryRun');
const isApply = (request: Intercepted) => isWrite(request) && request.contentType.startsWith('application/apply-patch');

interface Trap {
  /** Requests that reached the API server. */
  readonly passed: Intercepted[];
  /** How often a worker was killed. */
  killed: number;
}

/** Kills the workers at the first request that `isFatal` names, which never arrives; what comes after it passes. */
function trap(isFatal: (request: Intercepted, passed: readonly Intercepted[]) => boolean): Trap {
  const set: Trap = { passed: [], killed: 0 };
  traffic.onRequest = (request) => {
    if (set.killed === 0 && isFatal(request, set.passed)) {
      set.killed += 1;
      journey.host.kill('reconcile', 'SIGKILL');
      return false;
    }
    set.passed.push(request);
    return true;
  };
  return set;
}

const web = { app: 'web' };
const container = { name: 'web', image: 'registry.example.com/web:1' };
const FILES = {
  'account.yaml': { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } },
  'settings.yaml': configMap('settings', { colour: 'blue' }),
  'service.yaml': { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: web, ports: [{ port: 80 }] } },
  'deployment.yaml': {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { replicas: 0, selector: { matchLabels: web }, template: { metadata: { labels: web }, spec: { containers: [container] } } },
  },
};

/** How often each object was applied. */
function applies(passed: readonly Intercepted[], namespace: string): Readonly<Record<string, number>> {
  const urls = passed.filter((request) => isApply(request) && request.url.includes(`/${namespace}/`)).map(({ url }) => url);
  const names = urls.map((url) => url.replace(/\?.*/, '').split('/').slice(-2).join('/'));
  return Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((other) => other === name).length]));
}

// The record that it begins, four applies of four kinds, the record that it ended.
test.each([1, 2, 3, 4, 5, 6])('killed before write %i of a first sync, it finishes with every object applied once', async (fatal) => {
  const application = await journey.application(await journey.repository(FILES));
  const set = trap((request, passed) => isWrite(request) && passed.filter(isWrite).length === fatal - 1);
  await journey.wake(application.name);
  const { status } = await application.synced();
  expect(set.killed).toBe(1);
  expect(applies(set.passed, application.namespace)).toEqual({
    'configmaps/settings': 1,
    'deployments/web': 1,
    'serviceaccounts/web': 1,
    'services/web': 1,
  });
  expect(status?.operationState?.phase).toBe('Succeeded');
  expect(status?.history).toHaveLength(1);
});

test('a hook runs once although the worker dies right after it was created', async () => {
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'migrate', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
    spec: {
      backoffLimit: 0,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'registry.example.com/migrate:1' }] } },
    },
  };
  const application = await journey.application(await journey.repository({ ...FILES, 'job.yaml': job }));
  const isHook = (request: Intercepted) => isApply(request) && request.url.includes('/jobs/');
  const set = trap((_, passed) => passed.some(isHook));
  await journey.wake(application.name);
  const { status } = await application.synced();
  expect(set.killed).toBe(1);
  expect(set.passed.filter(isHook)).toHaveLength(1);
  expect(await podsOf(application)).toHaveLength(1);
  const rows = status?.operationState?.syncResult?.resources ?? [];
  expect(rows.find(({ kind }) => kind === 'Job')).toMatchObject({ hookPhase: 'Succeeded', hookType: 'PreSync', syncPhase: 'PreSync' });
  expect(applies(set.passed, application.namespace)).toMatchObject({ 'deployments/web': 1, 'jobs/migrate': 1 });
});

async function podsOf({ namespace }: Deployed): Promise<readonly unknown[]> {
  const list = await journey.api.send(`/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3Dmigrate`);
  return (list as { readonly items: readonly unknown[] }).items; // a PodList
}

test('killed while it prunes, it prunes the rest and leaves the others alone', async () => {
  const old = ['one', 'two', 'three'];
  const repository = await journey.repository({
    ...FILES,
    ...Object.fromEntries(old.map((name) => [`${name}.yaml`, configMap(name, { a: '1' })])),
  });
  const application = await journey.application(repository);
  await journey.wake(application.name);
  await application.synced();
  const uid = async () => (await journey.find('v1', 'configmaps', application.namespace, 'settings'))?.['metadata'];
  const before = await uid();
  const isDelete = ({ method }: Intercepted) => method === 'DELETE';
  const set = trap((request, passed) => isDelete(request) && passed.some(isDelete));
  const commit = await repository.commit(Object.fromEntries(old.map((name) => [`${name}.yaml`, undefined])));
  const { status } = await application.synced(commit);
  expect(set.killed).toBe(1);
  const left = await Promise.all(old.map((name) => journey.find('v1', 'configmaps', application.namespace, name)));
  expect(left).toEqual([undefined, undefined, undefined]);
  expect(await uid()).toEqual(before);
  expect(status?.resources?.map(({ name }) => name).sort()).toEqual(['settings', 'web', 'web', 'web']);
});

test('killed while it deletes what an Application owns, it deletes the rest and lets the Application go', async () => {
  const metadata = { finalizers: ['resources-finalizer.argocd.argoproj.io/background'] };
  const application = await journey.application(await journey.repository(FILES), { metadata });
  await journey.wake(application.name);
  await application.synced();
  const set = trap((request, passed) => request.method === 'DELETE' && passed.some(({ method }) => method === 'DELETE'));
  await journey.api.send(`/apis/argoproj.io/v1alpha1/namespaces/${journey.control}/applications/${application.name}`, { method: 'DELETE' });
  await journey.wake(application.name);
  await expect
    .poll(() => journey.find('argoproj.io/v1alpha1', 'applications', journey.control, application.name), { timeout: 30_000 })
    .toBe(undefined);
  expect(set.killed).toBe(1);
  const left = await Promise.all([
    journey.find('v1', 'configmaps', application.namespace, 'settings'),
    journey.find('apps/v1', 'deployments', application.namespace, 'web'),
    journey.find('v1', 'services', application.namespace, 'web'),
    journey.find('v1', 'serviceaccounts', application.namespace, 'web'),
  ]);
  expect(left).toEqual([undefined, undefined, undefined, undefined]);
});
