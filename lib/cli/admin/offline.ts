// Two files compared by the rules of the worker, with no cluster to ask.
import { type ComparisonRules, compare, comparedObjects } from '../../compare/compare.ts';
import { knownFields } from '../../compare/known-fields.ts';
import { pairObjects } from '../../compare/pair.ts';
import { differenceOf, type ObjectDifference } from '../../compare/patch.ts';
import { type DifferenceReason, reasonsOf } from '../../compare/reasons.ts';
import { ignoreRules } from '../../compare/system-rules.ts';
import { definedScopes, flattened, normalise } from '../../desired/manifests.ts';
import {
  type Application,
  type ApplicationCondition,
  instanceName,
  parseApplication,
  qualifiedName,
  type SyncStatusCode,
} from '../../model/application.ts';
import { isBuiltInClusterKind } from '../../model/built-in-kinds.ts';
import { isExcluded } from '../../model/kind-filters.ts';
import { type GroupVersionKind, gvkOf, type LiveObject, type Manifest } from '../../model/manifest.ts';
import { resourceSettings } from '../../model/resource-settings.ts';
import { instanceOf, type Tracking } from '../../model/tracking.ts';
import { parseManifests } from '../../model/yaml.ts';
import type { Scripts } from '../../ports.ts';
import { withEdits } from '../../reconcile/judge.ts';

export interface CompareRequest {
  /** YAML documents or lists. */
  readonly desired: string;
  readonly live: string;
  readonly application: Manifest | undefined;
  /** `data` of `argocd-cm`. */
  readonly settings: Readonly<Record<string, string>>;
  /** What the texts are called in messages. */
  readonly files: { readonly desired: string; readonly live: string };
  /** The namespace of an Application that names none. */
  readonly namespace: string;
}

export interface ComparedObject extends ObjectDifference {
  readonly status: SyncStatusCode | '';
  readonly reasons: readonly DifferenceReason[];
}

export interface Compared {
  readonly rows: readonly ComparedObject[];
  readonly conditions: readonly ApplicationCondition[];
}

/** Every object of either side, sorted by key. Throws InvalidInput for what cannot be read, and for an expression that is none. */
export async function comparedOffline(request: CompareRequest, scripts: Scripts): Promise<Compared> {
  const resources = resourceSettings(request.settings);
  const application = request.application && applicationIn(request.application, request.namespace);
  const server = application?.spec.destination.server ?? '';
  const excludes = (kind: GroupVersionKind) => isExcluded(resources, kind, server);
  const live = (flattened(parseManifests(request.live, request.files.live), request.files.live) as readonly LiveObject[]).filter(
    (object) => !excludes(gvkOf(object)),
  );
  const wanted = flattened(parseManifests(request.desired, request.files.desired), request.files.desired);
  const scopes = definedScopes([...live, ...wanted]);
  const scopeOf = (kind: GroupVersionKind) => (isBuiltInClusterKind(kind) ? 'Cluster' : scopes.get(`${kind.group}/${kind.kind}`));
  const instance = application ? instanceName(application.metadata, request.namespace) : soleInstance(live, resources.tracking);
  const { manifests, conditions } = normalise(wanted, {
    instanceName: instance,
    destinationNamespace: application?.spec.destination.namespace ?? '',
    tracking: { ...resources.tracking, method: 'none' },
    scopeOf,
    excludes,
  });
  const plain: ComparisonRules = {
    application: application ? qualifiedName(application.metadata) : instance,
    instanceName: instance,
    tracking: resources.tracking,
    ignoreDifferences: [...(application?.spec.ignoreDifferences ?? []), ...ignoreRules(resources)],
    ignoreAggregatedRoles: resources.compareOptions.ignoreAggregatedRoles,
    knownFields: knownFields(resources.overrides),
    syncOptions: application?.spec.syncPolicy?.syncOptions ?? [],
    alone: true,
  };
  const pairs = pairObjects(manifests, live);
  const rules = await withEdits(plain, comparedObjects(pairs, plain), scripts);
  const comparison = compare(pairs, new Map(), rules);
  const rows = comparison.resources.map((row) => ({
    ...differenceOf(row, undefined, { ...rules, maskedAnnotations: resources.maskedAnnotations }),
    status: row.status,
    reasons: row.status === '' ? [] : reasonsOf(row, rules, true),
  }));
  return { rows, conditions: [...conditions, ...comparison.conditions] };
}

/** One that names no namespace is in that of the control cluster. */
function applicationIn(object: Manifest, namespace: string): Application {
  return parseApplication({ ...object, metadata: { namespace, ...object.metadata } });
}

/** The one Application whose marks the objects carry, if it is one. */
function soleInstance(live: readonly LiveObject[], tracking: Tracking): string {
  const [instance = '', ...others] = new Set(live.flatMap((object) => instanceOf(object, tracking) ?? []));
  return others.length > 0 ? '' : instance;
}
