import { describe, expect, it } from 'vitest';
import { createDiscovery, readCatalogue } from '../../../lib/adapters/discovery.ts';
import type { Rest, RestRequest } from '../../../lib/adapters/rest.ts';
import { NotPermitted } from '../../../lib/model/errors.ts';

const APPS = { group: 'apps', version: 'v1', kind: 'Deployment' };
const DEPLOYMENT = {
  resource: 'deployments',
  responseKind: { group: '', version: '', kind: 'Deployment' },
  scope: 'Namespaced',
  verbs: ['get'],
};
const AGGREGATED = {
  kind: 'APIGroupDiscoveryList',
  items: [
    { metadata: { name: 'apps' }, versions: [{ version: 'v1', resources: [DEPLOYMENT], freshness: 'Current' }] },
    { metadata: { name: 'metrics.k8s.io' }, versions: [{ version: 'v1beta1', resources: [DEPLOYMENT], freshness: 'Stale' }] },
  ],
};
const TYPE = { ...APPS, plural: 'deployments', namespaced: true, verbs: ['get'] };

it('goes without the kinds of an aggregated API that is down, which every chart would wait for otherwise, and then by what it said last', async () => {
  let now = 0;
  let down = true;
  const resources = [{ name: 'nodes', kind: 'NodeMetrics', namespaced: false, verbs: ['list'] }];
  const answers = (path: string) => {
    if (path === '/apis') return [200, AGGREGATED] as const;
    if (path === '/version') return [200, { gitVersion: 'v1.36.3' }] as const;
    if (path === '/api/v1') return [200, { kind: 'APIResourceList', groupVersion: 'v1', resources: [] }] as const;
    return down ? ([503, {}] as const) : ([200, { kind: 'APIResourceList', groupVersion: 'metrics.k8s.io/v1beta1', resources }] as const);
  };
  const send = async ({ path }: RestRequest) => {
    const [status, body] = answers(path);
    return { status, body: JSON.stringify(body), etag: undefined, retryAfter: undefined };
  };
  const rest = { send } as unknown as Rest; // nothing else of it is asked
  const discovery = createDiscovery(() => now);
  const names = async () => (await discovery.capabilities(rest)).apiVersions.filter((name) => name.startsWith('metrics'));
  expect(await names()).toEqual(['metrics.k8s.io/v1beta1']);
  expect((await discovery.kinds(rest)).map(({ kind }) => kind)).toEqual(['Deployment']);
  await expect(discovery.find(rest, { group: 'metrics.k8s.io', version: 'v1beta1', kind: 'NodeMetrics' })).rejects.toThrow('HTTP 503');
  down = false;
  expect(await names()).toEqual(['metrics.k8s.io/v1beta1', 'metrics.k8s.io/v1beta1/NodeMetrics']);
  [now, down] = [3_600_000, true];
  expect(await names()).toEqual(['metrics.k8s.io/v1beta1', 'metrics.k8s.io/v1beta1/NodeMetrics']);
});

