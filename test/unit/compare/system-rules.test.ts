// What an installation asks not to be compared, as rules (spec/diff.md §5, spec/health.md §8).
import { describe, expect, it } from 'vitest';
import { ignoreRules } from '../../../lib/compare/system-rules.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';

const STATUS = {
  ...{ group: '*', kind: '*', jsonPointers: ['/status'] },
  field: 'argocd-cm: resource.compareoptions: ignoreResourceStatusField',
};
const named = (key: string) => ({ field: `argocd-cm: ignoreDifferences of ${key}` });
const rule = 'jsonPointers: [/a]\njqPathExpressions: [.b]\nmanagedFieldsManagers: [c]';
const fields = { jsonPointers: ['/a'], jqPathExpressions: ['.b'] };

describe('the rules of an installation', () => {
  it.each([
    ['', [STATUS]],
    ['crd', [{ ...STATUS, group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' }]],
    ['none', []],
  ])('leave status out by %j', (word, expected) => {
    expect(ignoreRules(resourceSettings({ 'resource.compareoptions': `ignoreResourceStatusField: "${word}"` }))).toEqual(expected);
  });

  it.each([
    ['Secret', { group: '', kind: 'Secret', ...named('Secret'), ...fields, managedFieldsManagers: ['c'] }],
    ['_Secret', { group: '', kind: 'Secret', ...named('Secret'), ...fields, managedFieldsManagers: ['c'] }],
    ['apps_Deployment', { group: 'apps', kind: 'Deployment', ...named('apps/Deployment'), ...fields, managedFieldsManagers: ['c'] }],
    ['all', { group: '*', kind: '*', ...named('*/*'), ...fields, managedFieldsManagers: ['c'] }],
  ])('of the key %s', (key, expected) => {
    expect(ignoreRules(resourceSettings({ [`resource.customizations.ignoreDifferences.${key}`]: rule }))).toEqual([expected, STATUS]);
  });

  it('of a wildcard trust no manager', () => {
    const combined = JSON.stringify({ '*.example/Shelf': { ignoreDifferences: rule }, Pod: { 'health.lua': 'x' } });
    expect(ignoreRules(resourceSettings({ 'resource.customizations': combined }))).toEqual([
      { group: '*.example', kind: 'Shelf', ...named('*.example/Shelf'), ...fields },
      STATUS,
    ]);
  });

  it('come in the order of their keys', () => {
    const keys = ['all', 'apps_Deployment', 'Secret'].map((key) => [
      `resource.customizations.ignoreDifferences.${key}`,
      'jsonPointers: []',
    ]);
    const kinds = ignoreRules(resourceSettings(Object.fromEntries(keys))).map(({ group, kind }) => `${group}/${kind}`);
    expect(kinds).toEqual(['*/*', '/Secret', 'apps/Deployment', '*/*']);
  });
});
