// What sync options do on a real API server: objects that are replaced whole, deleted to be created again, or lose what is not of their kind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LiveObject, ManagedFieldsEntry } from '../../lib/model/manifest.ts';
import { configMap } from '../support/journey.ts';
import { type Deployment, endsIn, requestsOf, rowMessages, type Stories, startStories } from '../support/stories.ts';
import { definition, thing } from '../support/things.ts';
import { collectionPath, eventually, freshName } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

const OPTIONS = 'argocd.argoproj.io/sync-options';

/** The object with its own sync options. */
function withOptions(object: object, options: string): object {
  const { metadata, ...rest } = object as { readonly metadata: { readonly annotations?: object } }; // a manifest of this file
  return { ...rest, metadata: { ...metadata, annotations: { ...metadata.annotations, [OPTIONS]: options } } };
}

async function isSyncedAndQuiet(shop: Deployment): Promise<void> {
  await shop.look();
  const { status } = await shop.read();
  expect(status?.sync?.status).toBe('Synced');
  // The Application's own status follows the health of what has just been created.
  const writes = (await requestsOf(() => shop.look())).filter((request) => !request.startsWith('GET'));
  expect(writes.filter((request) => !/\/(serviceaccounts|applications)\//.test(request))).toEqual([]);
}

// biome-ignore lint/suspicious/noExplicitAny: what the API server answers is the test's to take apart
function ownersOf(live: any): readonly string[] {
  const entries: readonly ManagedFieldsEntry[] = live.metadata.managedFields;
  return entries.map(({ manager, operation, subresource = '' }) => `${manager} ${operation}${subresource && ` ${subresource}`}`);
}

const labels = { app: 'web' };

function deployment(change: object = {}, selector = labels): object {
  const container = { name: 'web', image: 'registry.example.com/web:v1', ports: [{ containerPort: 80 }] };
  const template = { metadata: { labels: selector }, spec: { containers: [container] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: selector }, template, ...change },
  };
}

function job(image: string): object {
  const pod = { restartPolicy: 'Never', containers: [{ name: 'main', image: `registry.example.com/${image}` }] };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' }, spec: { backoffLimit: 0, template: { spec: pod } } };
}

describe('Replace=true', () => {
  it('puts objects in the place of those that are there, and makes them ours alone', async () => {
    const service = (more: object = {}) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ port: 80 }], ...more },
    });
    const files = {
      'web.json': deployment({ replicas: 2, minReadySeconds: 3 }),
      'settings.json': configMap('settings', { kept: '1', dropped: '2' }),
      'service.json': service({ sessionAffinity: 'ClientIP' }),
    };
    const shop = await stories.deployment(files);
    const replace = { syncOptions: ['Replace=true'] };
    await shop.sync(replace);
    await shop.look();
    expect((await rowMessages(shop)).toSorted()).toEqual([
      'configmap/settings created',
      'deployment.apps/web created',
      'service/web created',
    ]);
    await isSyncedAndQuiet(shop);

    await shop.drift('configmaps', 'settings', { data: { theirs: '3' }, metadata: { labels: { theirs: 'yes' } } });
    await shop.drift('services', 'web', { metadata: { annotations: { theirs: 'yes' } } });
    const before = await shop.live('services', 'web');
    await shop.commit({
      'web.json': deployment({ replicas: 2 }),
      'settings.json': configMap('settings', { kept: '1' }),
      'service.json': service(),
    });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
    await shop.sync(replace);
    expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run)');
    expect((await rowMessages(shop)).toSorted()).toEqual([
      'configmap/settings replaced',
      'deployment.apps/web replaced',
      'service/web replaced',
    ]);

    const settings = await shop.live('configmaps', 'settings');
    expect([settings.data, settings.metadata.labels]).toEqual([{ kept: '1' }, undefined]);
    const web = await shop.live('services', 'web');
    expect(web.metadata.annotations).not.toHaveProperty('theirs');
    expect([web.metadata.uid, web.spec.clusterIP, web.spec.sessionAffinity]).toEqual([before.metadata.uid, before.spec.clusterIP, 'None']);
    expect((await shop.live('deployments', 'web', 'apps/v1')).spec).toMatchObject({ replicas: 2 });
    for (const live of [settings, web]) expect(ownersOf(live)).toEqual(['evenkeel Apply']);
    await isSyncedAndQuiet(shop);
  });

  it('lets a field go that Git dropped when the worker was lost between the replacement and its apply', async () => {
    const shop = await stories.deployment({ 'a.json': configMap('x', { kept: '1' }) });
    await shop.sync();
    const { metadata } = await shop.live('configmaps', 'x');
    await stories.cluster.replace({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { kept: '1', dropped: '2' } });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
    await shop.sync();
    const live = await shop.live('configmaps', 'x');
    expect([live.data, ownersOf(live)]).toEqual([{ kept: '1' }, ['evenkeel Apply']]);
    await isSyncedAndQuiet(shop);
  });

  it('lets a field go that Git drops later, also without the option', async () => {
    const shop = await stories.deployment({ 'a.json': withOptions(configMap('x', { kept: '1', dropped: '2' }), 'Replace=true') });
    await stories.create('v1', 'configmaps', shop.namespace, { metadata: { name: 'x' }, data: { kept: '0', dropped: '2', theirs: '3' } });
    await shop.sync();
    expect(await rowMessages(shop)).toEqual(['configmap/x replaced']);
    expect((await shop.live('configmaps', 'x')).data).toEqual({ kept: '1', dropped: '2' });
    await shop.commit({ 'a.json': configMap('x', { kept: '1' }) });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
    await shop.sync();
    expect((await shop.live('configmaps', 'x')).data).toEqual({ kept: '1' });
    await isSyncedAndQuiet(shop);
  });
});

