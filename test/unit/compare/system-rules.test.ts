// What an installation asks not to be compared, as rules (spec/diff.md §5, spec/health.md §8).
import { describe, expect, it } from 'vitest';
import { ignoreRules, unsupportedSystemRules } from '../../../lib/compare/system-rules.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';

const STATUS = { group: '*', kind: '*', jsonPointers: ['/status'] };
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
    ['Secret', { group: '', kind: 'Secret', ...fields, managedFieldsManagers: ['c'] }],
    ['_Secret', { group: '', kind: 'Secret', ...fields, managedFieldsManagers: ['c'] }],
    ['apps_Deployment', { group: 'apps', kind: 'Deployment', ...fields, managedFieldsManagers: ['c'] }],
    ['all', { group: '*', kind: '*', ...fields, managedFieldsManagers: ['c'] }],
  ])('of the key %s', (key, expected) => {
    expect(ignoreRules(resourceSettings({ [`resource.customizations.ignoreDifferences.${key}`]: rule }))).toEqual([expected, STATUS]);
  });

  it('of a wildcard trust no manager', () => {
    const combined = JSON.stringify({ '*.example/Shelf': { ignoreDifferences: rule }, Pod: { 'health.lua': 'x' } });
    expect(ignoreRules(resourceSettings({ 'resource.customizations': combined }))).toEqual([
      { group: '*.example', kind: 'Shelf', ...fields },
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

describe('a rule that cannot be followed', () => {
  const settings = resourceSettings({
    'resource.customizations.ignoreDifferences.apps_Deployment': 'jqPathExpressions: [.a]',
    'resource.customizations.ignoreDifferences.Secret': 'jqPathExpressions: [.a]',
    'resource.customizations.ignoreDifferences.ConfigMap': 'jsonPointers: [/a]',
  });
  const object = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, metadata: { name } });

  it('is told once, where it speaks of an object', () => {
    const objects = [object('apps/v1', 'Deployment', 'a'), object('apps/v1', 'Deployment', 'b'), object('v1', 'ConfigMap', 'c')];
    expect(unsupportedSystemRules(settings, objects)).toEqual([
      'argocd-cm: ignoreDifferences of apps/Deployment: jqPathExpressions is not supported: use jsonPointers or managedFieldsManagers instead',
    ]);
    expect(unsupportedSystemRules(settings, [object('v1', 'ConfigMap', 'c')])).toEqual([]);
  });
});
