// API paths: where a kind's objects live on the server, percent-encoded so that no name can leave its place.
import { InvalidInput } from '../model/errors.ts';
import { apiVersionOf, type ResourceKey } from '../model/manifest.ts';
import type { ResourceType } from '../ports.ts';

export type Query = Readonly<Record<string, string | undefined>>;

/** `/api/v1` or `/apis/<group>/<version>` (Kubernetes API concepts, "Resource URIs"). */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === '' ? `/api/${segment(type.version)}` : `/apis/${segment(type.group)}/${segment(type.version)}`;
}

/** All objects of a kind: of one namespace, or of the whole cluster when `namespace` is `''` or the kind has none. */
export function collectionPath(type: ResourceType, namespace: string): string {
  const scope = type.namespaced && namespace !== '' ? `/namespaces/${segment(namespace)}` : '';
  return `${groupVersionPath(type)}${scope}/${segment(type.plural)}`;
}

/** Throws InvalidInput where the path would not name one object: a DELETE on a collection deletes everything in it. */
export function objectPath(type: ResourceType, key: Pick<ResourceKey, 'namespace' | 'name'>): string {
  const kind = `${apiVersionOf(type)} ${type.kind}`;
  if (key.name === '') throw new InvalidInput(`${kind}: metadata.name is missing`);
  if (type.namespaced && key.namespace === '') throw new InvalidInput(`${kind} ${key.name}: metadata.namespace is missing`);
  return `${collectionPath(type, key.namespace)}/${segment(key.name)}`;
}

/** Where an object of the kind is created. Throws InvalidInput when its namespace is missing. */
export function newObjectPath(type: ResourceType, namespace: string): string {
  if (type.namespaced && namespace === '') throw new InvalidInput(`${apiVersionOf(type)} ${type.kind}: metadata.namespace is missing`);
  return collectionPath(type, namespace);
}

export function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function segment(text: string): string {
  if (text === '' || text === '.' || text === '..') throw new InvalidInput(`${JSON.stringify(text)} cannot be a part of an API path`);
  return encodeURIComponent(text);
}