describe('Replace=true of what others live in', () => {
  it('leaves finalizers and status to those who set them', async () => {
    const group = `${freshName('status')}.example.com`;
    await define(group);
    await eventually(async () => expect(await stories.cluster.preferredType(group, 'Thing')).toBeDefined());
    const shop = await stories.deployment({ 'a.json': thing(group, 'x') });
    await shop.sync();
    const path = `${collectionPath(`${group}/v1`, 'things', shop.namespace)}/x`;
    const said = { metadata: { finalizers: ['example.com/held'] }, status: { phase: 'Ready' } };
    await stories.api.send(path, { method: 'PATCH', body: said });
    await shop.commit({ 'a.json': withOptions(thing(group, 'x', { known: '2' }), 'Replace=true') });
    await shop.look();
    await shop.sync();
    expect(await rowMessages(shop)).toEqual([`thing.${group}/x replaced`]);
    expect(await stories.api.send(path)).toMatchObject({ ...said, spec: { known: '2' } });
    await isSyncedAndQuiet(shop);
    await stories.api.send(path, { method: 'PATCH', body: { metadata: { finalizers: null } } });
  });

  it('is an update, with or without force', async () => {
    const group = `${freshName('kept')}.example.com`;
    const name = freshName('kept');
    const namespace = (stage: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { stage } } });
    const described = (description: string) => {
      const { spec, ...rest } = definition(group) as { readonly spec: { readonly names: object } }; // a manifest of things.ts
      return { ...rest, metadata: { name: `things.${group}`, labels: { description } }, spec };
    };
    const files = (text: string) => ({ 'a.json': namespace(text), 'b.json': described(text), 'c.json': thing(group, 'x') });
    const shop = await stories.deployment(files('one'));
    await shop.sync();
    await endsIn(shop, 'Succeeded');
    const ref = { group: '', version: 'v1', kind: 'Namespace', namespace: '', name };
    const before = await stories.cluster.get(ref);
    await shop.commit(files('two'));
    await shop.look();
    // The garbage collector, which deletes in the foreground, learns of a new kind only after half a minute.
    const syncOptions = ['Replace=true', 'PrunePropagationPolicy=background'];
    await shop.sync({ syncOptions, syncStrategy: { hook: { force: true } } });
    await endsIn(shop, 'Succeeded');
    const after = await stories.cluster.get(ref);
    expect(after?.metadata).toMatchObject({ uid: before?.metadata.uid, labels: { stage: 'two' } });
    expect(after?.['spec']).toEqual({ finalizers: ['kubernetes'] });
    expect((await rowMessages(shop)).filter((row) => row.endsWith(' replaced')).toSorted()).toEqual([
      `customresourcedefinition.apiextensions.k8s.io/things.${group} replaced`,
      `namespace/${name} replaced`,
      `thing.${group}/x deleted. thing.${group}/x replaced`,
    ]);
    await isSyncedAndQuiet(shop);
  });
});

