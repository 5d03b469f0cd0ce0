// What the API server does by itself with values of its own kinds: which it leaves out when they hold nothing, and which defaults it fills
// in. What is not known here is only ever taken as it is written: the price of a gap is a dry run, never a difference that goes unseen.
import { isRecord } from '../model/manifest.ts';
import type { FieldType } from './types.ts';

/** The kind of the object that is compared. */
export interface Kind {
  readonly group: string;
  readonly kind: string;
}

type Struct = Readonly<Record<string, unknown>>;
type Fill = (value: Struct) => Struct;

function absent(defaults: Struct): Fill {
  return (value) => ({ ...defaults, ...value });
}

/**
 * Defaults of structs that stand inside a value which server-side apply replaces whole, by the struct's name; elsewhere a default is just
 * a field that Git does not name (Kubernetes API reference).
 */
const DEFAULTS: ReadonlyMap<string, Fill> = new Map([
  ['core.v1.ObjectFieldSelector', absent({ apiVersion: 'v1' })],
  ['core.v1.ResourceFieldSelector', absent({ divisor: '0' })],
  ['core.v1.ServiceAccountTokenProjection', absent({ expirationSeconds: 3600 })],
  ['batch.v1.PodFailurePolicyOnPodConditionsPattern', absent({ status: 'True' })],
  ['networking.v1.NetworkPolicyPort', absent({ protocol: 'TCP' })],
  ['discovery.v1.EndpointPort', absent({ protocol: 'TCP' })],
  ['core.v1.EndpointPort', absent({ protocol: 'TCP' })],
  ['core.v1.PersistentVolumeClaim', absent({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } })],
  ['core.v1.PersistentVolumeClaimSpec', absent({ volumeMode: 'Filesystem' })],
  ['admissionregistration.v1.RuleWithOperations', absent({ scope: '*' })],
  ['admissionregistration.v1.NamedRuleWithOperations', absent({ scope: '*' })],
  ['admissionregistration.v1.MatchResources', absent({ matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} })],
  ['rbac.v1.Subject', withSubjectGroup],
  ['rbac.v1.RoleRef', absent({ apiGroup: 'rbac.authorization.k8s.io' })],
  ['core.v1.LimitRangeItem', withLimits],
]);

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

/** Whether the API server writes nothing for this value, so that it equals an absent field. `inMap`: it is a member of a map, which stays. */
export function isOmitted(type: FieldType, inMap: boolean, value: unknown): boolean {
  if (type.form === 'unknown' || inMap) return false;
  if (value === null) return true;
  if (Array.isArray(value)) return type.form === 'list' && value.length === 0;
  if (isRecord(value)) return (type.form === 'struct' || type.form === 'map') && type.omitted && Object.keys(value).length === 0;
  return type.form === 'plain' && value !== undefined && value === type.nothing;
}

/** A struct inside a value that is replaced whole, with the defaults that the API server would add. Fields that are there stay, nulls do not. */
export function withDefaults(type: FieldType, value: Struct): Struct {
  const fill = type.form === 'struct' ? DEFAULTS.get(type.name) : undefined;
  return fill ? fill(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))) : value;
}

/** The default of a field that is part of a list item's key: the one that the API's own kinds have. */
export function keyDefault(items: FieldType, field: string): unknown {
  return items.form === 'struct' && field === 'protocol' ? 'TCP' : undefined;
}