describe('readCatalogue', () => {
  it('reads aggregated discovery and leaves stale groups to be asked for', () => {
    const { types, versions } = readCatalogue(AGGREGATED);
    expect([...types.values()]).toEqual([TYPE]);
    expect([...versions]).toEqual([
      ['apps', ['v1']],
      ['metrics.k8s.io', ['v1beta1']],
    ]);
  });

  it('reads the kinds of one group and version without subresources', () => {
    const resources = [
      { name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get'] },
      { name: 'deployments/scale', kind: 'Scale', namespaced: true, verbs: ['get'] },
    ];
    expect([...readCatalogue({ kind: 'APIResourceList', groupVersion: 'apps/v1', resources }).types.values()]).toEqual([TYPE]);
  });

  it('reads a plain list of groups with the preferred version first', () => {
    const groups = [{ name: 'autoscaling', versions: [{ version: 'v1' }, { version: 'v2' }], preferredVersion: { version: 'v2' } }];
    expect([...readCatalogue({ kind: 'APIGroupList', groups }).versions]).toEqual([['autoscaling', ['v2', 'v1']]]);
  });

  it.each([[null], [[]], ['text'], [{ kind: 'APIGroupDiscoveryList', items: [{}, null] }]])(
    'takes %j for a server without kinds',
    (data) => {
      expect(readCatalogue(data).types.size).toBe(0);
    },
  );
});

describe('createDiscovery', () => {
  it('asks once for all groups, however many ask at the same time', async () => {
    const { rest, asked } = server({ '/apis': AGGREGATED });
    const discovery = createDiscovery(() => 0);
    expect(
      await Promise.all([discovery.find(rest, APPS), discovery.find(rest, APPS), discovery.preferred(rest, 'apps', 'Deployment')]),
    ).toEqual([TYPE, TYPE, TYPE]);
    expect(asked).toEqual(['/apis']);
  });

  it('asks again for a kind that is missing, at most once in two seconds', async () => {
    let now = 0;
    const { rest, asked } = server({ '/apis': AGGREGATED });
    const discovery = createDiscovery(() => now);
    const missing = { ...APPS, kind: 'Widget' };
    for (now of [0, 1_000, 1_999]) expect(await discovery.find(rest, missing)).toBeUndefined();
    expect(asked).toEqual(['/apis', '/apis/apps/v1']);
    now = 2_000;
    await discovery.find(rest, missing);
    expect(asked).toEqual(['/apis', '/apis/apps/v1', '/apis/apps/v1']);
  });

  it('asks for everything again after ten minutes, or when told that it is out of date', async () => {
    let now = 0;
    const { rest, asked } = server({ '/apis': AGGREGATED });
    const discovery = createDiscovery(() => now);
    for (now of [0, 599_999, 600_000]) await discovery.find(rest, APPS);
    expect(asked).toHaveLength(2);
    discovery.forget();
    await discovery.find(rest, APPS);
    expect(asked).toHaveLength(3);
  });

  it('keeps no answer for long while kinds come and go', async () => {
    let now = 0;
    const { rest, asked } = server({ '/apis': AGGREGATED });
    const discovery = createDiscovery(() => now);
    discovery.forget();
    for (now of [0, 200, 300, 9_900, 10_100, 20_000]) await discovery.find(rest, APPS);
    expect(asked).toHaveLength(4);
  });

  it('works with a server that knows no aggregated discovery', async () => {
    const groups = [{ name: 'apps', versions: [{ version: 'v1' }], preferredVersion: { version: 'v1' } }];
    const resources = [{ name: 'deployments', kind: 'Deployment', namespaced: true, verbs: ['get'] }];
    const { rest, asked } = server({
      '/apis': { kind: 'APIGroupList', groups },
      '/apis/apps/v1': { kind: 'APIResourceList', groupVersion: 'apps/v1', resources },
    });
    const discovery = createDiscovery(() => 0);
    expect(await discovery.find(rest, APPS)).toEqual(TYPE);
    expect(await discovery.preferred(rest, 'apps', 'Deployment')).toEqual(TYPE);
    expect(asked).toEqual(['/apis', '/apis/apps/v1']);
  });

  it('does not hand the refusal of one identity to another that asks at the same time', async () => {
    const discovery = createDiscovery(() => 0);
    const refused = server({}, 403).rest;
    const allowed = server({ '/apis': AGGREGATED }).rest;
    const [first, second] = await Promise.allSettled([discovery.find(refused, APPS), discovery.find(allowed, APPS)]);
    expect(first).toMatchObject({ status: 'rejected', reason: expect.any(NotPermitted) });
    expect(second).toEqual({ status: 'fulfilled', value: TYPE });
  });
});

/** A server that answers these paths, 404 (or `otherwise`) to any other, and keeps what it was asked. */
function server(documents: Readonly<Record<string, unknown>>, otherwise = 404): { readonly rest: Rest; readonly asked: string[] } {
  const asked: string[] = [];
  const send = async ({ path }: RestRequest) => {
    asked.push(path);
    const document = documents[path];
    return {
      status: document === undefined ? otherwise : 200,
      body: JSON.stringify(document ?? {}),
      retryAfter: undefined,
      etag: undefined,
    };
  };
  const stream = () => Promise.reject(new Error('discovery never streams'));
  return { rest: { server: 'https://cluster.example', send, stream, requestCount: () => asked.length, close: async () => {} }, asked };
}