describe('Force=true', () => {
  const uidOf = async (shop: Deployment, plural: string, name: string, version = 'v1') =>
    (await shop.live(plural, name, version))?.metadata.uid as string | undefined;

  it('deletes what cannot be changed and creates it again, once', async () => {
    const shop = await stories.deployment({ 'web.json': deployment(), 'a.json': configMap('a', { k: '1' }) });
    await shop.sync();
    await shop.look();
    const before = await uidOf(shop, 'deployments', 'web', 'apps/v1');
    await shop.commit({ 'web.json': deployment({}, { app: 'other' }), 'a.json': configMap('a', { k: '2' }) });
    await shop.look();

    await shop.sync();
    expect((await shop.read()).status?.operationState?.phase).toBe('Failed');
    const refused = (await rowMessages(shop)).toSorted();
    expect(refused[0]).toMatch(
      /^cannot be changed in place \(a sync with force, or the annotation .*Force=true, deletes it .*field is immutable$/s,
    );
    expect(refused[1]).toBe('configmap/a serverside-applied');
    expect(await uidOf(shop, 'deployments', 'web', 'apps/v1')).toBe(before);

    const requests = await requestsOf(async () => {
      await shop.sync({ syncStrategy: { hook: { force: true } } });
      await endsIn(shop, 'Succeeded');
    });
    expect(requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
    expect((await rowMessages(shop)).toSorted()).toEqual([
      'configmap/a unchanged',
      'deployment.apps/web deleted. deployment.apps/web created',
    ]);
    expect(await uidOf(shop, 'deployments', 'web', 'apps/v1')).not.toBe(before);
    expect((await shop.live('deployments', 'web', 'apps/v1')).spec.selector.matchLabels).toEqual({ app: 'other' });
    await isSyncedAndQuiet(shop);
  });

  const CHANGES: readonly (readonly [what: string, before: object, after: object, plural: string, version: string])[] = [
    ['the template of a Job', job('migrate:v1'), job('migrate:v2'), 'jobs', 'batch/v1'],
    ['the role of a RoleBinding', roleBinding('view'), roleBinding('edit'), 'rolebindings', 'rbac.authorization.k8s.io/v1'],
    ['an immutable ConfigMap', immutable('1'), immutable('2'), 'configmaps', 'v1'],
    ['the type of a Secret', secret('example.com/a'), secret('example.com/b'), 'secrets', 'v1'],
    ['the service of a StatefulSet', statefulSet('a'), statefulSet('b'), 'statefulsets', 'apps/v1'],
    ['the address of a Service', service(undefined), service('None'), 'services', 'v1'],
  ];

  it.each(CHANGES)('changes %s', async (_what, before, after, plural, version) => {
    const { name } = (before as { readonly metadata: { readonly name: string } }).metadata; // a manifest of this file
    const shop = await stories.deployment({ 'a.json': withOptions(before, 'Force=true') });
    await shop.sync();
    const first = await uidOf(shop, plural, name, version);
    expect(first).toBeDefined();
    await shop.commit({ 'a.json': withOptions(after, 'Force=true') });
    await shop.look();
    await shop.sync();
    await endsIn(shop, 'Succeeded');
    expect(await uidOf(shop, plural, name, version)).not.toBe(first);
    expect((await rowMessages(shop))[0]).toMatch(/ deleted\. .* created$/);
    await isSyncedAndQuiet(shop);
  });

  it('does not delete what Git has wrong', async () => {
    const shop = await stories.deployment({ 'web.json': deployment() });
    await shop.sync();
    const before = await uidOf(shop, 'deployments', 'web', 'apps/v1');
    await shop.commit({ 'web.json': deployment({ replicas: -1 }, { app: 'other' }) });
    await shop.look();
    await shop.sync({ syncStrategy: { hook: { force: true } } });
    expect(await endsIn(shop, 'Failed')).toContain('must be greater than or equal to 0');
    expect(await uidOf(shop, 'deployments', 'web', 'apps/v1')).toBe(before);
  });

  it('keeps a claim unless the claim says so itself', async () => {
    const claim = (name: string, size: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: size, resources: { requests: { storage: '1Gi' } } },
    });
    const files = (size: string) => ({
      'kept.json': claim('kept', size),
      'scratch.json': withOptions(claim('scratch', size), 'Force=true'),
    });
    const shop = await stories.deployment(files('a'));
    await shop.sync();
    const [kept, scratch] = [await uidOf(shop, 'persistentvolumeclaims', 'kept'), await uidOf(shop, 'persistentvolumeclaims', 'scratch')];
    await shop.commit(files('b'));
    await shop.look();
    await shop.sync({ syncStrategy: { apply: { force: true } } });
    expect(await endsIn(shop, 'Failed')).toContain('lets a PersistentVolumeClaim be deleted and created again');
    expect(await uidOf(shop, 'persistentvolumeclaims', 'kept')).toBe(kept);
    expect(await uidOf(shop, 'persistentvolumeclaims', 'scratch')).not.toBe(scratch);
  });

  it('runs a Job anew in each sync, together with Replace', async () => {
    const shop = await stories.deployment({ 'a.json': withOptions(job('migrate:v1'), 'Force=true,Replace=true') });
    await shop.sync();
    expect(await rowMessages(shop)).toEqual(['job.batch/migrate created']);
    const first = await uidOf(shop, 'jobs', 'migrate', 'batch/v1');
    await shop.sync();
    await endsIn(shop, 'Succeeded');
    expect(await rowMessages(shop)).toEqual(['job.batch/migrate deleted. job.batch/migrate replaced']);
    expect(await uidOf(shop, 'jobs', 'migrate', 'batch/v1')).not.toBe(first);
    await isSyncedAndQuiet(shop);
  });

  it('waits for what finalizers hold, and a worker that is lost meanwhile costs nothing', async () => {
    const shop = await stories.deployment({ 'a.json': withOptions(immutable('1'), 'Force=true') });
    await shop.sync();
    await shop.drift('configmaps', 'fixed', { metadata: { finalizers: ['example.com/held'] } });
    await shop.commit({ 'a.json': withOptions(immutable('2'), 'Force=true') });
    await shop.look();
    await shop.sync();
    const { status } = await shop.read();
    expect(status?.operationState).toMatchObject({ phase: 'Running', message: 'waiting for deletion of /ConfigMap/fixed' });
    expect((await rowMessages(shop))[0]).toMatch(/^configmap\/fixed is deleted to be created again \(uid [0-9a-f-]+\)$/);
    await shop.drift('configmaps', 'fixed', { metadata: { finalizers: null } });

    const { control } = stories.ports;
    const lost = { ...control, patchApplication: () => Promise.reject(new Error('lost')) };
    await expect(shop.look('operation', { control: lost })).rejects.toThrow('lost');
    await endsIn(shop, 'Succeeded');
    expect((await shop.live('configmaps', 'fixed')).data).toEqual({ k: '2' });
    expect(await rowMessages(shop)).toEqual(['configmap/fixed deleted. configmap/fixed created']);
    await isSyncedAndQuiet(shop);
  });
});

