import { describe, expect, it } from 'vitest';
import { listAll, withKind } from '../../../lib/adapters/listing.ts';
import { Conflict } from '../../../lib/model/errors.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';

const TYPE = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments', namespaced: true, verbs: [] };

function page(names: readonly string[], next = ''): LiveObject {
  const items = names.map((name) => ({ metadata: { name } }));
  return {
    apiVersion: 'apps/v1',
    kind: 'DeploymentList',
    metadata: { resourceVersion: '7', continue: next } as LiveObject['metadata'],
    items,
  };
}

/** Answers in turn, and keeps the paths that were asked for. */
function reader(...answers: readonly (LiveObject | Error)[]) {
  const asked: string[] = [];
  const read = async (path: string) => {
    const answer = answers[asked.push(path) - 1];
    if (answer === undefined) throw new Error('asked too often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, read };
}

describe('listAll', () => {
  it('reads on from where the page before ended', async () => {
    const { asked, read } = reader(page(['a'], 'next/'), page(['b']));
    const { items, resourceVersion, complete } = await listAll(TYPE, { namespace: 'shop', labelSelector: 'a=b' }, read);
    expect(items.map((item) => [item.apiVersion, item.kind, item.metadata.name])).toEqual([
      ['apps/v1', 'Deployment', 'a'],
      ['apps/v1', 'Deployment', 'b'],
    ]);
    expect([resourceVersion, complete]).toEqual(['7', true]);
    expect(asked).toEqual([
      '/apis/apps/v1/namespaces/shop/deployments?limit=500&labelSelector=a%3Db',
      '/apis/apps/v1/namespaces/shop/deployments?limit=500&continue=next%2F&labelSelector=a%3Db',
    ]);
  });

  it('reads all anew, once, when the place to go on from has expired', async () => {
    const expired = new Conflict('expired');
    const { asked, read } = reader(page(['old'], 'n'), expired, page(['a'], 'n'), page(['b']));
    expect((await listAll(TYPE, {}, read)).items.map((item) => item.metadata.name)).toEqual(['a', 'b']);
    expect(asked).toHaveLength(4);
    await expect(listAll(TYPE, {}, reader(page(['a'], 'n'), expired, page(['a'], 'n'), expired).read)).rejects.toThrow(expired);
  });

  it('asks for no more than the limit, over pages too', async () => {
    const first = Array.from({ length: 500 }, (_, index) => `a${index}`);
    const { asked, read } = reader(page(first, 'n'), page(['b', 'c'], 'more'));
    const { items, complete } = await listAll(TYPE, { limit: 502 }, read);
    expect([items.length, complete]).toEqual([502, false]);
    expect(asked.map((path) => /limit=(\d+)/.exec(path)?.[1])).toEqual(['500', '2']);
  });
});

describe('withKind', () => {
  it('puts the kind in place of what the object says of itself, and keeps all else', () => {
    const partial = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name: 'a' }, spec: { '': null } };
    expect(withKind(partial, TYPE)).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec: { '': null } });
  });
});
