// The Cluster port against a real API server: what goes in comes out whole, and every refusal is the right one of four errors.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { Conflict, InvalidInput, NotPermitted, Unavailable, Unprocessable } from '../../lib/model/errors.ts';
import type { GroupVersionKind, LiveObject, Manifest } from '../../lib/model/manifest.ts';
import { eventually, freshName, type World, world } from '../world/world.ts';

const CONFIG_MAP: GroupVersionKind = { group: '', version: 'v1', kind: 'ConfigMap' };

let here: World;
let cluster: OpenCluster;
let namespace: string;

beforeAll(async () => {
  here = world();
  namespace = await here.freshNamespace('cluster');
  cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
});

afterAll(() => cluster.close());

function configMap(name: string, data: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function at(name: string, kind: GroupVersionKind = CONFIG_MAP) {
  return { ...kind, namespace, name };
}

function ownersOf(object: LiveObject): readonly string[] {
  return (object.metadata.managedFields ?? []).map(({ manager, operation }) => `${manager} ${operation}`);
}

/** A kind of this test alone, whose objects may hold any field. */
async function freshKind(): Promise<{ readonly kind: GroupVersionKind; readonly definition: Manifest }> {
  const plural = freshName('widgets');
  const group = `${plural}.example.com`;
  const kind = `Widget${plural.slice(-8)}`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions: [{ name: 'v1', served: true, storage: true, schema }] },
  };
  return { kind: { group, version: 'v1', kind }, definition };
}

describe('apply', () => {
  it('creates as evenkeel, returns what the server made of it and keeps what others own', async () => {
    await here.create('v1', 'configmaps', namespace, { metadata: { name: 'owned' }, data: { theirs: 'a', ours: 'b' } });
    const applied = await cluster.apply(configMap('owned', { ours: 'c' }));
    expect(applied).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { theirs: 'a', ours: 'c' } });
    expect(ownersOf(applied)).toContain('evenkeel Apply');
  });

  it('takes away a field that is no longer in the manifest', async () => {
    await cluster.apply(configMap('shrinks', { keep: '1', drop: '1' }));
    expect((await cluster.apply(configMap('shrinks', { keep: '1' })))['data']).toEqual({ keep: '1' });
  });

  it('sends a live object back without its managedFields', async () => {
    const live = await cluster.apply(configMap('again', { a: '1' }));
    const { resourceVersion, ...metadata } = live.metadata;
    expect((await cluster.apply({ ...live, metadata })).metadata.resourceVersion).toBe(resourceVersion);
  });

  it('changes nothing in a dry run and returns what would be', async () => {
    const planned = await cluster.apply(configMap('planned', { a: '1' }), { dryRun: true });
    expect(planned).toMatchObject({ data: { a: '1' } });
    expect(await cluster.get(at('planned'))).toBeUndefined();
  });

  it('keeps upper case and colons in names', async () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'system:MyRole', namespace }, rules: [] };
    await cluster.apply(role);
    const ref = at('system:MyRole', { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role' });
    expect((await cluster.get(ref))?.metadata.name).toBe('system:MyRole');
    expect(await cluster.delete(ref)).toBe(true);
  });

  it('keeps fields of any name and leaves times as text', async () => {
    const { kind, definition } = await freshKind();
    await cluster.apply(definition);
    const widget = { apiVersion: `${kind.group}/v1`, kind: kind.kind, metadata: { name: 'w', namespace } };
    const spec = { at: '2026-01-02T03:04:05Z', UPPER: { 'a.b/c': [1, 'ü€😀', true] }, '': 'empty key' };
    const applied = await eventually(() => cluster.apply({ ...widget, spec }));
    expect(applied['spec']).toEqual(spec);
    expect((await cluster.get(at('w', kind)))?.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it.each<[string, Partial<Manifest>, typeof InvalidInput, RegExp]>([
    ['a value that validation refuses', { metadata: { name: 'Upper_Case' } }, InvalidInput, /ConfigMap "Upper_Case" is invalid/],
    ['a field of the wrong type', { data: 'text' }, InvalidInput, /\.data: expected map/],
    ['a field that the schema does not have', { datas: {} }, InvalidInput, /\.datas: field not declared in schema/],
    [
      'a kind that is not served',
      { kind: 'Nonesuch' },
      InvalidInput,
      /^Nonesuch \S+\/x: the server could not find the requested resource$/,
    ],
    ['a namespace that is not there', { metadata: { name: 'x', namespace: 'nonesuch' } }, InvalidInput, /namespaces "nonesuch" not found/],
    ['an empty name', { metadata: { name: '' } }, InvalidInput, /metadata\.name is missing/],
  ])('refuses %s', async (_, wrong, kind, message) => {
    const manifest = { ...configMap('x'), ...wrong };
    const applying = cluster.apply({ ...manifest, metadata: { namespace, ...manifest.metadata } });
    await expect(applying).rejects.toThrow(kind);
    await expect(applying).rejects.toThrow(message);
  });

  it('asks to come back while the namespace is being deleted', async () => {
    const leaving = await here.freshNamespace('leaving');
    const finalizers = ['evenkeel.dev/test'];
    const held: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', namespace: leaving, finalizers } };
    await cluster.apply(held);
    await cluster.delete({ group: '', version: 'v1', kind: 'Namespace', namespace: '', name: leaving });
    const late: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: leaving } };
    await expect(cluster.apply(late)).rejects.toThrow(Unavailable);
    await expect(cluster.apply(late)).rejects.toMatchObject({ retryAfterSeconds: 5 });
    await cluster.patch({ ...CONFIG_MAP, namespace: leaving, name: 'held' }, { metadata: { finalizers: null } });
  });
});

