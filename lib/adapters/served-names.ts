// The names by which charts ask whether an API server serves a version or a kind.
import { apiVersionOf } from '../model/manifest.ts';
import type { ResourceType } from '../ports.ts';
import type { Catalogue } from './discovery.ts';
import { groupVersionPath } from './paths.ts';

/** Where the kinds of versions are that the answer for all groups names without their kinds. */
export function untold(all: Catalogue): readonly string[] {
  const told = new Set([...all.types.values()].map(apiVersionOf));
  return groupVersions(all)
    .filter((groupVersion) => !told.has(apiVersionOf(groupVersion)))
    .map(groupVersionPath);
}

/** `apps/v1` and `apps/v1/Deployment` for everything in these, once and sorted. */
export function servedNames(catalogues: readonly Catalogue[]): readonly string[] {
  const types = catalogues.flatMap((catalogue) => [...catalogue.types.values()]);
  const names = types.flatMap((type) => [apiVersionOf(type), `${apiVersionOf(type)}/${type.kind}`]);
  return [...new Set([...catalogues.flatMap(groupVersions).map(apiVersionOf), ...names])].sort();
}

/** Each kind of each group once, in the first of the group's versions that has it. */
export function preferredKinds(catalogues: readonly Catalogue[]): readonly ResourceType[] {
  const types = catalogues.flatMap((catalogue) => [...catalogue.types.values()]);
  const order = new Map(catalogues.flatMap(({ versions }) => [...versions]));
  const rank = ({ group, version }: ResourceType) => order.get(group)?.indexOf(version) ?? 0;
  const chosen = new Map<string, ResourceType>();
  for (const type of types.toSorted((a, b) => rank(a) - rank(b))) {
    const name = `${type.group}/${type.kind}`;
    if (!chosen.has(name)) chosen.set(name, type);
  }
  return [...chosen.values()];
}

function groupVersions({ versions }: Catalogue): readonly { readonly group: string; readonly version: string }[] {
  return [...versions].flatMap(([group, names]) => names.map((version) => ({ group, version })));
}
