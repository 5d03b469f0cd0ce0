// Objects whose kind a real API server does not serve, or not yet.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap } from '../support/journey.ts';
import { endsIn, rowMessages, type Stories, startStories } from '../support/stories.ts';
import { definition, thing } from '../support/things.ts';
import { eventually, freshName } from '../world/world.ts';

let stories: Stories;

beforeAll(async () => {
  stories = await startStories();
});

afterAll(() => stories.close());

function skipping(object: object): object {
  const { metadata, ...rest } = object as { readonly metadata: object }; // a manifest of this file
  return { ...rest, metadata: { ...metadata, annotations: { 'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true' } } };
}

const define = (group: string, version?: string) =>
  stories.create('apiextensions.k8s.io/v1', 'customresourcedefinitions', undefined, definition(group, version));

describe('a kind that is not served', () => {
  it('fails only what is of it', async () => {
    const [none, other] = [`${freshName('none')}.example.com`, `${freshName('other')}.example.com`];
    await define(other, 'v2');
    const files = {
      'a.json': configMap('a', { k: '1' }),
      'none.json': thing(none, 'x'),
      'other.json': thing(other, 'y'),
      'z.json': configMap('z', {}),
    };
    const shop = await stories.deployment(files);
    await eventually(async () => expect(await stories.cluster.preferredType(other, 'Thing')).toBeDefined());
    await shop.sync();
    const { status } = await shop.read();
    const missing = `The Kubernetes API could not find ${none}/Thing for requested resource ${shop.namespace}/x. Make sure the "Thing" CRD is installed on the destination cluster.`;
    const elsewhere = `The Kubernetes API could not find version "v1" of ${other}/Thing for requested resource ${shop.namespace}/y. Version "v2" of ${other}/Thing is installed on the destination cluster.`;
    expect((await rowMessages(shop)).toSorted()).toEqual(
      [missing, elsewhere, 'configmap/a serverside-applied', 'configmap/z serverside-applied'].toSorted(),
    );
    expect(status?.operationState?.phase).toBe('Failed');
    expect(status?.operationState?.message).toMatch(/^one or more objects failed to apply, reason: The Kubernetes API could not find /);
    expect((await shop.live('configmaps', 'a')).data).toEqual({ k: '1' });
  });

  it('is waited for where its definition is in the same sync', async () => {
    const group = `${freshName('same')}.example.com`;
    const shop = await stories.deployment({ 'a.json': thing(group, 'x'), 'z.json': definition(group) });
    await shop.sync();
    await endsIn(shop, 'Succeeded');
    expect((await shop.live('things', 'x', `${group}/v1`)).spec).toEqual({ known: '1' });
    await shop.look();
    expect((await shop.read()).status?.sync?.status).toBe('Synced');
  });

  it('is waited for where somebody says that it may be missing', async () => {
    const group = `${freshName('later')}.example.com`;
    const files = { 'a.json': skipping(thing(group, 'x')), 'b.json': configMap('b', {}) };
    const shop = await stories.deployment(files);
    await shop.sync();
    const { status } = await shop.read();
    const message = `waiting for the kind of ${group}/Thing/x`;
    expect(status?.operationState).toMatchObject({ phase: 'Running', message });
    expect(await shop.live('configmaps', 'b')).toBeDefined();
    await define(group);
    await endsIn(shop, 'Succeeded');
    expect((await shop.live('things', 'x', `${group}/v1`)).spec).toEqual({ known: '1' });
  });

  it('does not slip past the project with its own definition', async () => {
    const group = `${freshName('barred')}.example.com`;
    const project = freshName('strict');
    await stories.project(project, { namespaceResourceBlacklist: [{ group, kind: 'Thing' }] });
    const shop = await stories.deployment({ 'a.json': thing(group, 'x'), 'z.json': definition(group) }, { project });
    await shop.sync();
    expect(await endsIn(shop, 'Failed')).toContain(`resource ${group}:Thing is not permitted in project ${project}`);
    // A storage that is quite new asks for patience.
    expect(
      await eventually(() => stories.cluster.get({ group, version: 'v1', kind: 'Thing', namespace: shop.namespace, name: 'x' })),
    ).toBeUndefined();
  });
});