describe('replace', () => {
  it('leaves nothing that is not in the manifest, and remembers what it changed as an update', async () => {
    const live = await cluster.apply(configMap('whole-new', { same: '1', changes: '1', goes: '1' }));
    const { resourceVersion = '' } = live.metadata;
    const next = configMap('whole-new', { same: '1', changes: '2' });
    const replaced = await cluster.replace({ ...next, metadata: { ...next.metadata, resourceVersion } });
    expect(replaced['data']).toEqual({ same: '1', changes: '2' });
    const fields = new Map((replaced.metadata.managedFields ?? []).map(({ operation, fieldsV1 }) => [operation, fieldsV1?.['f:data']]));
    expect(fields.get('Apply')).toEqual({ 'f:same': {} });
    expect(fields.get('Update')).toEqual({ 'f:changes': {} });
  });

  it('is a conflict when somebody wrote or deleted since', async () => {
    const { metadata } = await cluster.apply(configMap('contested', { a: '1' }));
    await cluster.apply(configMap('contested', { a: '2' }));
    const stale = {
      ...configMap('contested'),
      metadata: { name: 'contested', namespace, resourceVersion: metadata.resourceVersion ?? '' },
    };
    await expect(cluster.replace(stale)).rejects.toThrow(Conflict);
    await cluster.delete(at('contested'));
    await expect(cluster.replace(stale)).rejects.toThrow(Conflict);
  });
});

describe('a change that may not be made', () => {
  it('is told from other refusals, and from a manifest that is wrong', async () => {
    const fixed = (k: string): Manifest => ({ ...configMap('fixed', { k }), immutable: true });
    await cluster.apply(fixed('1'));
    await expect(cluster.apply(fixed('2'))).rejects.toThrow(Unprocessable);
    await expect(cluster.create(fixed('2'), { dryRun: true })).rejects.toThrow(Conflict);
    await expect(cluster.create(configMap('fixed', { 'not a key': '' }), { dryRun: true })).rejects.toThrow(Unprocessable);
    expect((await cluster.get(at('fixed')))?.['data']).toEqual({ k: '1' });
  });
});

