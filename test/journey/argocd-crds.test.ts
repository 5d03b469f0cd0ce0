// Promise: the code works where other definitions of the same kinds are installed: looser ones, which check, prune and default nothing.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from '../../infra/local/controlplane/controlplane.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import { configMap, GROUP, type Journey, type Repository, startJourney } from '../support/journey.ts';
import { type Traffic, watchTraffic } from '../support/observe.ts';
import { succeed } from '../support/program.ts';
import { eventually, freshName, world } from '../world/world.ts';

const CRDS = join(import.meta.dirname, '../../infra/kubernetes/crds');

let plane: ControlPlane;
let journey: Journey;
let traffic: Traffic;
let repository: Repository;

beforeAll(async () => {
  plane = await startControlPlane({ progress: () => undefined });
  const { kubectl } = world();
  const definitions = parseManifests(await succeed(kubectl, ['kustomize', CRDS]), 'crds').map(loosened);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: definitions });
  await succeed(kubectl, ['--kubeconfig', plane.kubeconfigPath, 'create', '-f', '-'], { input });
  journey = await startJourney({ controlPlane: plane });
  traffic = await watchTraffic(journey);
  repository = await journey.repository({ 'settings.yaml': configMap('settings', { a: '1' }) });
});

afterAll(async () => {
  await journey?.close();
  await traffic?.close();
  await plane?.close();
});

beforeEach(() => traffic.clear());

/** The same names and versions with a schema that takes anything. */
function loosened(definition: Readonly<Record<string, unknown>>): object {
  const { spec, apiVersion, kind, metadata } = definition;
  const versions = isRecord(spec) && Array.isArray(spec['versions']) ? spec['versions'].filter(isRecord) : [];
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const loose = versions.map(({ additionalPrinterColumns: _, ...version }) => ({ ...version, schema }));
  return { apiVersion, kind, metadata, spec: { ...(isRecord(spec) ? spec : {}), versions: loose } };
}

const create = (name: string, body: object) =>
  journey.create(GROUP, 'applications', journey.control, { apiVersion: GROUP, kind: 'Application', metadata: { name }, ...body });

const settled = () =>
  eventually(async () => {
    const depths = Object.values(await journey.host.depths());
    expect(depths.reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0)).toBe(0);
  }, 30_000);

test('an Application is synced, comes to rest, follows a push and is deleted', async () => {
  const metadata = { finalizers: ['resources-finalizer.argocd.argoproj.io'] };
  const application = await journey.application(repository, { metadata });
  await journey.sweeping(application.synced());
  await settled();
  const before = await application.read();
  traffic.clear();
  await journey.wake(application.name);
  await eventually(async () => expect(traffic.requests.length).toBeGreaterThan(0));
  await settled();
  expect(traffic.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  expect((await application.read()).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  await application.synced(await repository.commit({ 'settings.yaml': configMap('settings', { a: '2' }) }));
  expect(await journey.find('v1', 'configmaps', application.namespace, 'settings')).toMatchObject({ data: { a: '2' } });
  expect(await journey.sweeping(journey.evenkeel('app', 'delete', application.name, '--yes', '--wait'))).toMatchObject({ code: 0 });
  expect(await journey.find('v1', 'configmaps', application.namespace, 'settings')).toBeUndefined();
});

test('fields that are null, and fields that nobody knows, do no harm', async () => {
  const application = await journey.application(repository, {
    spec: {
      syncPolicy: {
        automated: { prune: null, selfHeal: null },
        syncOptions: null,
        retry: null,
        managedNamespaceMetadata: null,
        novelty: { a: 1 },
      },
      ignoreDifferences: null,
      info: null,
      revisionHistoryLimit: null,
      novelty: true,
    },
  });
  await journey.sweeping(application.synced());
});

async function tick(): Promise<void> {
  expect(await journey.host.invoke('sweep', {})).toMatchObject({ ok: true });
}

const DESTINATION = { server: 'https://kubernetes.default.svc', namespace: 'default' };

test.each([
  ['no spec at all', {}, /spec/],
  ['a source that is a text', { spec: { project: 'default', source: 'a repository', destination: DESTINATION } }, /spec\.source/],
  ['no destination', { spec: { project: 'default', source: { repoURL: 'http://127.0.0.1:1/a.git', path: '.' } } }, /spec\.destination/],
  [
    'sync options that are no list',
    {
      spec: {
        project: 'default',
        source: { repoURL: 'http://127.0.0.1:1/a.git', path: '.' },
        destination: DESTINATION,
        syncPolicy: { syncOptions: 'all' },
      },
    },
    /spec\.syncPolicy\.syncOptions/,
  ],
])('an Application with %s says so itself, and hinders nobody', async (_, body, fault) => {
  const name = freshName('bad');
  await create(name, body);
  const neighbour = await journey.application(repository);
  await journey.sweeping(neighbour.synced());
  await journey.wake(name);
  await settled();
  const bad = await journey.find(GROUP, 'applications', journey.control, name);
  expect(bad?.['status']).toMatchObject({
    conditions: [{ type: 'InvalidSpecError', message: expect.stringMatching(fault) }],
    sync: { status: 'Unknown' },
    health: { status: 'Unknown' },
  });
  await neighbour.synced(await repository.commit({ 'settings.yaml': configMap('settings', { name }) }));
  await settled();
  await tick();
  await settled();
  const received = journey.host.stats()['reconcile']?.received;
  await tick();
  await settled();
  expect(journey.host.stats()['reconcile']?.received, 'what is as wrong as before is not looked at again').toBe(received);
  expect(await journey.evenkeel('app', 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining(neighbour.name) });
});

test.each([
  ['conditions that are a text', { conditions: 'none' }],
  ['resources that are no list', { resources: { a: 1 } }],
  ['resources without names', { resources: [{ kind: 'ConfigMap' }, 'x', null] }],
  ['a sync that is a text', { sync: 'Synced' }],
  ['health that is a number', { health: 7 }],
  ['an operation state that is a text', { operationState: 'Running' }],
  ['an operation state without an operation', { operationState: { phase: 'Running', startedAt: 'yesterday' } }],
  ['a history that is no list', { history: { id: 1 } }],
])('an Application with a status of %s is synced all the same', async (_, status) => {
  const name = freshName('odd');
  const namespace = await journey.freshNamespace('dest');
  const source = { repoURL: repository.url, path: '.', targetRevision: 'main' };
  await create(name, {
    spec: { project: 'default', source, destination: { ...DESTINATION, namespace }, syncPolicy: { automated: {} } },
    status,
  });
  await journey.wake(name);
  await journey.sweeping(journey.existing(name, namespace).synced());
});

test('an Application whose spec is mended is synced', async () => {
  const name = freshName('mended');
  await create(name, { spec: { project: 'default', source: 'a repository' } });
  await journey.wake(name);
  await settled();
  const namespace = await journey.freshNamespace('dest');
  const application = journey.existing(name, namespace);
  const source = { repoURL: repository.url, path: '.', targetRevision: 'main' };
  await application.change({ spec: { source, destination: { ...DESTINATION, namespace }, syncPolicy: { automated: {} } } });
  await journey.sweeping(application.synced());
  expect((await application.read()).status?.conditions ?? []).toEqual([]);
});
