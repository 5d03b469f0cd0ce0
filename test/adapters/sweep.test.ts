// The sweep against a real API server, in a control namespace of its own: what one kind does is that kind's alone.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import type { ReconcileRequest } from '../../lib/model/request.ts';
import { DEFAULT_RESOURCE_SETTINGS } from '../../lib/model/resource-settings.ts';
import { parseManifests } from '../../lib/model/yaml.ts';
import type { Checkpoints, Log } from '../../lib/ports.ts';
import { sweep } from '../../lib/reconcile/sweep.ts';
import { collectionPath, eventually, freshName, type World, world } from '../world/world.ts';

const DEFINITION = join(import.meta.dirname, '../../infra/kubernetes/crds/application.yaml');
const GROUP = 'argoproj.io/v1alpha1';

let here: World;
let cluster: OpenCluster;

beforeAll(async () => {
  here = world();
  cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
  for (const definition of parseManifests(await readFile(DEFINITION, 'utf8'), DEFINITION)) await cluster.apply(definition);
  await eventually(() => here.api.send(collectionPath(GROUP, 'applications')));
});

afterAll(() => cluster.close());

/** A control namespace whose sweep keeps its checkpoint, requests and warnings in memory. */
async function freshFeed() {
  const namespace = await here.freshNamespace('feed');
  const sent: ReconcileRequest[] = [];
  const warnings: unknown[] = [];
  const log: Log = { info: () => undefined, warn: (_, fields) => warnings.push(fields), error: () => undefined, with: () => log };
  let stored: { readonly text: string; readonly resourceVersion: string } | undefined;
  const checkpoints: Checkpoints = {
    read: async () => stored,
    write: async (_, text) => {
      stored = { text, resourceVersion: '1' };
    },
  };
  const queue = { send: async (requests: readonly ReconcileRequest[]) => void sent.push(...requests) };
  const resourceSettings = async () => DEFAULT_RESOURCE_SETTINGS;
  const settings = { namespace, checkpoint: 'sweep', resyncSeconds: 180 };
  return {
    namespace,
    sent,
    warnings,
    tick: (clock = Date.now) => sweep({ cluster, checkpoints, queue, clock, log, resourceSettings, settings }),
    positions: () => (JSON.parse(stored?.text ?? '{}') as { readonly kinds: Readonly<Record<string, string>> }).kinds, // as sweep stores it
  };
}

/** An Application that was looked at just now and owns objects of a kind. */
function applicationOf(name: string, [group, version, kind]: readonly [string, string, string]): object {
  const status = { reconciledAt: new Date().toISOString(), resources: [{ group, version, kind, name: 'x' }] };
  const spec = { project: 'default', destination: {}, source: { repoURL: 'https://git.example.com/a.git', path: '.' } };
  return { apiVersion: GROUP, kind: 'Application', metadata: { name }, spec, status };
}

const NOBODY = 'https://127.0.0.1:9/';

/** A kind with an object in one version, which cannot be read in the other one: its conversion webhook answers nobody. */
async function unreadableKind(): Promise<readonly [string, string, string]> {
  const plural = freshName('widgets');
  const group = `${plural}.example.com`;
  const kind = `Widget${plural.slice(-8)}`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
  const conversion = { strategy: 'Webhook', webhook: { clientConfig: { url: NOBODY }, conversionReviewVersions: ['v1'] } };
  const spec = { group, scope: 'Cluster', names: { plural, kind }, versions: [version('v1', true), version('v2', false)], conversion };
  await here.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, { metadata: { name: `${plural}.${group}` }, spec });
  const object = { apiVersion: `${group}/v1`, kind, metadata: { name: 'x' } };
  await eventually(() => here.create(`${group}/v1`, plural, undefined, object));
  return [group, 'v2', kind];
}

it('serves the others when one kind cannot be read, says which, and reads it when it can', async () => {
  const feed = await freshFeed();
  const broken = await unreadableKind();
  await here.create(GROUP, 'applications', feed.namespace, applicationOf('broken', broken));
  await here.create(GROUP, 'applications', feed.namespace, { ...applicationOf('asks', ['', 'v1', 'ConfigMap']), operation: { sync: {} } });
  await feed.tick();
  expect(feed.sent).toMatchObject([{ application: { name: 'asks' }, reason: 'operation' }]);
  expect(feed.warnings).toMatchObject([{ kind: broken.join('/'), reason: expect.stringContaining('conversion webhook') }]);
  expect(feed.positions()).toMatchObject({ [broken.join('/')]: '', '/v1/ConfigMap': expect.stringMatching(/^\d+$/) });

  const [group, , kind] = broken;
  const path = `${collectionPath('apiextensions.k8s.io/v1', 'customresourcedefinitions')}/${group.split('.')[0]}.${group}`;
  await here.api.send(path, { method: 'PATCH', body: { spec: { conversion: { strategy: 'None', webhook: null } } } });
  await eventually(async () => {
    await feed.tick();
    expect(feed.positions()[`${group}/v2/${kind}`]).toMatch(/^\d+$/);
  });
});

it('says what time it was when it asked, not when it began to look', async () => {
  const feed = await freshFeed();
  await here.create(GROUP, 'applications', feed.namespace, { ...applicationOf('asks', ['', 'v1', 'ConfigMap']), operation: { sync: {} } });
  const began = Date.now();
  let now = began - 1;
  await feed.tick(() => {
    now += 1;
    return now;
  });
  expect(feed.sent[0]?.at).toBeGreaterThan(began);
});
