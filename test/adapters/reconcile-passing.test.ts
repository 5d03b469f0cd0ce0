// What fails an automated sync for a reason outside Git, on a real API server: it is tried again by itself until the reason has gone.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { type Deployment, hookJob, type Stories, startStories } from '../support/stories.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

const AUTOMATED = { syncPolicy: { automated: {}, retry: { limit: 0 } } };

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

function conditionOf(shop: Deployment): Promise<string | undefined> {
  return shop.read().then(({ status }) => status?.conditions?.find(({ type }) => type === 'SyncError')?.message);
}

/** A look at a later time of the day. */
function lookAfter(shop: Deployment, seconds: number): Promise<unknown> {
  return shop.look('sweep', { clock: () => Date.now() + seconds * 1000 });
}

/** How the Application stands after its first sync failed, and after looks before and after the reason has gone. */
async function passes(shop: Deployment, goes: () => Promise<unknown>): Promise<string> {
  await shop.look();
  await shop.look();
  const first = await shop.read();
  expect(first.status?.operationState?.phase).toBe('Failed');
  expect(await conditionOf(shop)).toMatch(/\(the reason lies outside Git: attempt #2 at 20[\dT:-]+Z\)$/);
  expect(await shop.look()).toEqual({ again: { afterSeconds: expect.any(Number), event: expect.stringContaining('heal') } });

  await lookAfter(shop, 40);
  await lookAfter(shop, 41);
  expect((await shop.read()).status?.operationState?.phase).toBe('Failed');
  expect(await conditionOf(shop)).toMatch(/attempt #3 at/);

  await goes();
  let later = 0;
  await eventually(async () => {
    later += 300;
    await lookAfter(shop, later);
    const { status } = await shop.read();
    expect([status?.operationState?.phase, status?.sync?.status]).toEqual(['Succeeded', 'Synced']);
  });
  expect(await conditionOf(shop)).toBeUndefined();
  return first.status?.operationState?.message ?? '';
}

/** Defines the kind Thing of a group. */
function define(group: string): Promise<unknown> {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, {
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  });
}

it('a quota that is used up', async () => {
  const quota = { metadata: { name: 'small' }, spec: { hard: { configmaps: '0' } } };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  await stories.create('v1', 'resourcequotas', shop.namespace, quota);
  const path = `${collectionPath('v1', 'resourcequotas', shop.namespace)}/small`;
  await eventually(async () => expect(await stories.api.send(path)).toMatchObject({ status: { hard: { configmaps: '0' } } }));
  const message = await passes(shop, () => stories.api.send(path, { method: 'DELETE' }));
  expect(message).toContain('exceeded quota: small');
});

it('a webhook that does not answer', async () => {
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, AUTOMATED);
  const name = freshName('down');
  const webhook = {
    name: 'down.example.com',
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    timeoutSeconds: 1,
    clientConfig: { url: 'https://127.0.0.1:1/' },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': shop.namespace } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  };
  const collection = ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', undefined] as const;
  await stories.create(...collection, { metadata: { name }, webhooks: [webhook] });
  const path = `${collectionPath(...collection)}/${name}`;
  await eventually(async () =>
    expect(stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: freshName('probe') } })).rejects.toThrow(/webhook/),
  );
  const message = await passes(shop, () => stories.api.send(path, { method: 'DELETE' }));
  expect(message).toContain('failed calling webhook');
});

it('a kind that is not there yet', async () => {
  const group = `${freshName('late')}.example.com`;
  const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'x' }, spec: { k: 1 } };
  const shop = await stories.deployment({ 'a.json': thing }, AUTOMATED);
  const message = await passes(shop, () => define(group));
  expect(message).toContain('Make sure the "Thing" CRD is installed');
});

it('a namespace that is not there', async () => {
  const namespace = freshName('later');
  const destination = { server: 'https://kubernetes.default.svc', namespace };
  const shop = await stories.deployment({ 'a.json': configMap('x', { k: '1' }) }, { ...AUTOMATED, destination });
  const message = await passes(shop, () => stories.create('v1', 'namespaces', undefined, { metadata: { name: namespace } }));
  expect(message).toContain(`namespaces "${namespace}" not found`);
});

it('an aggregated API that is down keeps the message of what needs it alone, which goes on once it answers', async () => {
  const group = `${freshName('down')}.example.com`;
  const services = ['apiregistration.k8s.io/v1', 'apiservices', undefined] as const;
  const service = { name: 'nobody', namespace: 'default', port: 443 };
  const spec = { group, version: 'v1', service, insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100 };
  const thing = { apiVersion: `${group}/v1`, kind: 'Thing', metadata: { name: 'x' }, spec: { k: 1 } };
  const shop = await stories.deployment({ 'a.json': thing }, AUTOMATED);
  const neighbour = await stories.deployment({ 'a.json': configMap('x', {}) }, AUTOMATED);
  await stories.create(...services, { metadata: { name: `v1.${group}` }, spec });
  try {
    await eventually(() => expect(shop.look()).rejects.toThrow('HTTP 503'));
    await neighbour.look();
    expect((await neighbour.read()).status?.sync?.status).toBe('Synced');
  } finally {
    await stories.api.send(`${collectionPath(...services)}/v1.${group}`, { method: 'DELETE' });
  }
  await define(group);
  await eventually(async () => {
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
  });
});

