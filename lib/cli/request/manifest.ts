// An Application to create: out of flags, out of a file, or a file's with flags over it; and held against one that is there already.
import { isDeepStrictEqual } from 'node:util';
import { RESOURCES_FINALIZER } from '../../model/annotations.ts';
import { InvalidInput } from '../../model/errors.ts';
import { isRecord, type LiveObject, type Manifest } from '../../model/manifest.ts';
import { withoutUndefined } from '../../model/merge-patch.ts';
import { type SpecFlags, specFrom } from './spec-flags.ts';
import { keyValues } from './spec-items.ts';

export const APPLICATION = { group: 'argoproj.io', version: 'v1alpha1', kind: 'Application' } as const;

export interface CreateRequest {
  readonly name: string | undefined;
  /** Where an Application goes that names no namespace. */
  readonly namespace: string;
  readonly spec: SpecFlags;
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  readonly setFinalizer: boolean;
}

/** An Application out of flags alone. Throws InvalidInput for a flag that cannot be read. */
export function applicationFromFlags(request: CreateRequest & { readonly name: string }): Manifest {
  return withFlags({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: request.name }, spec: {} }, request);
}

/** Applications out of a file's documents. Throws InvalidInput for another kind, no name, or another name than the one asked for. */
export function applicationsFromFile(documents: readonly Manifest[], request: CreateRequest): readonly Manifest[] {
  if (documents.length === 0) throw new InvalidInput('the file holds no Application');
  return documents.map((document) => {
    const name = document.metadata.name ?? '';
    if (document.kind !== APPLICATION.kind) throw new InvalidInput(`expected kind Application, found ${document.kind} ${name}`.trim());
    if (request.name !== undefined && request.name !== name) {
      throw new InvalidInput(`app name '${request.name}' does not match app spec metadata.name '${name}'`);
    }
    if (name === '') throw new InvalidInput('an Application in the file has no metadata.name');
    return withFlags(document, request);
  });
}

/** Whether what is there is already what is asked for: spec, labels, annotations and finalizers. */
export function isSame(live: LiveObject, wanted: Manifest): boolean {
  return isDeepStrictEqual(comparable(live), comparable(wanted));
}

/** The change that makes `live` be `wanted`: the spec replaced, labels and annotations merged; refused when somebody wrote since. */
export function upsertPatch(live: LiveObject, wanted: Manifest): readonly unknown[] {
  const { metadata } = wanted;
  const labels = { ...live.metadata.labels, ...metadata.labels };
  const annotations = { ...live.metadata.annotations, ...metadata.annotations };
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: live.metadata.resourceVersion },
    { op: 'replace', path: '/spec', value: wanted['spec'] },
    { op: 'add', path: '/metadata/labels', value: labels },
    { op: 'add', path: '/metadata/annotations', value: annotations },
    { op: 'add', path: '/metadata/finalizers', value: metadata.finalizers ?? [] },
  ];
}

/** A request to sync is made with `app sync` and status is not the user's to write: both are left out. */
function withFlags(document: Manifest, request: CreateRequest): Manifest {
  const { metadata, spec } = document;
  const finalizers = metadata.finalizers ?? [];
  const missing = request.setFinalizer && !finalizers.includes(RESOURCES_FINALIZER);
  return {
    apiVersion: document.apiVersion,
    kind: document.kind,
    metadata: {
      name: metadata.name ?? '',
      namespace: metadata.namespace ?? request.namespace,
      ...textMap('labels', { ...metadata.labels, ...keyValues(request.labels, '--label') }),
      ...textMap('annotations', { ...metadata.annotations, ...keyValues(request.annotations, '--annotations') }),
      ...(missing || finalizers.length > 0 ? { finalizers: missing ? [...finalizers, RESOURCES_FINALIZER] : finalizers } : {}),
    },
    spec: specFrom(request.spec, isRecord(spec) ? spec : {}),
  };
}

function textMap(field: 'labels' | 'annotations', texts: Readonly<Record<string, string>>): object {
  return Object.keys(texts).length > 0 ? { [field]: texts } : {};
}

function comparable(object: Manifest): unknown {
  const { labels = {}, annotations = {}, finalizers = [] } = object.metadata;
  return withoutUndefined({ spec: object['spec'], labels, annotations, finalizers });
}