describe('create, patch and delete', () => {
  it('create once, and call a twin a conflict', async () => {
    await cluster.create(configMap('twin'));
    await expect(cluster.create(configMap('twin'))).rejects.toThrow(Conflict);
  });

  it('create by generated name', async () => {
    const created = await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-', namespace } });
    expect(created.metadata.name).toMatch(/^made-./);
    const nameless = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-', namespace } };
    await expect(cluster.apply(nameless)).rejects.toThrow(new InvalidInput('from made-: cannot use generate name with apply'));
  });

  it('patch by merging, and by operations', async () => {
    await cluster.apply(configMap('patched', { a: '1', b: '1' }));
    expect((await cluster.patch(at('patched'), { data: { a: null } }))['data']).toEqual({ b: '1' });
    expect((await cluster.patch(at('patched'), [{ op: 'add', path: '/data/c', value: '1' }]))['data']).toEqual({ b: '1', c: '1' });
  });

  it('patch only what has not been written since', async () => {
    const { metadata } = await cluster.apply(configMap('fenced'));
    await cluster.apply(configMap('fenced', { a: '1' }));
    const late = cluster.patch(at('fenced'), { metadata: { resourceVersion: metadata.resourceVersion }, data: { b: '1' } });
    await expect(late).rejects.toThrow(Conflict);
  });

  it('call it a conflict to patch what has been deleted', async () => {
    await expect(cluster.patch(at('nonesuch'), { data: {} })).rejects.toThrow(Conflict);
  });

  it('delete what is there, once', async () => {
    await cluster.apply(configMap('short'));
    expect(await cluster.delete(at('short'), { dryRun: true })).toBe(true);
    expect(await cluster.delete(at('short'), { propagation: 'Foreground' })).toBe(true);
    await eventually(async () => expect(await cluster.delete(at('short'))).toBe(false));
  });

  it('delete only the incarnation that is meant', async () => {
    const { metadata } = await cluster.apply(configMap('reborn'));
    await expect(cluster.delete(at('reborn'), { uid: 'another' })).rejects.toThrow(Conflict);
    expect(await cluster.delete(at('reborn'), { uid: metadata.uid ?? '' })).toBe(true);
  });

  it('never take a missing name for all objects', async () => {
    await cluster.apply(configMap('survivor'));
    await expect(cluster.delete(at(''))).rejects.toThrow(InvalidInput);
    await expect(cluster.delete({ ...at('survivor'), namespace: '' })).rejects.toThrow(InvalidInput);
    expect(await cluster.get(at('survivor'))).toBeDefined();
  });

  it('find nothing of a kind that is not served', async () => {
    const nonesuch = at('x', { group: 'nonesuch.example.com', version: 'v1', kind: 'Nonesuch' });
    expect(await cluster.get(nonesuch)).toBeUndefined();
    expect(await cluster.delete(nonesuch)).toBe(false);
    await expect(cluster.list(nonesuch)).rejects.toThrow('nonesuch.example.com/Nonesuch: the server could not find the requested resource');
  });
});

describe('list', () => {
  let crowded: string;
  const names = Array.from({ length: 1100 }, (_, index) => `item-${String(index).padStart(4, '0')}`);

  beforeAll(async () => {
    crowded = await here.freshNamespace('crowded');
    const labels = (name: string) => ({ even: String(Number(name.slice(-4)) % 2 === 0) });
    const make = (name: string): Manifest => ({
      ...configMap(name),
      metadata: { name, namespace: crowded, labels: labels(name) },
      data: { name },
    });
    await Promise.all(names.map((name) => cluster.apply(make(name))));
  });

  it('reads all pages, with the kind of each item', async () => {
    const before = cluster.requestCount();
    const { items, complete } = await cluster.list(CONFIG_MAP, { namespace: crowded, labelSelector: 'even' });
    expect(complete).toBe(true);
    expect(items.map((item) => item.metadata.name)).toEqual(names);
    expect(new Set(items.map((item) => `${item.apiVersion} ${item.kind}`))).toEqual(new Set(['v1 ConfigMap']));
    expect(cluster.requestCount() - before).toBe(3);
  });

  it('stops after as many as are asked for, and says that there are more', async () => {
    const { items, complete } = await cluster.list(CONFIG_MAP, { namespace: crowded, limit: 7 });
    expect([items.length, complete]).toEqual([7, false]);
    const selected = await cluster.list(CONFIG_MAP, { namespace: crowded, labelSelector: 'even=true', limit: 551 });
    expect([selected.items.length, selected.complete]).toEqual([550, true]);
  });

  it('transfers metadata alone when no more is asked for', async () => {
    const { items } = await cluster.list(CONFIG_MAP, { namespace: crowded, metadataOnly: true, limit: 1 });
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: crowded } });
    expect(items[0]).not.toHaveProperty('data');
  });
});

