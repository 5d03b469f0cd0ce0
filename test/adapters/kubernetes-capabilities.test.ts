// What charts see of a real API server, and what asking for it costs.
import { afterAll, expect, it } from 'vitest';
import { createDiscovery } from '../../lib/adapters/discovery.ts';
import { createCluster } from '../../lib/adapters/kubernetes.ts';
import { createRest } from '../../lib/adapters/rest.ts';
import { collectionPath, eventually, freshName, world } from '../world/world.ts';

const here = world();
const cluster = createCluster({ server: here.server, caPem: here.ca, token: async () => here.token });
afterAll(() => cluster.close());

it('names the version of the server, and every version and kind that it serves, once and sorted', async () => {
  const { kubeVersion, apiVersions } = await cluster.capabilities();
  const { gitVersion } = (await here.api.send('/version')) as { gitVersion: string }; // as every API server answers
  expect(kubeVersion).toBe(gitVersion);
  expect(apiVersions).toEqual(expect.arrayContaining(['v1', 'v1/Pod', 'apps/v1', 'apps/v1/Deployment', 'batch/v1/CronJob']));
  expect(apiVersions).toEqual([...new Set(apiVersions)].sort());
  expect(apiVersions.filter((name) => /Scale$|Eviction$/.test(name))).toEqual([]);
});

it('is asked once', async () => {
  const before = cluster.requestCount();
  await Promise.all([cluster.capabilities(), cluster.capabilities()]);
  expect(cluster.requestCount() - before).toBe(0);
});

it('goes without the kinds of an aggregated API that is down', async () => {
  const connection = { server: here.server, caPem: here.ca, token: async () => here.token };
  const group = `${freshName('down')}.example.com`;
  const collection = ['apiregistration.k8s.io/v1', 'apiservices', undefined] as const;
  const service = { name: 'nobody', namespace: 'default', port: 443 };
  const spec = { group, version: 'v1', service, insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100 };
  await here.create(...collection, { metadata: { name: `v1.${group}` }, spec });
  const rest = createRest(connection);
  try {
    const { apiVersions } = await eventually(async () => {
      const told = await createDiscovery(Date.now).capabilities(rest);
      expect(told.apiVersions).toContain(`${group}/v1`);
      return told;
    });
    expect(apiVersions).toContain('apps/v1/Deployment');
    await expect(createDiscovery(Date.now).find(rest, { group, version: 'v1', kind: 'Thing' })).rejects.toThrow('HTTP 503');
  } finally {
    await here.api.send(`${collectionPath(...collection)}/v1.${group}`, { method: 'DELETE' });
    await rest.close();
  }
});
