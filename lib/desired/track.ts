// tracked: a manifest with the marks that say whose it is (spec/diff.md §2).
import { INSTALLATION_ID, LEGACY_INSTANCE_LABEL, TRACKING_ID } from '../model/annotations.ts';
import { groupVersionOf, isRecord, keyOf, type Manifest } from '../model/manifest.ts';
import { type Tracking, trackingIdText } from '../model/tracking.ts';

export interface Owner {
  readonly instanceName: string;
  readonly destinationNamespace: string;
}

/** A CustomResourceDefinition carries no marks, so it is compared but never pruned; a mark of another installation goes. */
export function tracked(manifest: Manifest, owner: Owner, tracking: Tracking): Manifest {
  const own = !isDefinition(manifest);
  switch (tracking.method) {
    case 'none':
      return manifest;
    case 'label':
      return own ? labelled(manifest, tracking.labelKey, owner.instanceName) : manifest;
    case 'annotation':
      return annotated(manifest, owner, tracking, own);
    case 'annotation+label': {
      const marked = annotated(manifest, owner, tracking, own);
      return own ? labelled(marked, tracking.labelKey, shortened(owner.instanceName)) : marked;
    }
  }
}

export function isDefinition(manifest: Manifest): boolean {
  return manifest.kind === 'CustomResourceDefinition' && groupVersionOf(manifest.apiVersion).group === 'apiextensions.k8s.io';
}

function annotated(manifest: Manifest, owner: Owner, { installationId }: Tracking, own: boolean): Manifest {
  const { [INSTALLATION_ID]: _foreign, ...annotations } = manifest.metadata.annotations ?? {};
  const installation = installationId === '' ? {} : { [INSTALLATION_ID]: installationId };
  const all = { ...annotations, ...(own ? { ...installation, [TRACKING_ID]: trackingId(manifest, owner) } : {}) };
  const { annotations: _before, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: Object.keys(all).length > 0 ? { ...metadata, annotations: all } : metadata };
}

/** A cluster-scoped object carries the destination's namespace. */
function trackingId(manifest: Manifest, { instanceName, destinationNamespace }: Owner): string {
  const key = keyOf(manifest);
  return trackingIdText({ instance: instanceName, key: { ...key, namespace: key.namespace || destinationNamespace } });
}

function labelled(manifest: Manifest, key: string, value: string): Manifest {
  const marked = { ...manifest, metadata: withLabel(manifest.metadata, key, value) };
  return key === LEGACY_INSTANCE_LABEL && hasTemplate(manifest) ? withTemplateLabel(marked, key, value) : marked;
}

function withLabel<T extends object>(metadata: T & { readonly labels?: unknown }, key: string, value: string): T {
  const labels = isRecord(metadata.labels) ? metadata.labels : {};
  return { ...metadata, labels: { ...labels, [key]: value } };
}

const WORKLOADS: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet']);

function hasTemplate({ apiVersion, kind }: Manifest): boolean {
  const { group } = groupVersionOf(apiVersion);
  return (['apps', 'extensions'].includes(group) && WORKLOADS.has(kind)) || (group === 'batch' && kind === 'Job');
}

function withTemplateLabel(manifest: Manifest, key: string, value: string): Manifest {
  const { spec } = manifest;
  if (!isRecord(spec) || !isRecord(spec['template'])) return manifest;
  const { template } = spec;
  const metadata = isRecord(template['metadata']) ? template['metadata'] : {};
  return { ...manifest, spec: { ...spec, template: { ...template, metadata: withLabel(metadata, key, value) } } };
}

/** What a label can hold of a long name: it must end in a letter or digit. */
function shortened(name: string): string {
  return name.slice(0, 63).replace(/(?<=.)[^A-Za-z0-9]+$/, '');
}