describe('drain', () => {
  const quiet = { idleMs: 150, maxMs: 5_000, metadataOnly: true } as const;

  it('shows what happened since, once, and goes on from there', async () => {
    const watched = await here.freshNamespace('watched');
    const { resourceVersion } = await cluster.list(CONFIG_MAP, { namespace: watched });
    const made: Manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'made', namespace: watched, annotations: { text: 'ü€😀' } },
    };
    await cluster.apply(made);
    await cluster.apply({ ...made, data: { a: '1' } });
    await cluster.delete({ ...CONFIG_MAP, namespace: watched, name: 'made' });

    const batch = await cluster.drain(CONFIG_MAP, { ...quiet, resourceVersion, namespace: watched });
    const mine = batch.events.filter(({ object }) => object.metadata.name === 'made');
    expect(mine.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(mine[1]?.object).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { annotations: { text: 'ü€😀' } } });
    expect(mine[1]?.object).not.toHaveProperty('data');
    expect(batch.gone).toBe(false);

    const next = await cluster.drain(CONFIG_MAP, { ...quiet, resourceVersion: batch.resourceVersion, namespace: watched });
    expect(next.events).toEqual([]);
  });

  it('transfers whole objects when asked to', async () => {
    const { resourceVersion } = await cluster.list(CONFIG_MAP, { namespace });
    await cluster.apply(configMap('whole', { a: '1' }));
    const { events } = await cluster.drain(CONFIG_MAP, { ...quiet, metadataOnly: false, resourceVersion, namespace });
    expect(events.at(-1)?.object['data']).toEqual({ a: '1' });
  });

  it('says that a resourceVersion is gone', async () => {
    const { kind, definition } = await freshKind();
    await cluster.apply(definition);
    await eventually(() => cluster.list(kind));
    const batch = await eventually(() => cluster.drain(kind, { ...quiet, resourceVersion: '1' }));
    expect(batch).toEqual({ events: [], resourceVersion: '1', gone: true });
  });

  it('ends in time while changes keep coming', async () => {
    const { resourceVersion } = await cluster.list(CONFIG_MAP, { namespace });
    const end = Date.now() + 1_500;
    const busy = (async () => {
      while (Date.now() < end) await cluster.apply(configMap('busy', { now: String(performance.now()) }));
    })();
    const started = Date.now();
    const { events } = await cluster.drain(CONFIG_MAP, { idleMs: 1_000, maxMs: 500, metadataOnly: true, resourceVersion, namespace });
    expect(Date.now() - started).toBeLessThan(1_200);
    expect(events.length).toBeGreaterThan(0);
    await busy;
  });
});

describe('discovery', () => {
  it('knows where a kind is served, and the version that the server prefers', async () => {
    const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
    expect(await cluster.resourceType(deployment)).toMatchObject({ ...deployment, plural: 'deployments', namespaced: true });
    expect(await cluster.resourceType({ ...deployment, version: 'v1beta1' })).toBeUndefined();
    expect(await cluster.preferredType('autoscaling', 'HorizontalPodAutoscaler')).toMatchObject({ version: 'v2' });
    expect(await cluster.preferredType('', 'Namespace')).toMatchObject({ version: 'v1', namespaced: false });
    expect(await cluster.preferredType('apps', 'Nonesuch')).toBeUndefined();
  });

  it('says of our own kinds what the server says', async () => {
    const type = await cluster.resourceType(CONFIG_MAP);
    expect(type).toMatchObject({ plural: 'configmaps', namespaced: true });
  });

  it('is learnt once for all identities of a server', async () => {
    await cluster.resourceType({ group: 'apps', version: 'v1', kind: 'Deployment' });
    const other = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
    await other.get(at('web', { group: 'apps', version: 'v1', kind: 'Deployment' }));
    expect(other.requestCount()).toBe(1);
    await other.close();
  });

  it('knows a kind within a second of its being served, and no longer than that', async () => {
    const { kind, definition } = await freshKind();
    expect(await cluster.resourceType(kind)).toBeUndefined();
    await cluster.apply(definition);
    await eventually(async () => expect(await cluster.resourceType(kind)).toBeDefined(), 1_000);
    await cluster.delete({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      kind: 'CustomResourceDefinition',
      namespace: '',
      name: definition.metadata.name ?? '',
    });
    await eventually(async () => expect(await cluster.resourceType(kind)).toBeUndefined());
  });
});

describe('identity', () => {
  it('may do what RBAC gives it and no more', async () => {
    const limited = createCluster({ server: here.server, caPem: here.ca, token: () => serviceAccountToken() });
    await expect(limited.apply(configMap('refused'))).rejects.toThrow(NotPermitted);
    await expect(limited.apply(configMap('refused'))).rejects.toThrow(/configmaps "refused" is forbidden: User "system:serviceaccount:/);
    await limited.close();
  });

  it('is told of by its credential alone, which no message repeats', async () => {
    const stranger = createCluster({ server: here.server, caPem: here.ca, token: async () => 'canary' });
    const refused = await stranger.get(at('x')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(NotPermitted);
    expect(String(refused)).not.toContain('canary');
    await stranger.close();
  });

  async function serviceAccountToken(): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`;
    const answer = await here.api.send(path, { method: 'POST', body: { spec: {} } });
    return (answer as { status: { token: string } }).status.token;
  }
});
