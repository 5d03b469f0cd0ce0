// The table of cluster-scoped kinds, held against everything that a real API server serves of its own.
import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../lib/adapters/discovery.ts';
import { isBuiltInClusterKind } from '../../lib/model/built-in-kinds.ts';
import { isRecord } from '../../lib/model/manifest.ts';
import { world } from '../world/world.ts';

const here = world();

/** The groups that CustomResourceDefinitions add, by other tests of the run. */
async function addedGroups(): Promise<readonly unknown[]> {
  const list = (await here.api.send('/apis/apiextensions.k8s.io/v1/customresourcedefinitions')) as { items: { spec: { group: string } }[] };
  return list.items.map(({ spec }) => spec.group);
}

async function groupVersionPaths(): Promise<readonly string[]> {
  const added = await addedGroups();
  const { versions } = readCatalogue(await here.api.send('/apis'));
  const groups = [...versions].filter(([group]) => !added.includes(group));
  return ['/api/v1', ...groups.flatMap(([group, names]) => names.map((name) => `/apis/${group}/${name}`))];
}

describe('built-in kinds', () => {
  it('have the scope that the API server serves them with', async () => {
    const pages = await Promise.all((await groupVersionPaths()).map((path) => here.api.send(path)));
    const types = pages.filter(isRecord).flatMap((page) => [...readCatalogue(page).types.values()]);
    expect(types.length).toBeGreaterThan(60);
    const wrong = types.filter((type) => isBuiltInClusterKind(type) === type.namespaced);
    expect(wrong.map(({ group, version, kind, namespaced }) => ({ group, version, kind, namespaced }))).toEqual([]);
  });
});
