// What the API server does by itself with the fields of its own kinds, as data: which are quantities, which it omits when they hold nothing,
// which it merges key by key, and which defaults it fills in. A field that is not listed is only ever taken as it is written: the
// price of a gap here is a dry run, never a difference that goes unseen.
import { isRecord } from '../model/manifest.ts';

/** Where a value stands: field names and map keys from the root; `[]` for an item of a list. */
export type Path = readonly string[];

/** The kind of the object that is compared. */
export interface Kind {
  readonly group: string;
  readonly kind: string;
}

/** A tail of a path, or after `^` all of it; `*` is any one step. Without kinds it holds for every built-in kind. */
interface Place {
  readonly at: string;
  readonly kinds?: readonly string[];
}

const GROUPS: ReadonlySet<string> = new Set([
  '',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'apps',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
]);

/** The same field in each of a pod's lists of containers. */
function containers(...fields: readonly string[]): readonly Place[] {
  return fields.flatMap((field) => ['containers', 'initContainers'].map((list) => ({ at: `${list}.[].${field}` })));
}

function inKinds(kinds: readonly string[], ...places: readonly string[]): readonly Place[] {
  return places.map((at) => ({ at, kinds }));
}

function anywhere(...places: readonly string[]): readonly Place[] {
  return places.map((at) => ({ at }));
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob', 'Pod'];

const QUANTITIES: readonly Place[] = [
  ...anywhere('resources.limits.*', 'resources.requests.*', 'emptyDir.sizeLimit', 'resourceFieldRef.divisor'),
  ...inKinds(['ResourceQuota'], '^.spec.hard.*'),
  ...inKinds(['PersistentVolume'], '^.spec.capacity.*'),
  ...inKinds(['RuntimeClass'], '^.overhead.podFixed.*'),
  ...inKinds(['HorizontalPodAutoscaler'], 'target.averageValue', 'target.value'),
  ...inKinds(['LimitRange'], 'limits.[].max.*', 'limits.[].min.*', 'limits.[].default.*', 'limits.[].defaultRequest.*'),
  ...inKinds(['LimitRange'], 'limits.[].maxLimitRequestRatio.*'),
];

/** Scalars that are no pointers in the API's types, and maps: false, 0, "" and {} are the same as not being there. */
const OMITTED: readonly Place[] = [
  ...containers('stdin', 'stdinOnce', 'tty', 'env.[].value', 'workingDir', 'volumeMounts.[].readOnly', 'volumeMounts.[].subPath'),
  ...containers('resources.limits', 'resources.requests', 'livenessProbe.initialDelaySeconds', 'readinessProbe.initialDelaySeconds'),
  ...containers('startupProbe.initialDelaySeconds'),
  ...inKinds(WORKLOADS, 'spec.hostNetwork', 'spec.hostPID', 'spec.hostIPC', 'spec.nodeSelector', 'spec.serviceAccountName'),
  ...inKinds(WORKLOADS, 'spec.priorityClassName', 'spec.nodeName', 'spec.hostname', 'spec.subdomain', 'emptyDir.medium'),
  ...inKinds(WORKLOADS, 'persistentVolumeClaim.readOnly', 'spec.minReadySeconds', 'metadata.labels', 'metadata.annotations'),
  ...inKinds(['Deployment'], '^.spec.paused'),
  ...inKinds(['Service'], '^.spec.publishNotReadyAddresses', '^.spec.externalName', '^.spec.loadBalancerIP', '^.spec.selector'),
  ...inKinds(['Service'], '^.spec.ports.[].nodePort'),
  ...inKinds(['PriorityClass'], '^.globalDefault', '^.description'),
  ...inKinds(['RoleBinding', 'ClusterRoleBinding'], '^.subjects.[].apiGroup', '^.subjects.[].namespace'),
  ...inKinds(['Ingress'], '^.spec.rules.[].host', '^.spec.tls.[].secretName'),
  ...inKinds(['ConfigMap', 'Secret'], '^.data', '^.binaryData', '^.stringData'),
  ...inKinds(['PersistentVolumeClaim'], '^.spec.volumeName'),
];

/** Maps of text or quantities: of a member that is null the API server makes an empty one. */
const FREE_MAPS: ReadonlySet<string> = new Set([
  ...[
    'annotations',
    'binaryData',
    'data',
    'labels',
    'matchLabels',
    'nodeSelector',
    'parameters',
    'selector',
    'stringData',
    'volumeAttributes',
  ],
  ...['capacity', 'default', 'defaultRequest', 'hard', 'limits', 'max', 'maxLimitRequestRatio', 'min', 'overhead', 'podFixed', 'requests'],
]);

/** Structs and maps that server-side apply merges key by key, so that an empty one in Git asks for nothing. */
const MERGED: readonly Place[] = [
  ...anywhere('resources', 'resources.limits', 'resources.requests', '^.data', '^.stringData', '^.binaryData', '^.spec'),
  ...inKinds(WORKLOADS, '^.spec.strategy', '^.spec.updateStrategy', 'securityContext', 'template', 'template.metadata', 'template.spec'),
  ...inKinds(WORKLOADS, 'template.metadata.labels', 'template.metadata.annotations'),
];

const COMMON: readonly Place[] = anywhere('^', '^.metadata', '^.metadata.labels', '^.metadata.annotations');

type Struct = Readonly<Record<string, unknown>>;
type Fill = (value: Struct) => Struct;

function absent(defaults: Struct): Fill {
  return (value) => ({ ...defaults, ...value });
}

/** Defaults inside values that server-side apply replaces whole; elsewhere a default is just a field that Git does not name. */
const DEFAULTS: readonly (Place & { readonly fill: Fill })[] = [
  { at: 'fieldRef', fill: absent({ apiVersion: 'v1' }) },
  { at: 'resourceFieldRef', fill: absent({ divisor: '0' }) },
  { at: 'projected.sources.[].serviceAccountToken', fill: absent({ expirationSeconds: 3600 }) },
  { at: 'podFailurePolicy.rules.[].onPodConditions.[]', fill: absent({ status: 'True' }) },
  { kinds: ['NetworkPolicy'], at: 'ports.[]', fill: absent({ protocol: 'TCP' }) },
  { kinds: ['EndpointSlice'], at: '^.ports.[]', fill: absent({ protocol: 'TCP' }) },
  {
    kinds: ['StatefulSet'],
    at: 'volumeClaimTemplates.[]',
    fill: absent({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } }),
  },
  { kinds: ['StatefulSet'], at: 'volumeClaimTemplates.[].spec', fill: absent({ volumeMode: 'Filesystem' }) },
  { kinds: ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'], at: 'rules.[]', fill: absent({ scope: '*' }) },
  { kinds: ['ValidatingAdmissionPolicy', 'MutatingAdmissionPolicy'], at: 'resourceRules.[]', fill: absent({ scope: '*' }) },
  { kinds: ['RoleBinding', 'ClusterRoleBinding'], at: '^.subjects.[]', fill: withSubjectGroup },
  { kinds: ['LimitRange'], at: '^.spec.limits.[]', fill: withLimits },
];

function withSubjectGroup(subject: Struct): Struct {
  return subject['kind'] === 'ServiceAccount' ? subject : { apiGroup: 'rbac.authorization.k8s.io', ...subject };
}

/** A container's missing limits come from the maxima, its missing requests from the limits, else from the minima. */
function withLimits(item: Struct): Struct {
  if (item['type'] !== 'Container') return item;
  const [max, min, limits, requests] = ['max', 'min', 'default', 'defaultRequest'].map((name) => (isRecord(item[name]) ? item[name] : {}));
  const allLimits = { ...max, ...limits };
  const allRequests = { ...min, ...allLimits, ...requests };
  return {
    ...item,
    ...(Object.keys(allLimits).length > 0 && { default: allLimits }),
    ...(Object.keys(allRequests).length > 0 && { defaultRequest: allRequests }),
  };
}

/** A kind that the API server brings itself: it is decoded into a type, so nulls, and empty lists, vanish. */
export function isBuiltIn(kind: Kind): boolean {
  return GROUPS.has(kind.group);
}

export function isQuantity(kind: Kind, path: Path): boolean {
  return isBuiltIn(kind) && isListed(QUANTITIES, kind, path);
}

/** Whether the API server writes nothing for this value, so that it equals an absent field. */
export function isOmitted(kind: Kind, path: Path, value: unknown): boolean {
  const isMetadata = path[0] === 'metadata' && path.length === 2;
  if ((!isBuiltIn(kind) && !isMetadata) || FREE_MAPS.has(path.at(-2) ?? '')) return false;
  if (value === null) return true;
  // Defaults in a CustomResourceDefinition's schema are raw JSON, which is kept as it is.
  if (Array.isArray(value)) return value.length === 0 && kind.group !== 'apiextensions.k8s.io';
  const holdsNothing = value === false || value === 0 || value === '' || (isRecord(value) && Object.keys(value).length === 0);
  return holdsNothing && (isMetadata || isListed(OMITTED, kind, path));
}

export function isMerged(kind: Kind, path: Path): boolean {
  return isListed(COMMON, kind, path) || (isBuiltIn(kind) && isListed(MERGED, kind, path));
}

/** A struct inside a value that is replaced whole, with the defaults that the API server would add. Fields that are there stay, nulls do not. */
export function withDefaults(kind: Kind, path: Path, value: Struct): Struct {
  const fills = isBuiltIn(kind) ? DEFAULTS.filter((rule) => isAt(rule, kind, path)) : [];
  if (fills.length === 0) return value;
  const named: Struct = Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
  return fills.reduce((filled, rule) => rule.fill(filled), named);
}

/** The default of a field that is part of a list item's key: the one that the API's own kinds have. */
export function keyDefault(kind: Kind, field: string): unknown {
  return isBuiltIn(kind) && field === 'protocol' ? 'TCP' : undefined;
}

const STEPS: ReadonlyMap<Place, Path> = new Map(
  [...QUANTITIES, ...OMITTED, ...MERGED, ...COMMON, ...DEFAULTS].map((place) => [place, place.at.split('.')]),
);

function isListed(places: readonly Place[], kind: Kind, path: Path): boolean {
  return places.some((place) => isAt(place, kind, path));
}

function isAt(place: Place, kind: Kind, path: Path): boolean {
  if (place.kinds && !place.kinds.includes(kind.kind)) return false;
  const steps = STEPS.get(place) ?? [];
  const whole = steps[0] === '^';
  const tail = whole ? steps.slice(1) : steps;
  if (whole ? tail.length !== path.length : tail.length > path.length) return false;
  const start = path.length - tail.length;
  return tail.every((step, index) => step === '*' || step === path[start + index]);
}
