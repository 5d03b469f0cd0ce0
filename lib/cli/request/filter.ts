// `--resource [!]GROUP:KIND:NAME`: which of an Application's resources a command is about (spec/cli.md §4).
import type { ResourceStatus } from '../../model/application.ts';
import { keyOf, type Manifest } from '../../model/manifest.ts';
import type { SyncOperationResource } from '../../model/operation.ts';

export interface ResourceFilter {
  readonly exclude: boolean;
  readonly group: string;
  readonly kind: string;
  /** `''`: any. */
  readonly namespace: string;
  readonly name: string;
}

type Place = Pick<ResourceStatus, 'group' | 'kind' | 'namespace' | 'name'>;

/** Reads one filter; an error names the text and the form that is expected. Names of RBAC objects may hold colons, the rest may not. */
export function parseResourceFilter(text: string): ResourceFilter | { readonly error: string } {
  const exclude = text.startsWith('!');
  const [group, kind, ...rest] = (exclude ? text.slice(1) : text).split(':');
  const name = rest.join(':');
  if (group === undefined || !kind || !name) {
    return { error: `resource should have GROUP:KIND:NAME, but instead got: ${text}` };
  }
  const slash = name.indexOf('/');
  return { exclude, group, kind, namespace: slash < 0 ? '' : name.slice(0, slash), name: name.slice(slash + 1) };
}

/** A resource is meant when some including filter fits, or there is none, and no excluding one does. No filters: everything. */
export function isSelected(resource: Place, filters: readonly ResourceFilter[]): boolean {
  const including = filters.filter((filter) => !filter.exclude);
  if (including.length > 0 && !including.some((filter) => fits(resource, filter))) return false;
  return !filters.some((filter) => filter.exclude && fits(resource, filter));
}

/** The chosen resources as an operation names them. */
export function selectedResources(resources: readonly ResourceStatus[], filters: readonly ResourceFilter[]): SyncOperationResource[] {
  return resources
    .filter((resource) => isSelected(resource, filters))
    .map(({ group, kind, namespace, name }) => ({ ...(group ? { group } : {}), kind, ...(namespace ? { namespace } : {}), name }));
}

function fits(resource: Place, filter: ResourceFilter): boolean {
  return (
    part(filter.group, resource.group ?? '') &&
    part(filter.kind, resource.kind) &&
    part(filter.name, resource.name) &&
    (filter.namespace === '' || part(filter.namespace, resource.namespace ?? ''))
  );
}

function part(pattern: string, value: string): boolean {
  return pattern === '*' || pattern === value;
}

/** The objects that carry one of these labels, as filters that mean just them; Argo CD's `--label` takes any of several, too. */
export function labelled(manifests: readonly Manifest[], labels: Readonly<Record<string, string>>): readonly ResourceFilter[] {
  const wanted = Object.entries(labels);
  return manifests
    .filter(({ metadata }) => wanted.some(([name, value]) => metadata.labels?.[name] === value))
    .map((manifest) => ({ exclude: false, ...keyOf(manifest) }));
}
