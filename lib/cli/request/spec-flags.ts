// The flags of `app create` that describe a spec, as data, and the spec that they make (spec/cli.md §3).
import { InvalidInput } from '../../model/errors.ts';
import { isRecord } from '../../model/manifest.ts';
import { type Fields, valueAt, withoutValue, withValue } from './fields.ts';
import { fileParameter, keyValues, mergedItems, namedValue, replica, stringParameter } from './spec-items.ts';

/** What was given, by flag name without dashes (`dest-server`). */
export type SpecFlags = Readonly<Record<string, unknown>>;

/** How a flag is written: `text` once, `texts` repeatedly, `number` once, `flag` alone. */
export interface SpecFlag {
  readonly name: string;
  readonly takes: 'text' | 'texts' | 'number' | 'flag';
  readonly help: string;
  /** Where the value goes as it is; the other flags have rules of their own below. */
  readonly path?: string;
}

export const SPEC_FLAGS: readonly SpecFlag[] = [
  { name: 'repo', takes: 'text', help: 'repository URL', path: 'source.repoURL' },
  { name: 'path', takes: 'text', help: 'path in the repository', path: 'source.path' },
  { name: 'revision', takes: 'text', help: 'branch, tag or commit; chart version for a Helm repository', path: 'source.targetRevision' },
  { name: 'ref', takes: 'text', help: 'name by which other sources refer to this one', path: 'source.ref' },
  { name: 'helm-chart', takes: 'text', help: 'chart name in a Helm repository', path: 'source.chart' },
  { name: 'tag-prefix', takes: 'text', help: 'consider only tags that begin with this', path: 'source.tagPrefix' },
  { name: 'dest-server', takes: 'text', help: 'URL of the destination cluster', path: 'destination.server' },
  { name: 'dest-name', takes: 'text', help: 'name of the destination cluster', path: 'destination.name' },
  { name: 'dest-namespace', takes: 'text', help: 'namespace of the destination', path: 'destination.namespace' },
  { name: 'project', takes: 'text', help: 'project of the Application (default: "default")', path: 'project' },
  { name: 'revision-history-limit', takes: 'number', help: 'how many deployments to remember', path: 'revisionHistoryLimit' },
  { name: 'sync-policy', takes: 'text', help: 'automated (auto) or manual (none)' },
  { name: 'auto-prune', takes: 'flag', help: 'automatic sync deletes what is gone from Git' },
  { name: 'self-heal', takes: 'flag', help: 'automatic sync undoes changes made in the cluster' },
  { name: 'allow-empty', takes: 'flag', help: 'automatic sync may delete everything' },
  { name: 'sync-option', takes: 'texts', help: 'sync option Name=value, !Name=value takes it away' },
  { name: 'sync-retry-limit', takes: 'number', help: 'how often a failed sync is retried; 0 never, negative without end' },
  { name: 'sync-retry-backoff-duration', takes: 'text', help: 'first wait between retries (default: 5s)' },
  { name: 'sync-retry-backoff-max-duration', takes: 'text', help: 'longest wait between retries (default: 3m)' },
  { name: 'sync-retry-backoff-factor', takes: 'number', help: 'what each wait is multiplied by (default: 2)' },
  { name: 'sync-retry-refresh', takes: 'flag', help: 'a retry takes the newest revision' },
  { name: 'values', takes: 'texts', help: 'Helm values file in the repository', path: 'source.helm.valueFiles' },
  {
    name: 'ignore-missing-value-files',
    takes: 'flag',
    help: 'leave out values files that are not there',
    path: 'source.helm.ignoreMissingValueFiles',
  },
  { name: 'values-literal-file', takes: 'text', help: 'local file whose text becomes Helm values', path: 'source.helm.values' },
  { name: 'parameter', takes: 'texts', help: 'Helm parameter NAME=VALUE' },
  { name: 'helm-set', takes: 'texts', help: 'Helm parameter NAME=VALUE' },
  { name: 'helm-set-string', takes: 'texts', help: 'Helm parameter NAME=VALUE that stays text' },
  { name: 'helm-set-file', takes: 'texts', help: 'Helm parameter NAME=PATH of a file in the repository' },
  { name: 'release-name', takes: 'text', help: 'Helm release name', path: 'source.helm.releaseName' },
  { name: 'helm-version', takes: 'text', help: 'Helm version', path: 'source.helm.version' },
  { name: 'helm-pass-credentials', takes: 'flag', help: 'pass credentials to all domains', path: 'source.helm.passCredentials' },
  { name: 'helm-skip-crds', takes: 'flag', help: 'leave out CRDs of the chart', path: 'source.helm.skipCrds' },
  { name: 'helm-skip-tests', takes: 'flag', help: 'leave out test hooks of the chart', path: 'source.helm.skipTests' },
  {
    name: 'helm-skip-schema-validation',
    takes: 'flag',
    help: 'do not check values against the chart',
    path: 'source.helm.skipSchemaValidation',
  },
  { name: 'helm-namespace', takes: 'text', help: 'namespace that templates see', path: 'source.helm.namespace' },
  { name: 'nameprefix', takes: 'text', help: 'Kustomize name prefix', path: 'source.kustomize.namePrefix' },
  { name: 'namesuffix', takes: 'text', help: 'Kustomize name suffix', path: 'source.kustomize.nameSuffix' },
  { name: 'kustomize-image', takes: 'texts', help: 'Kustomize image, [old=]name[:tag][@digest]' },
  { name: 'kustomize-namespace', takes: 'text', help: 'Kustomize namespace', path: 'source.kustomize.namespace' },
  { name: 'kustomize-version', takes: 'text', help: 'Kustomize version', path: 'source.kustomize.version' },
  { name: 'kustomize-replica', takes: 'texts', help: 'Kustomize replicas NAME=COUNT' },
  { name: 'kustomize-common-label', takes: 'texts', help: 'Kustomize common label NAME=VALUE' },
  { name: 'kustomize-common-annotation', takes: 'texts', help: 'Kustomize common annotation NAME=VALUE' },
  { name: 'directory-recurse', takes: 'flag', help: 'read folders below the path too', path: 'source.directory.recurse' },
  { name: 'directory-include', takes: 'text', help: 'read only files that match', path: 'source.directory.include' },
  { name: 'directory-exclude', takes: 'text', help: 'leave out files that match', path: 'source.directory.exclude' },
];

