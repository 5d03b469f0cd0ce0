// resourceSettings: what an installation says of resources, out of `argocd-cm` (spec/diff.md §2, §4, §5, §14, §15, spec/health.md §8).
import * as z from 'zod';
import { INSTANCE_LABEL } from './annotations.ts';
import { InvalidInput } from './errors.ts';
import type { KindFilter, KindFilters } from './kind-filters.ts';
import { type ResourceOverrides, resourceOverrides } from './resource-overrides.ts';
import { flag, type Read, readBool, readYamlAs, text, texts } from './setting.ts';
import type { Tracking, TrackingMethod } from './tracking.ts';

export interface CompareOptions {
  readonly ignoreAggregatedRoles: boolean;
  /** Whose `/status` does not count: every kind's, that of CustomResourceDefinitions, or nobody's. */
  readonly ignoreResourceStatusField: 'all' | 'crd' | 'none';
  readonly ignoreDifferencesOnResourceUpdates: boolean;
}

export interface ResourceSettings extends KindFilters {
  readonly overrides: ResourceOverrides;
  readonly compareOptions: CompareOptions;
  readonly tracking: Tracking;
  /** Annotations of Secrets whose values are not shown. */
  readonly maskedAnnotations: readonly string[];
  readonly ignoreResourceUpdatesEnabled: boolean;
  readonly customLabels: readonly string[];
}

const FILTERS = 'a list of maps with lists of apiGroups, kinds and clusters';
const OPTIONS = 'a map of ignoreAggregatedRoles, ignoreResourceStatusField and ignoreDifferencesOnResourceUpdates';

const filters = z.array(z.object({ apiGroups: texts, kinds: texts, clusters: texts })).nullable();
const options = z
  .object({ ignoreAggregatedRoles: flag, ignoreResourceStatusField: text.nullish(), ignoreDifferencesOnResourceUpdates: flag })
  .nullable();

/** Every fault of `data` of argocd-cm is in the one InvalidInput that is thrown, with its key and the way out. */
export function resourceSettings(data: Readonly<Record<string, string>>): ResourceSettings {
  const faults: string[] = [];
  const read = <T>(key: string, reader: (source: string) => Read<T>): T | undefined => {
    const found = reader(data[key] ?? '');
    if ('value' in found) return found.value;
    faults.push(`${key}: ${found.fault}`);
    return undefined;
  };
  const filtersOf = (key: string): readonly KindFilter[] => read(key, (source) => readYamlAs(source, filters, FILTERS)) ?? [];
  const compared = read('resource.compareoptions', (source) => readYamlAs(source, options, OPTIONS));
  const settings: ResourceSettings = {
    overrides: resourceOverrides(data, faults),
    exclusions: filtersOf('resource.exclusions'),
    inclusions: filtersOf('resource.inclusions'),
    compareOptions: {
      ignoreAggregatedRoles: compared?.ignoreAggregatedRoles ?? false,
      ignoreResourceStatusField: STATUS.get(compared?.ignoreResourceStatusField ?? '') ?? 'all',
      ignoreDifferencesOnResourceUpdates: compared?.ignoreDifferencesOnResourceUpdates ?? true,
    },
    tracking: {
      method: METHODS.find((method) => method === data['application.resourceTrackingMethod']) ?? 'annotation',
      labelKey: read('application.instanceLabelKey', readLabelKey) ?? INSTANCE_LABEL,
      installationId: data['installationID'] ?? '',
    },
    maskedAnnotations: listOf(data['resource.sensitive.mask.annotations']),
    ignoreResourceUpdatesEnabled: read('resource.ignoreResourceUpdatesEnabled', (source) => readBool(source || 'true')) ?? true,
    customLabels: listOf(data['resource.customLabels']),
  };
  if (faults.length > 0) throw new InvalidInput(faults.map((fault) => `argocd-cm: ${fault}`).join('; '));
  return settings;
}

/** Any other word leaves it at `all`. YAML makes `off` and `false` the same. */
const STATUS: ReadonlyMap<string, CompareOptions['ignoreResourceStatusField']> = new Map([
  ['crd', 'crd'],
  ['none', 'none'],
  ['off', 'none'],
  ['false', 'none'],
]);

/** Any other text tracks by annotation. */
const METHODS: readonly TrackingMethod[] = ['annotation', 'label', 'annotation+label'];

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

function readLabelKey(source: string): Read<string> {
  const key = source || INSTANCE_LABEL;
  return LABEL_KEY.test(key) ? { value: key } : { fault: `${key} is no name of a label; write one such as ${INSTANCE_LABEL}` };
}

function listOf(source = ''): readonly string[] {
  return source.split(',').flatMap((item) => item.trim() || []);
}

/** What holds where the installation says nothing. */
export const DEFAULT_RESOURCE_SETTINGS = resourceSettings({});