const define = (group: string) => stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, definition(group));

describe('PrunePropagationPolicy', () => {
  // A dependent that is held shows what its owner's deletion does to it.
  it.each([
    ['foreground', { owner: 'leaves', dependent: 'leaves' }],
    ['background', { owner: 'gone', dependent: 'leaves' }],
    ['orphan', { owner: 'gone', dependent: 'is free' }],
  ])('prunes in %s', async (policy, expected) => {
    const shop = await stories.deployment({ 'a.json': configMap('kept', {}), 'b.json': configMap('owner', {}) });
    await shop.sync();
    const { uid } = (await shop.live('configmaps', 'owner')).metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion: true }];
    const dependent = { metadata: { name: 'dependent', ownerReferences, finalizers: ['example.com/held'] } };
    await stories.create('v1', 'configmaps', shop.namespace, dependent);
    await shop.commit({ 'b.json': undefined });
    await shop.look();
    await shop.sync({ prune: true, syncOptions: [`PrunePropagationPolicy=${policy}`] });
    await eventually(async () => {
      expect({
        owner: fateOf(await shop.live('configmaps', 'owner')),
        dependent: fateOf(await shop.live('configmaps', 'dependent')),
      }).toEqual(expected);
    });
    expect(await endsIn(shop, 'Succeeded')).toBe('successfully synced (all tasks run)');
    await shop.drift('configmaps', 'dependent', { metadata: { finalizers: null } });
  });
});