type Item = (text: string, flag: string) => unknown;

/** Flags that add items to a list. */
const ITEMS: readonly (readonly [flag: string, path: string, item: Item])[] = [
  ['parameter', 'source.helm.parameters', namedValue],
  ['helm-set', 'source.helm.parameters', namedValue],
  ['helm-set-string', 'source.helm.parameters', stringParameter],
  ['helm-set-file', 'source.helm.fileParameters', fileParameter],
  ['kustomize-image', 'source.kustomize.images', (text) => text],
  ['kustomize-replica', 'source.kustomize.replicas', replica],
];

/** Flags that fill a map. */
const MAPS = [
  ['kustomize-common-label', 'source.kustomize.commonLabels'],
  ['kustomize-common-annotation', 'source.kustomize.commonAnnotations'],
] as const;

const AUTOMATED = [
  ['auto-prune', 'syncPolicy.automated.prune'],
  ['self-heal', 'syncPolicy.automated.selfHeal'],
  ['allow-empty', 'syncPolicy.automated.allowEmpty'],
] as const;

const RETRY = [
  ['sync-retry-backoff-duration', 'syncPolicy.retry.backoff.duration'],
  ['sync-retry-backoff-max-duration', 'syncPolicy.retry.backoff.maxDuration'],
  ['sync-retry-backoff-factor', 'syncPolicy.retry.backoff.factor'],
  ['sync-retry-refresh', 'syncPolicy.retry.refresh'],
] as const;

/**
 * The spec `base` with what the flags say; the project is `default` and the destination empty where nobody names one.
 * Throws InvalidInput that names flag and value when a value cannot be read.
 */
export function specFrom(flags: SpecFlags, base: Fields): Fields {
  let spec = base;
  for (const { name, path } of SPEC_FLAGS) if (path && flags[name] !== undefined) spec = withValue(spec, path, flags[name]);
  for (const [flag, path, item] of ITEMS) spec = withItems(spec, path, textsOf(flags, flag), (text) => item(text, `--${flag}`));
  for (const [flag, path] of MAPS) {
    if (flags[flag] !== undefined) spec = withValue(spec, path, keyValues(textsOf(flags, flag), `--${flag}`));
  }
  spec = withAutomated(spec, flags);
  spec = withSyncOptions(spec, textsOf(flags, 'sync-option'));
  spec = withRetry(spec, flags);
  return { ...spec, destination: spec['destination'] ?? {}, project: spec['project'] || 'default' };
}

function withItems(spec: Fields, path: string, texts: readonly string[], item: (text: string) => unknown): Fields {
  return texts.length === 0 ? spec : withValue(spec, path, mergedItems(valueAt(spec, path), texts.map(item)));
}

function withAutomated(base: Fields, flags: SpecFlags): Fields {
  let spec = withPolicy(base, flags['sync-policy']);
  for (const [flag, path] of AUTOMATED) {
    if (flags[flag] === undefined) continue;
    // On its own such a flag must not switch automatic sync on.
    if (!isRecord(valueAt(spec, 'syncPolicy.automated'))) spec = withValue(spec, 'syncPolicy.automated', { enabled: false });
    spec = withValue(spec, path, flags[flag]);
  }
  return spec;
}

function withPolicy(spec: Fields, policy: unknown): Fields {
  if (policy === undefined) return spec;
  if (policy === 'none' || policy === 'manual') return withoutValue(spec, 'syncPolicy.automated');
  if (policy !== 'automated' && policy !== 'automatic' && policy !== 'auto') throw new InvalidInput(`Invalid sync-policy: ${policy}`);
  const automated = valueAt(spec, 'syncPolicy.automated');
  return withoutValue(withValue(spec, 'syncPolicy.automated', isRecord(automated) ? automated : {}), 'syncPolicy.automated.enabled');
}

function withSyncOptions(spec: Fields, texts: readonly string[]): Fields {
  if (texts.length === 0) return spec;
  const before = valueAt(spec, 'syncPolicy.syncOptions');
  const options = new Set<unknown>(Array.isArray(before) ? before : []);
  for (const text of texts) {
    if (text.startsWith('!')) options.delete(text.slice(1));
    else options.add(text);
  }
  return options.size > 0 ? withValue(spec, 'syncPolicy.syncOptions', [...options]) : withoutValue(spec, 'syncPolicy.syncOptions');
}

function withRetry(base: Fields, flags: SpecFlags): Fields {
  const limit = flags['sync-retry-limit'];
  if (limit === 0) return withoutValue(base, 'syncPolicy.retry');
  const backoff = { duration: '5s', maxDuration: '3m', factor: 2 };
  let spec = limit === undefined ? base : withValue(base, 'syncPolicy.retry', { limit, backoff });
  for (const [flag, path] of RETRY) if (flags[flag] !== undefined) spec = withValue(spec, path, flags[flag]);
  return spec;
}

function textsOf(flags: SpecFlags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.map(String) : [];
}
