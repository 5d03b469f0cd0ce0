// ignoreRules: what an installation asks not to be compared, in the form of an Application's own rules (spec/diff.md §5, spec/health.md §8).
import type { ResourceIgnoreDifferences } from '../model/application.ts';
import type { Manifest } from '../model/manifest.ts';
import type { ResourceSettings } from '../model/resource-settings.ts';
import { kindOf } from './differences.ts';
import { rulesFor } from './ignore.ts';

/**
 * In the order of their keys; the rule of `/status` comes last. Pointers and expressions hold where group and kind match as globs, trusted
 * managers for the one kind that is named or, by `all`, for every kind.
 */
export function ignoreRules({ overrides, compareOptions }: ResourceSettings): readonly ResourceIgnoreDifferences[] {
  const rules = [...overrides].flatMap(([key, { ignoreDifferences }]) => {
    if (!ignoreDifferences) return [];
    const slash = key.indexOf('/');
    const { managedFieldsManagers, ...fields } = ignoreDifferences;
    const trusted = key === '*/*' || !/[*?[{\\]/.test(key) ? { managedFieldsManagers } : {};
    return [{ group: key.slice(0, Math.max(0, slash)), kind: key.slice(slash + 1), ...fields, ...trusted }];
  });
  return [...rules.sort(byKind), ...STATUS_RULES[compareOptions.ignoreResourceStatusField]];
}

/** What each rule of an Application's list, then of `ignoreRules`, is called where people wrote it. */
export function ruleNames(own: readonly ResourceIgnoreDifferences[], settings: ResourceSettings): readonly string[] {
  const system = ignoreRules(settings).map(({ group = '', kind, jsonPointers = [] }) =>
    jsonPointers[0] === '/status' && (kind === '*' || kind === 'CustomResourceDefinition')
      ? 'argocd-cm: resource.compareoptions: ignoreResourceStatusField'
      : `argocd-cm: ignoreDifferences of ${group === '' ? '' : `${group}/`}${kind}`,
  );
  return [...own.map((_rule, index) => `spec.ignoreDifferences[${index}]`), ...system];
}

const STATUS_RULES: Readonly<
  Record<ResourceSettings['compareOptions']['ignoreResourceStatusField'], readonly ResourceIgnoreDifferences[]>
> = {
  all: [{ group: '*', kind: '*', jsonPointers: ['/status'] }],
  crd: [{ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', jsonPointers: ['/status'] }],
  none: [],
};

function byKind(a: ResourceIgnoreDifferences, b: ResourceIgnoreDifferences): number {
  return `${a.group}/${a.kind}` < `${b.group}/${b.kind}` ? -1 : 1;
}

/** Why an installation's rules cannot be followed for these objects, each once, with the way out; none when all can. */
export function unsupportedSystemRules(settings: ResourceSettings, manifests: readonly Manifest[]): readonly string[] {
  const rules = ignoreRules(settings).filter(({ jqPathExpressions }) => (jqPathExpressions ?? []).length > 0);
  const concerned = manifests.flatMap((manifest) => rulesFor(rules, kindOf(manifest), manifest));
  return [...new Set(concerned)].map(({ group, kind }) => {
    const name = [group, kind].filter(Boolean).join('/');
    return `argocd-cm: ignoreDifferences of ${name}: jqPathExpressions is not supported: use jsonPointers or managedFieldsManagers instead`;
  });
}
