// Objects of the cases as an API server takes them: with names that no other case has, and with what their kinds demand beside what the case
// is about.
import { groupVersionOf, type LiveObject, type Manifest } from '../../lib/model/manifest.ts';
import { freshName } from '../world/world.ts';
import { isOfCluster } from './sync-script.ts';

/** Nobody but the test says how a Job does. */
const NOBODY = 'example.com/nobody';

/** Groups of kinds that a case makes up end like this. */
const MADE_UP = /(^|\.)(example\.(?:org|com))$/;

/** Own names of one case. */
export interface Names {
  namespace(name: string): string;
  /** A name of the case for a text with real ones. */
  told(text: string): string;
  manifest<T extends Manifest>(manifest: T): T;
}

/** What is in the names of definitions alone. */
export const DEFINITIONS = '.own-';

export function ownNames(): Names {
  const own = freshName('own');
  const groupOf = (group: string) => group.replace(MADE_UP, `$1${own}.$2`);
  const named = ({ apiVersion, kind, metadata, ...rest }: Manifest) => {
    const { group, version } = groupVersionOf(apiVersion);
    const { name = '', namespace } = metadata;
    const ofCluster = kind === 'CustomResourceDefinition' ? groupOf(name) : `${name}-${own}`;
    return {
      ...rest,
      apiVersion: group === '' ? version : `${groupOf(group)}/${version}`,
      kind,
      metadata: {
        ...metadata,
        name: isOfCluster({ kind }) ? ofCluster : name,
        ...(namespace === undefined ? {} : { namespace: `${namespace}-${own}` }),
      },
    };
  };
  return {
    namespace: (name) => `${name}-${own}`,
    told: (text) => text.replaceAll(`-${own}`, '').replaceAll(`${own}.`, '').replace(` (${IMAGE})`, ''),
    manifest: (manifest) => completed(named(manifest), groupOf) as typeof manifest, // more of the same object
  };
}

/** Whether the object is of a kind that a case makes up. */
export function isMadeUp({ apiVersion }: Manifest): boolean {
  return MADE_UP.test(groupVersionOf(apiVersion).group);
}

/** The definition of a made-up kind, in one version. */
export function definitionOf({ apiVersion, kind }: Manifest, version = groupVersionOf(apiVersion).version): Manifest {
  const { group } = groupVersionOf(apiVersion);
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { kind, plural }, versions: [servedVersion(version)] },
  };
}

function servedVersion(name: string): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return { name, served: true, storage: true, schema };
}

/** `data` that a kind has no place for is labels: those differ, and may be changed. */
function completed(manifest: Manifest, groupOf: (group: string) => string): Manifest {
  const { data, ...rest } = manifest;
  const labels = data as Readonly<Record<string, string>> | undefined; // as cases write it
  const plain = manifest.kind === 'ConfigMap' || labels === undefined;
  const held = plain ? manifest : { ...rest, metadata: { ...rest.metadata, labels } };
  const body = BODIES[manifest.kind]?.(manifest, groupOf) ?? {};
  return { ...held, ...body };
}

const MATCH = { app: 'case' };

const IMAGE = 'registry.example/not-of-the-case';

function pod(restartPolicy: string, image = IMAGE) {
  return { restartPolicy, containers: [{ name: 'main', image }] };
}

/** A controller of no pods; what the case says of its containers is kept. */
function workload({ spec }: Manifest) {
  const said = spec as { readonly template?: { readonly spec?: object } } | undefined; // as cases write it
  const template = { metadata: { labels: MATCH }, spec: { ...pod('Always'), ...said?.template?.spec } };
  return { replicas: 0, selector: { matchLabels: MATCH }, template };
}

const BODIES: Readonly<Record<string, (manifest: Manifest, groupOf: (group: string) => string) => object>> = {
  CronJob: () => ({ spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: pod('Never') } } } } }),
  CustomResourceDefinition: ({ spec, metadata: { name = '' } }, groupOf) => {
    const { group, names } = spec as { readonly group: string; readonly names: { readonly kind: string } }; // as cases write it
    const [plural] = name.split('.');
    return { spec: { group: groupOf(group), scope: 'Namespaced', names: { ...names, plural }, versions: [servedVersion('v1')] } };
  },
  Deployment: (manifest) => ({ spec: workload(manifest) }),
  HorizontalPodAutoscaler: () => ({
    spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' } },
  }),
  Ingress: () => ({ spec: { defaultBackend: { service: { name: 'none', port: { number: 80 } } } } }),
  Job: ({ spec }) => {
    const image = spec === undefined ? IMAGE : `${IMAGE}:old`;
    return { spec: { managedBy: NOBODY, backoffLimit: 0, template: { spec: pod('Never', image) } } };
  },
  LimitRange: () => ({ spec: { limits: [{ type: 'Pod', max: { cpu: '64' } }] } }),
  NetworkPolicy: () => ({ spec: { podSelector: {} } }),
  PersistentVolumeClaim: () => ({
    spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
  }),
  PodDisruptionBudget: () => ({ spec: { maxUnavailable: 1, selector: { matchLabels: MATCH } } }),
  PriorityClass: () => ({ value: 1 }),
  ResourceQuota: () => ({ spec: { hard: { pods: '64' } } }),
  Role: () => ({ rules: [] }),
  RoleBinding: () => ({ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'b' } }),
  Service: () => ({ spec: { ports: [{ port: 80 }] } }),
  StatefulSet: (manifest) => ({ spec: { serviceName: 'none', ...workload(manifest) } }),
};

interface JobCondition {
  readonly type: string;
  readonly status: string;
}

/** What the API server demands of the status of a Job beside the conditions that a case names. Times that it has stay. */
export function realStatus({ kind, status: before }: LiveObject, status: unknown, now: string): unknown {
  if (kind !== 'Job') return status;
  const { conditions = [] } = status as { readonly conditions?: readonly JobCondition[] }; // as cases write it
  const has = (...types: readonly string[]) => conditions.some(({ type }) => types.includes(type));
  return {
    ...(has('Complete', 'Failed') && { startTime: now }),
    ...(has('Complete') && { completionTime: now }),
    ...(before as object | undefined),
    conditions: conditions.flatMap((condition) => withForerunner(condition, now)),
  };
}

function withForerunner(condition: JobCondition, now: string): readonly object[] {
  const before = { Complete: 'SuccessCriteriaMet', Failed: 'FailureTarget' }[condition.type];
  const all = before === undefined ? [condition] : [{ type: before, status: 'True' }, condition];
  return all.map((one) => ({ ...one, lastTransitionTime: now, lastProbeTime: now }));
}
