// ignoreRules: what an installation asks not to be compared, in the form of an Application's own rules (spec/diff.md §5, spec/health.md §8).
import type { ResourceSettings } from '../model/resource-settings.ts';
import type { IgnoreRule } from './ignore.ts';

/**
 * In the order of their keys; the rule of `/status` comes last. Pointers and expressions hold where group and kind match as globs, trusted
 * managers for the one kind that is named or, by `all`, for every kind.
 */
export function ignoreRules({ overrides, compareOptions }: ResourceSettings): readonly IgnoreRule[] {
  const rules = [...overrides].flatMap(([key, { ignoreDifferences }]) => {
    if (!ignoreDifferences) return [];
    const slash = key.indexOf('/');
    const { managedFieldsManagers, ...fields } = ignoreDifferences;
    const trusted = key === '*/*' || !/[*?[{\\]/.test(key) ? { managedFieldsManagers } : {};
    const field = `argocd-cm: ignoreDifferences of ${key}`;
    return [{ group: key.slice(0, Math.max(0, slash)), kind: key.slice(slash + 1), ...fields, ...trusted, field }];
  });
  return [...rules.sort(byKind), ...STATUS_RULES[compareOptions.ignoreResourceStatusField]];
}

const STATUS_FIELD = 'argocd-cm: resource.compareoptions: ignoreResourceStatusField';

const STATUS_RULES: Readonly<Record<ResourceSettings['compareOptions']['ignoreResourceStatusField'], readonly IgnoreRule[]>> = {
  all: [{ group: '*', kind: '*', jsonPointers: ['/status'], field: STATUS_FIELD }],
  crd: [{ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', jsonPointers: ['/status'], field: STATUS_FIELD }],
  none: [],
};

function byKind(a: IgnoreRule, b: IgnoreRule): number {
  return `${a.group}/${a.kind}` < `${b.group}/${b.kind}` ? -1 : 1;
}
