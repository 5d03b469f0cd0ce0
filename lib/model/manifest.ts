// Kubernetes objects as plain data, and how one is addressed.

/** What every API object carries about itself (Kubernetes API conventions, "Metadata"). Times are RFC 3339. */
export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** Who set which fields (Kubernetes API reference, ManagedFieldsEntry); `fieldsV1` is a tree of `f:`, `k:`, `v:` keys. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
  readonly subresource?: string;
}

/** One object, rendered or live. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object as the API server returned it. */
export type LiveObject = Manifest;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Identity of an object in a cluster; the version is not part of it (spec/diff.md §3). Cluster-scoped: namespace `''`. */
export interface ResourceKey {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What happens to dependents when an object is deleted (Kubernetes API, DeleteOptions.propagationPolicy). */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** Splits `apps/v1` into group and version; the core group is `''`. */
export function groupVersionOf(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf(type: { readonly group: string; readonly version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

export function gvkOf(manifest: Manifest): GroupVersionKind {
  return { ...groupVersionOf(manifest.apiVersion), kind: manifest.kind };
}

/** The key of an object whose namespace has already been settled. */
export function keyOf(manifest: Manifest): ResourceKey {
  return {
    group: groupVersionOf(manifest.apiVersion).group,
    kind: manifest.kind,
    namespace: manifest.metadata.namespace ?? '',
    name: manifest.metadata.name ?? '',
  };
}

/** The object that a row of a status is about. */
export function keyOfRow({ group = '', kind, namespace = '', name }: RowKey): ResourceKey {
  return { group, kind, namespace, name };
}

interface RowKey {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** The key of an object in the version in which it is written. */
export function refOf(manifest: Manifest): ResourceKey & { readonly version: string } {
  return { ...keyOf(manifest), version: groupVersionOf(manifest.apiVersion).version };
}

/** `group/kind/namespace/name`: the text that keys maps and sorts rows (spec/diff.md §12). */
export function keyText(key: ResourceKey): string {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}

/** How messages name an object: `apps/Deployment shop/web`, `Namespace shop`. */
export function objectName(key: ResourceKey): string {
  const kind = key.group === '' ? key.kind : `${key.group}/${key.kind}`;
  return key.namespace === '' ? `${kind} ${key.name}` : `${kind} ${key.namespace}/${key.name}`;
}

export function annotationOf(manifest: { readonly metadata: ObjectMeta }, name: string): string | undefined {
  return manifest.metadata.annotations?.[name];
}

/** The items of a comma-separated annotation: trimmed, empties dropped, each once (spec/application.md §8). */
export function annotationList(manifest: { readonly metadata: ObjectMeta }, name: string): readonly string[] {
  const text = annotationOf(manifest, name);
  if (!text) return [];
  const items = text.split(',').map((item) => item.trim());
  return [...new Set(items.filter((item) => item !== ''))];
}

interface ObjectName {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `apps/Deployment shop/web`, as people are told of an object; without what it does not have. */
export function objectText({ group, kind, namespace, name }: ObjectName): string {
  return `${group ? `${group}/` : ''}${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}

/** Narrows unknown data to an object with string keys; lists and null are none. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
