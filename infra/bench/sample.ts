// The sample that is measured: Applications of four objects each (ServiceAccount, Service, Deployment of no replicas, Ingress), one base
// and one overlay per Application in one repository.
import type { Manifest } from '../../lib/model/manifest.ts';

export const KINDS = ['ServiceAccount', 'Service', 'Deployment', 'Ingress'] as const;
export const APPLICATION_LABEL = 'bench.evenkeel.dev/application';
/** Annotations that say which version of the base, and which of the overlay, an object is of. */
export const BASE_VERSION = 'bench.evenkeel.dev/base';
export const OVERLAY_VERSION = 'bench.evenkeel.dev/overlay';

export type Files = Readonly<Record<string, string>>;

/** Names of so many Applications: `app-001`, … */
export function applicationNames(prefix: string, size: number): readonly string[] {
  return Array.from({ length: size }, (_, index) => `${prefix}-${String(index + 1).padStart(3, '0')}`);
}

/** The base with its version, in a file of its own kind each, as people write them. */
export function baseFiles(version: number): Files {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: KINDS.map((kind) => `${kind.toLowerCase()}.yaml`),
    commonAnnotations: { [BASE_VERSION]: `v${version}` },
  };
  const objects = KINDS.map((kind) => [`base/${kind.toLowerCase()}.yaml`, text(OBJECTS[kind])] as const);
  return { 'base/kustomization.yaml': text(kustomization), ...Object.fromEntries(objects) };
}

/** The overlay of one Application. */
export function overlayFiles(name: string, version: number): Files {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namePrefix: `${name}-`,
    resources: ['../../base'],
    labels: [{ pairs: { [APPLICATION_LABEL]: name }, includeSelectors: true }],
    commonAnnotations: { [OVERLAY_VERSION]: `v${version}` },
  };
  return { [`overlays/${name}/kustomization.yaml`]: text(kustomization) };
}

/** Folder of the chart. */
export const CHART = 'chart';

/** The same objects as a chart, named after their release. */
export function chartFiles(): Files {
  const templates = KINDS.map((kind) => {
    const object = { ...OBJECTS[kind], metadata: { name: '{{ .Release.Name }}', labels: { version: '{{ .Values.version }}' } } };
    return [`${CHART}/templates/${kind.toLowerCase()}.yaml`, text(object)] as const;
  });
  return {
    [`${CHART}/Chart.yaml`]: text({ apiVersion: 'v2', name: 'shop', version: '1.0.0' }),
    [`${CHART}/values.yaml`]: text({ version: 'v1' }),
    ...Object.fromEntries(templates),
  };
}

export function applicationManifest(name: string, repoURL: string, controlNamespace: string, namespace: string): Manifest {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: controlNamespace },
    spec: {
      project: 'default',
      source: { repoURL, targetRevision: 'main', path: `overlays/${name}` },
      destination: { name: 'in-cluster', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}

const POD = {
  metadata: { labels: { app: 'shop' } },
  spec: {
    serviceAccountName: 'shop',
    containers: [
      {
        name: 'shop',
        image: 'registry.example.com/shop:v1',
        ports: [{ name: 'http', containerPort: 8080 }],
        env: [{ name: 'LOG_LEVEL', value: 'info' }],
        resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      },
    ],
  },
};

const BACKEND = { service: { name: 'shop', port: { name: 'http' } } };

const OBJECTS: Readonly<Record<(typeof KINDS)[number], Manifest>> = {
  ServiceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'shop' } },
  Service: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'shop' },
    spec: { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  },
  Deployment: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: { replicas: 0, selector: { matchLabels: { app: 'shop' } }, template: POD },
  },
  Ingress: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'shop' },
    spec: { rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend: BACKEND }] } }] },
  },
};

/** Objects of an Application in waves, its hook among them. */
export const OBJECTS_IN_WAVES = 6;

/** One Application of plain files: a PreSync Job, then a ServiceAccount and a ConfigMap, then a Deployment, then a Service and an Ingress. */
export function waveFiles(name: string): Files {
  const pod = { spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'registry.example.com/migrate:v1' }] } };
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: {}, spec: { template: pod } };
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { level: 'info' } };
  const deployment = { ...OBJECTS.Deployment, spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: podOf(name) } };
  const objects: readonly (readonly [object: Manifest, annotations: Readonly<Record<string, string>>])[] = [
    [job, { 'argocd.argoproj.io/hook': 'PreSync' }],
    [OBJECTS.ServiceAccount, wave(-1)],
    [settings, wave(-1)],
    [deployment, wave(0)],
    [OBJECTS.Service, wave(1)],
    [OBJECTS.Ingress, wave(1)],
  ];
  const files = objects.map(([object, annotations]) => {
    return [`overlays/${name}/${object.kind.toLowerCase()}.yaml`, text({ ...object, metadata: { name, annotations } })] as const;
  });
  return Object.fromEntries(files);
}

function wave(number: number): Readonly<Record<string, string>> {
  return { 'argocd.argoproj.io/sync-wave': `${number}` };
}

function podOf(name: string): object {
  return { metadata: { labels: { app: name } }, spec: { ...POD.spec, serviceAccountName: name } };
}

/** JSON is YAML. */
function text(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
