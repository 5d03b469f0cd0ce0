// Rendered objects -> what should exist: lists flattened, namespaces settled, tracking set, repeated objects gone (spec/diff.md §2, §3).
import { TRACKING_ID } from '../model/annotations.ts';
import type { ApplicationCondition } from '../model/application.ts';
import { type GroupVersionKind, groupVersionOf, gvkOf, isRecord, keyOf, keyText, type Manifest } from '../model/manifest.ts';
import { manifestFrom } from '../model/yaml.ts';

export type Scope = 'Namespaced' | 'Cluster';

export interface NormaliseOptions {
  readonly instanceName: string;
  readonly destinationNamespace: string;
  /** Undefined for a kind that the cluster does not serve. */
  readonly scopeOf: (kind: GroupVersionKind) => Scope | undefined;
}

export interface Normalised {
  readonly manifests: readonly Manifest[];
  readonly conditions: readonly ApplicationCondition[];
}

const INSTALLATION_ID = 'argocd.argoproj.io/installation-id';

/** Any object with a list of `items` is a list, one level deep; one with `items: null` and nothing else to it is an empty list. */
export function flattened(manifests: readonly Manifest[], file: string): readonly Manifest[] {
  return manifests.flatMap((manifest) => {
    const items = manifest['items'];
    if (Array.isArray(items)) return items.filter((item) => item !== null).map((item) => manifestFrom(item, file, 1));
    return items === null && !('spec' in manifest) && !('status' in manifest) ? [] : [manifest];
  });
}

/**
 * Settles namespaces and tracking of flattened objects. Of objects with one key the last stays, where it stands, and a condition tells.
 * A kind that the cluster does not serve has the scope that a CustomResourceDefinition among the objects gives it, else counts as namespaced.
 */
export function normalise(manifests: readonly Manifest[], options: NormaliseOptions): Normalised {
  const scopes = definedScopes(manifests);
  const scopeOf = (kind: GroupVersionKind) => options.scopeOf(kind) ?? scopes.get(`${kind.group}/${kind.kind}`) ?? 'Namespaced';
  const settled = manifests.map((manifest) => tracked(inNamespace(manifest, scopeOf(gvkOf(manifest)), options), options));
  const byKey = Map.groupBy(settled.entries(), ([index, manifest]) => keyWithIndex(manifest, index));
  const repeated = [...byKey].filter(([, entries]) => entries.length > 1);
  const dropped = new Set(repeated.flatMap(([, entries]) => entries.slice(0, -1).map(([index]) => index)));
  return {
    manifests: settled.filter((_manifest, index) => !dropped.has(index)),
    conditions: repeated.map(([key, entries]) => ({
      type: 'RepeatedResourceWarning',
      message: `Resource ${key} appeared ${entries.length} times among application resources.`,
    })),
  };
}

/** An object with only a generateName gets a new name each time, so it never repeats another. */
function keyWithIndex(manifest: Manifest, index: number): string {
  const { name, generateName } = manifest.metadata;
  const key = keyOf(manifest);
  return keyText(name ? key : { ...key, name: `${generateName ?? ''}${index}` });
}

function inNamespace(manifest: Manifest, scope: Scope, { destinationNamespace }: NormaliseOptions): Manifest {
  const { namespace, ...metadata } = manifest.metadata;
  if (scope === 'Cluster') return namespace === undefined ? manifest : { ...manifest, metadata };
  const settled = namespace || destinationNamespace;
  if (settled === '') return { ...manifest, metadata };
  return settled === namespace ? manifest : { ...manifest, metadata: { ...metadata, namespace: settled } };
}

/** CustomResourceDefinitions carry no tracking, so they are compared but never pruned. */
function tracked(manifest: Manifest, options: NormaliseOptions): Manifest {
  const { [INSTALLATION_ID]: _foreign, ...annotations } = manifest.metadata.annotations ?? {};
  const own = isDefinition(manifest) ? {} : { [TRACKING_ID]: trackingId(manifest, options) };
  const all = { ...annotations, ...own };
  const { annotations: _before, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: Object.keys(all).length > 0 ? { ...metadata, annotations: all } : metadata };
}

/** `<instance>:<group>/<kind>:<namespace>/<name>`; a cluster-scoped object carries the destination's namespace (spec/diff.md §2). */
function trackingId(manifest: Manifest, { instanceName, destinationNamespace }: NormaliseOptions): string {
  const { group, kind, namespace, name } = keyOf(manifest);
  return `${instanceName}:${group}/${kind}:${namespace || destinationNamespace}/${name}`;
}

function isDefinition(manifest: Manifest): boolean {
  return manifest.kind === 'CustomResourceDefinition' && groupVersionOf(manifest.apiVersion).group === 'apiextensions.k8s.io';
}

function definedScopes(manifests: readonly Manifest[]): ReadonlyMap<string, Scope> {
  return new Map(
    manifests.filter(isDefinition).flatMap(({ spec }) => {
      const names = isRecord(spec) && isRecord(spec['names']) ? spec['names'] : {};
      return isRecord(spec) ? [[`${spec['group']}/${names['kind']}`, spec['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced'] as const] : [];
    }),
  );
}
