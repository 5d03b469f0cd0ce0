// Rendered objects -> what should exist: lists flattened, namespaces settled, tracking set, repeated and excluded objects gone
// (spec/diff.md §2, §3, §4).
import type { ApplicationCondition } from '../model/application.ts';
import { type GroupVersionKind, gvkOf, isRecord, keyOf, keyText, type Manifest } from '../model/manifest.ts';
import { DEFAULT_TRACKING, type Tracking } from '../model/tracking.ts';
import { manifestFrom } from '../model/yaml.ts';
import { isDefinition, type Owner, tracked } from './track.ts';

export type Scope = 'Namespaced' | 'Cluster';

export interface NormaliseOptions extends Owner {
  /** Undefined for a kind that the cluster does not serve. */
  readonly scopeOf: (kind: GroupVersionKind) => Scope | undefined;
  /** By annotation when absent. */
  readonly tracking?: Tracking | undefined;
  /** Kinds that the installation leaves alone; none when absent. */
  readonly excludes?: ((kind: GroupVersionKind) => boolean) | undefined;
}

export interface Normalised {
  readonly manifests: readonly Manifest[];
  readonly conditions: readonly ApplicationCondition[];
}

/** Any object with a list of `items` is a list, one level deep; one with `items: null` and nothing else to it is an empty list. */
export function flattened(manifests: readonly Manifest[], file: string): readonly Manifest[] {
  return manifests.flatMap((manifest) => {
    const items = manifest['items'];
    if (Array.isArray(items)) return items.filter((item) => item !== null).map((item) => manifestFrom(item, file, 1));
    return items === null && !('spec' in manifest) && !('status' in manifest) ? [] : [manifest];
  });
}

/**
 * Settles namespaces and tracking of flattened objects. Of objects with one key the last stays, where it stands, and a condition tells;
 * objects of an excluded kind go, each with a condition.
 * A kind that the cluster does not serve has the scope that a CustomResourceDefinition among the objects gives it, else counts as namespaced.
 */
export function normalise(manifests: readonly Manifest[], options: NormaliseOptions): Normalised {
  const scopes = definedScopes(manifests);
  const scopeOf = (kind: GroupVersionKind) => options.scopeOf(kind) ?? scopes.get(`${kind.group}/${kind.kind}`) ?? 'Namespaced';
  const { tracking = DEFAULT_TRACKING } = options;
  const settled = manifests.map((manifest) => tracked(inNamespace(manifest, scopeOf(gvkOf(manifest)), options), options, tracking));
  const byKey = Map.groupBy(settled.entries(), ([index, manifest]) => keyWithIndex(manifest, index));
  const repeated = [...byKey].filter(([, entries]) => entries.length > 1);
  const dropped = new Set(repeated.flatMap(([, entries]) => entries.slice(0, -1).map(([index]) => index)));
  const { kept, conditions } = withoutExcluded(
    settled.filter((_manifest, index) => !dropped.has(index)),
    options,
  );
  return { manifests: kept, conditions: [...repeated.map(([key, entries]) => repeatedWarning(key, entries.length)), ...conditions] };
}

function repeatedWarning(key: string, times: number): ApplicationCondition {
  return { type: 'RepeatedResourceWarning', message: `Resource ${key} appeared ${times} times among application resources.` };
}

interface Included {
  readonly kept: readonly Manifest[];
  readonly conditions: readonly ApplicationCondition[];
}

function withoutExcluded(manifests: readonly Manifest[], { excludes = () => false }: NormaliseOptions): Included {
  const excluded = manifests.filter((manifest) => excludes(gvkOf(manifest)));
  return {
    kept: manifests.filter((manifest) => !excluded.includes(manifest)),
    conditions: excluded.map((manifest) => {
      const { group, kind, name } = keyOf(manifest);
      return { type: 'ExcludedResourceWarning', message: `Resource ${group}/${kind} ${name} is excluded in the settings` };
    }),
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

/** The scopes that CustomResourceDefinitions among the objects give their kinds, by `<group>/<kind>`. */
export function definedScopes(manifests: readonly Manifest[]): ReadonlyMap<string, Scope> {
  return new Map(
    manifests.filter(isDefinition).flatMap(({ spec }) => {
      const names = isRecord(spec) && isRecord(spec['names']) ? spec['names'] : {};
      return isRecord(spec) ? [[`${spec['group']}/${names['kind']}`, spec['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced'] as const] : [];
    }),
  );
}
