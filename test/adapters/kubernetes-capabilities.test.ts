// What charts see of a real API server, and what asking for it costs.
import { afterAll, expect, it } from 'vitest';
import { createCluster } from '../../lib/adapters/kubernetes.ts';
import { world } from '../world/world.ts';

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