/** A project of its own, whose Applications deploy as this account. */
async function projectAs(account: string): Promise<string> {
  const name = freshName('as');
  await stories.project(name, {
    destinationServiceAccounts: [{ server: '*', namespace: '*', defaultServiceAccount: `${stories.control}:${account}` }],
  });
  return name;
}

const bind = (account: string, role: string) =>
  stories.create('rbac.authorization.k8s.io/v1', 'clusterrolebindings', undefined, {
    metadata: { name: freshName('bound') },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace: stories.control }],
  });

const account = (name: string) => stories.create('v1', 'serviceaccounts', stories.control, { metadata: { name } });

it('a right that is missing', async () => {
  const name = freshName('reader');
  await account(name);
  await bind(name, 'view');
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { ...AUTOMATED, project: await projectAs(name) });
  const message = await passes(shop, () => bind(name, 'cluster-admin'));
  expect(message).toMatch(/is forbidden: User "[^"]+" cannot patch resource "configmaps"/);
});

it('a service account that is missing is told by a condition, and the next look after it is there syncs', async () => {
  const name = freshName('absent');
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, { ...AUTOMATED, project: await projectAs(name) });
  await shop.look();
  const { status } = await shop.read();
  expect(status?.sync?.status).toBe('Unknown');
  expect(status?.conditions).toMatchObject([{ type: 'UnknownError', message: expect.stringContaining('does not exist in the cluster') }]);
  await account(name);
  await bind(name, 'cluster-admin');
  await shop.look();
  await shop.look();
  expect((await shop.read()).status?.sync?.status).toBe('Synced');
});

it('a namespace that is still going keeps its message, and the sync goes on once it has gone', async () => {
  const spec = { syncPolicy: { ...AUTOMATED.syncPolicy, syncOptions: ['CreateNamespace=true'] } };
  const shop = await stories.deployment({ 'a.json': configMap('x', {}) }, spec);
  await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'held', finalizers: ['example.com/held'] } });
  const path = collectionPath('v1', 'namespaces', undefined);
  await stories.api.send(`${path}/${shop.namespace}`, { method: 'DELETE' });
  await expect(shop.look()).rejects.toThrow(/because it is being terminated/);
  await shop.look('operation', {}, 3); // the queue has brought the message back twice
  expect((await shop.read()).status?.operationState).toMatchObject({
    phase: 'Running',
    message: expect.stringMatching(/^cannot go on for now: .*because it is being terminated/),
  });

  await shop.drift('configmaps', 'held', { metadata: { finalizers: null } });
  await eventually(async () => {
    await shop.look();
    const { status } = await shop.read();
    expect([status?.operationState?.phase, status?.sync?.status]).toEqual(['Succeeded', 'Synced']);
  }, 60_000);
});

/** An automated sync that waits for a hook of so long, and what sets the destinations of its project. */
async function runningIn(takes: string) {
  const name = freshName('moody');
  await stories.project(name, {});
  const path = `${collectionPath('argoproj.io/v1alpha1', 'appprojects', stories.control)}/${name}`;
  const files = { 'hook.json': hookJob('migrate', 'PreSync', takes), 'a.json': configMap('x', { k: '1' }) };
  const shop = await stories.deployment(files, { ...AUTOMATED, project: name });
  await shop.look();
  await shop.look();
  expect((await shop.read()).status?.operationState?.phase).toBe('Running');
  const permit = (...destinations: readonly object[]) => stories.api.send(path, { method: 'PATCH', body: { spec: { destinations } } });
  return { shop, permit };
}

const ANYWHERE = { server: '*', namespace: '*' };

it('a project that did not let a running sync go on', async () => {
  const { shop, permit } = await runningIn('1s');
  await permit();
  await shop.look();
  const message = expect.stringMatching(/^InvalidSpecError: /);
  expect((await shop.read()).status?.operationState).toMatchObject({ phase: 'Error', message });
  await permit(ANYWHERE);
  await shop.look();
  expect(await conditionOf(shop)).toMatch(/\(the reason lies outside Git: attempt #2 at 20[\dT:-]+Z\)$/);
  await eventually(async () => {
    await lookAfter(shop, 60);
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
  });
});

it('a project that did not let it go on begins nothing again that somebody has stopped', async () => {
  const { shop, permit } = await runningIn('10m');
  await shop.change({ status: { operationState: { phase: 'Terminating' } } });
  await permit();
  await shop.look();
  await permit(ANYWHERE);
  await lookAfter(shop, 600);
  const message = expect.stringMatching(/^Operation termination had errors: InvalidSpecError: /);
  expect((await shop.read()).status?.operationState).toMatchObject({ phase: 'Error', message });
});
