// Applications that an Application deploys, in waves, on the real control plane.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Reason } from '../../lib/model/request.ts';
import { resourceSettings } from '../../lib/model/resource-settings.ts';
import { reconcile } from '../../lib/reconcile/reconcile.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, type Stories, startStories } from '../support/stories.ts';
import { collectionPath } from '../world/world.ts';

const GROUP = 'argoproj.io/v1alpha1';
/** As README has it. */
const HEALTH = 'return { status = ((obj.status or {}).health or {}).status or "Progressing" }';
const SETTINGS = { 'resource.customizations.health.argoproj.io_Application': HEALTH };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

/** An Application of two: one in wave 0, one in wave 1. Their manifests are in folders of the same repository. */
async function family() {
  const parent = await stories.deployment({});
  const [db, web] = [`${parent.name}-db`, `${parent.name}-web`];
  const child = (name: string, wave: string) => ({
    apiVersion: GROUP,
    kind: 'Application',
    metadata: { name, namespace: stories.control, annotations: { 'argocd.argoproj.io/sync-wave': wave } },
    spec: {
      project: 'default',
      source: { repoURL: stories.remote.url, path: name, targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: parent.namespace },
      syncPolicy: { automated: {} },
    },
  });
  await stories.remote.commit(Object.fromEntries([db, web].map((name) => [`${name}/a.json`, JSON.stringify(configMap(name, {}))])));
  await parent.commit({ 'db.json': child(db, '0'), 'web.json': child(web, '1') });
  return { parent, db, web };
}

async function children(): Promise<readonly string[]> {
  const list = await stories.api.send(collectionPath(GROUP, 'applications', stories.control));
  const { items } = list as { readonly items: readonly { readonly metadata: { readonly name: string } }[] }; // a list of the API server
  return items.map(({ metadata }) => metadata.name);
}

function lookAt(name: string, reason: Reason = 'sweep') {
  const at = Date.now();
  const request = { application: { namespace: stories.control, name }, reason, at, event: `${name}${at}`, correlation: name };
  return reconcile(request, stories.ports, at + 60_000);
}

const ports = (data: Readonly<Record<string, string>>) => ({ resourceSettings: async () => resourceSettings(data) });
const stateOf = async (shop: Deployment) => {
  const { phase, message } = (await shop.read()).status?.operationState ?? {};
  return [phase, message];
};

it('begin one after the other where argocd-cm tells their health: the next when the one before is Healthy', async () => {
  const { parent, db, web } = await family();
  await parent.change({ operation: { sync: {} } });
  await parent.look('operation', ports(SETTINGS));
  await parent.look('continue', ports(SETTINGS));
  expect(await stateOf(parent)).toEqual(['Running', `waiting for healthy state of argoproj.io/Application/${db}`]);
  expect(await children()).toContain(db);
  expect(await children()).not.toContain(web);

  await lookAt(db);
  await parent.look('continue', ports(SETTINGS));
  expect((await stateOf(parent))[0]).toBe('Succeeded');
  expect(await children()).toContain(web);
});

it('begin at once where it does not, as in Argo CD', async () => {
  const { parent, web } = await family();
  await parent.sync();
  expect((await stateOf(parent))[0]).toBe('Succeeded');
  expect(await children()).toContain(web);
});