function fateOf(live: LiveObject | undefined): string {
  if (!live) return 'gone';
  if (live.metadata.deletionTimestamp) return 'leaves';
  return live.metadata.ownerReferences ? 'is owned' : 'is free';
}

describe('fields that a kind does not have', () => {
  const wrong = (options: string) => {
    const { spec, ...rest } = deployment() as { readonly spec: { readonly template: object } }; // a manifest of this file
    const container = { name: 'web', image: 'registry.example.com/web:v1', ports: [{ containerPort: 80, unknown: 1 }], imge: 'x' };
    const template = { ...spec.template, spec: { containers: [container] } };
    return withOptions({ ...rest, spec: { ...spec, replicas: 0, template, replica: 1 } }, options);
  };

  const undeclared = /^failed to create typed patch object .*: field not declared in schema$/s;

  it('are refused, and differ, until Git is right', async () => {
    const shop = await stories.deployment({ 'web.json': deployment() }, { syncPolicy: { automated: {}, retry: { limit: 0 } } });
    await shop.look();
    await shop.commit({ 'web.json': wrong('') });
    await shop.look();
    await shop.look();
    const { status } = await shop.read();
    expect([status?.operationState?.phase, status?.sync?.status]).toEqual(['Failed', 'OutOfSync']);
    expect(await rowMessages(shop)).toEqual([expect.stringMatching(undeclared)]);
    expect(await shop.look()).toEqual({});
    expect((await shop.read()).status).toEqual(status);
    await shop.commit({ 'web.json': deployment() });
    await shop.look();
    await isSyncedAndQuiet(shop);
  });

  it('are left out with Validate=false', async () => {
    const shop = await stories.deployment({ 'web.json': wrong('Validate=false') });
    await shop.sync();
    expect(await endsIn(shop, 'Succeeded')).toBeDefined();
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
    const writes = (await requestsOf(() => shop.look())).filter((request) => !request.startsWith('GET'));
    expect(writes.filter((request) => !/dryRun=All|serviceaccounts/.test(request))).toEqual([]);
  });

  it.each(['', 'Replace=true'])('are left out of custom resources too (%s)', async (more) => {
    const group = `${freshName('typed')}.example.com`;
    await define(group);
    await eventually(async () => expect(await stories.cluster.preferredType(group, 'Thing')).toBeDefined());
    const object = (options: string, known: string) => withOptions(thing(group, 'x', { known, unknown: '2' }), options);
    const shop = await stories.deployment({ 'a.json': object(more, '1') });
    await shop.sync();
    expect(await rowMessages(shop)).toEqual([expect.stringMatching(undeclared)]);
    for (const known of ['1', '2']) {
      await shop.commit({ 'a.json': object(`Validate=false,${more}`, known) });
      await shop.look();
      expect((await shop.read()).status?.sync?.status).toBe('OutOfSync');
      await shop.sync();
      await shop.look();
      expect((await shop.live('things', 'x', `${group}/v1`)).spec).toEqual({ known });
      expect((await shop.read()).status?.sync?.status).toBe('Synced');
    }
    expect((await rowMessages(shop))[0]).toContain(more ? ' replaced' : ' serverside-applied');
  });
});

function roleBinding(role: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'readers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  };
}

function immutable(k: string): object {
  return { ...configMap('fixed', { k }), immutable: true };
}

function secret(type: string): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, type, stringData: { k: 'canary' } };
}

function statefulSet(serviceName: string): object {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example.com/web:v1' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: { serviceName, replicas: 0, selector: { matchLabels: labels }, template },
  };
}

function service(clusterIP: string | undefined): object {
  const spec = { selector: labels, ports: [{ port: 80 }], ...(clusterIP && { clusterIP }) };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
}
