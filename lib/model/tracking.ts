// Whose an object is: the marks that say so, by the method that the installation chose (spec/diff.md §2).
import { INSTALLATION_ID, INSTANCE_LABEL, TRACKING_ID } from './annotations.ts';
import { annotationOf, groupVersionOf, type Manifest, type ResourceKey } from './manifest.ts';

/** `none` is for what is shown without marks: nothing is written, and nothing is anybody's. */
export type TrackingMethod = 'annotation' | 'label' | 'annotation+label' | 'none';

export interface Tracking {
  readonly method: TrackingMethod;
  readonly labelKey: string;
  /** `''`: the only installation, as far as it knows. */
  readonly installationId: string;
}

export const DEFAULT_TRACKING: Tracking = { method: 'annotation', labelKey: INSTANCE_LABEL, installationId: '' };

export interface TrackingId {
  readonly instance: string;
  readonly key: ResourceKey;
}

type Marked = Pick<Manifest, 'metadata'>;

/** `<instance>:<group>/<kind>:<namespace>/<name>`. */
export function trackingIdText({ instance, key: { group, kind, namespace, name } }: TrackingId): string {
  return `${instance}:${group}/${kind}:${namespace}/${name}`;
}

/**
 * The tracking id that an object carries; names may hold colons. Undefined when it has none of that form, when another installation wrote
 * it, and where ids are not read at all.
 */
export function trackingIdOf(object: Marked, { method, installationId }: Tracking): TrackingId | undefined {
  if (method === 'label' || method === 'none') return undefined;
  if (installationId !== '' && annotationOf(object, INSTALLATION_ID) !== installationId) return undefined;
  const match = /^([^:]*):([^:/]*)\/([^:/]*):([^/]*)\/([^/]*)$/.exec(annotationOf(object, TRACKING_ID) ?? '');
  if (!match) return undefined;
  const [, instance = '', group = '', kind = '', namespace = '', name = ''] = match;
  return { instance, key: { group, kind, namespace, name } };
}

/** The instance name of the Application that an object says it belongs to, if any. */
export function instanceOf(object: Marked, tracking: Tracking): string | undefined {
  const instance = tracking.method === 'label' ? object.metadata.labels?.[tracking.labelKey] : trackingIdOf(object, tracking)?.instance;
  return instance || undefined;
}

const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Selects what an Application tracks; undefined where no label tells, or none can hold the name. */
export function trackingSelector(instance: string, { method, labelKey }: Tracking): string | undefined {
  return method === 'label' && LABEL_VALUE.test(instance) ? `${labelKey}=${instance}` : undefined;
}

/** Whether something else owns an object and its marks are only inherited: by its references, or by what its kind tells. */
export function hasOwner(object: Manifest): boolean {
  return (object.metadata.ownerReferences ?? []).length > 0 || OWNED[kindText(object)]?.(object) === true;
}

/** Kinds whose controllers copy labels and annotations and refer to no owner (spec/diff.md §2). */
const OWNED: Readonly<Record<string, (object: Manifest) => boolean>> = {
  '/Endpoints': () => true,
  '/Secret': (object) =>
    object['type'] === 'kubernetes.io/service-account-token' && annotationOf(object, 'kubernetes.io/service-account.name') !== undefined,
  'operators.coreos.com/ClusterServiceVersion': (object) => annotationOf(object, 'olm.operatorGroup') !== undefined,
};

function kindText({ apiVersion, kind }: Manifest): string {
  return `${groupVersionOf(apiVersion).group}/${kind}`;
}
