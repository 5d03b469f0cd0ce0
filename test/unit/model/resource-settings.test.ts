// `argocd-cm` -> what an installation says of resources.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { DEFAULT_RESOURCE_SETTINGS, resourceSettings } from '../../../lib/model/resource-settings.ts';

const overridesOf = (data: Readonly<Record<string, string>>) => Object.fromEntries(resourceSettings(data).overrides);
const none = { jsonPointers: [], jqPathExpressions: [], managedFieldsManagers: [] };

describe('resource settings', () => {
  it('are those of Argo CD where nothing is said', () => {
    expect(DEFAULT_RESOURCE_SETTINGS).toEqual({
      overrides: new Map(),
      exclusions: [],
      inclusions: [],
      compareOptions: { ignoreAggregatedRoles: false, ignoreResourceStatusField: 'all', ignoreDifferencesOnResourceUpdates: true },
      tracking: { method: 'annotation', labelKey: 'app.kubernetes.io/instance', installationId: '' },
      maskedAnnotations: [],
      ignoreResourceUpdatesEnabled: true,
      customLabels: [],
    });
  });

  it('ignore what is about other things', () => {
    const others = { 'resource.customizations.health': 'x', 'resource.customizationsfoo.a.b': 'y', 'kustomize.enable': 'z', url: '[' };
    expect(resourceSettings(others)).toEqual(DEFAULT_RESOURCE_SETTINGS);
  });

  it('take blank YAML for nothing', () => {
    const keys = ['resource.customizations', 'resource.exclusions', 'resource.inclusions', 'resource.compareoptions'];
    expect(resourceSettings(Object.fromEntries(keys.map((key) => [key, '# nothing\n'])))).toEqual(DEFAULT_RESOURCE_SETTINGS);
  });

  it('read lists between commas without blanks', () => {
    const settings = resourceSettings({ 'resource.sensitive.mask.annotations': ' a , b,,', 'resource.customLabels': 'team' });
    expect([settings.maskedAnnotations, settings.customLabels]).toEqual([['a', 'b'], ['team']]);
  });

  it.each([
    ['', 'annotation'],
    ['annotation', 'annotation'],
    ['label', 'label'],
    ['annotation+label', 'annotation+label'],
    ['Label', 'annotation'],
    ['none', 'annotation'],
  ])('track by %j as %s', (text, method) => {
    expect(resourceSettings({ 'application.resourceTrackingMethod': text }).tracking.method).toBe(method);
  });

  it('name label and installation', () => {
    const data = { 'application.instanceLabelKey': 'example.com/app', installationID: 'blue' };
    expect(resourceSettings(data).tracking).toMatchObject({ labelKey: 'example.com/app', installationId: 'blue' });
  });

  it.each([
    ['crd', 'crd'],
    ['none', 'none'],
    ['off', 'none'],
    ['"off"', 'none'],
    ['false', 'none'],
    ['all', 'all'],
    ['""', 'all'],
    ['~', 'all'],
    ['constructor', 'all'],
  ])('read a status field of %s as %s', (text, expected) => {
    const { compareOptions } = resourceSettings({ 'resource.compareoptions': `ignoreResourceStatusField: ${text}` });
    expect(compareOptions.ignoreResourceStatusField).toBe(expected);
  });

  it('read the other options of comparing, and whether updates are ignored', () => {
    const options = 'ignoreAggregatedRoles: true\nignoreDifferencesOnResourceUpdates: false\nunknown: 1';
    const data = { 'resource.compareoptions': options, 'resource.ignoreResourceUpdatesEnabled': 'False' };
    const { compareOptions, ignoreResourceUpdatesEnabled } = resourceSettings(data);
    expect(compareOptions).toMatchObject({ ignoreAggregatedRoles: true, ignoreDifferencesOnResourceUpdates: false });
    expect(ignoreResourceUpdatesEnabled).toBe(false);
  });
});

describe('overrides', () => {
  it('are read from keys for one kind each', () => {
    const data = {
      'resource.customizations.health.argoproj.io_Rollout': 'return {}',
      'resource.customizations.useOpenLibs.argoproj.io_Rollout': 'true',
      'resource.customizations.actions.Service': 'definitions: []',
      'resource.customizations.ignoreDifferences.all': 'jsonPointers: [/a]\njqPathExpressions: [.b]\nmanagedFieldsManagers: [c]\nother: 1',
      'resource.customizations.ignoreResourceUpdates.all': 'jsonPointers: [1]',
      'resource.customizations.knownTypeFields.shop.example_Shelf': '- {field: spec.pod, type: core/v1/PodSpec}',
    };
    expect(overridesOf(data)).toEqual({
      'argoproj.io/Rollout': { health: 'return {}', useOpenLibs: true },
      Service: { actions: 'definitions: []', useOpenLibs: false },
      '*/*': {
        useOpenLibs: false,
        ignoreDifferences: { jsonPointers: ['/a'], jqPathExpressions: ['.b'], managedFieldsManagers: ['c'] },
        ignoreResourceUpdates: { ...none, jsonPointers: ['1'] },
      },
      'shop.example/Shelf': { useOpenLibs: false, knownTypeFields: [{ field: 'spec.pod', type: 'core/v1/PodSpec' }] },
    });
  });

  it('are read from the combined key, wildcards too', () => {
    const combined = `
      "*.crossplane.io/*":
        health.lua: return nil
        health.lua.useOpenLibs: true
      Secret:
        ignoreDifferences: |
          jsonPointers: [/data]
        ignoreResourceUpdates: ""
        actions: x
      apps/Deployment:
      shop.example/Shelf:
        knownTypeFields: [{field: a, type: b}]`;
    expect(overridesOf({ 'resource.customizations': combined })).toEqual({
      '*.crossplane.io/*': { health: 'return nil', useOpenLibs: true },
      Secret: { useOpenLibs: false, actions: 'x', ignoreDifferences: { ...none, jsonPointers: ['/data'] } },
      'apps/Deployment': { useOpenLibs: false },
      'shop.example/Shelf': { useOpenLibs: false, knownTypeFields: [{ field: 'a', type: 'b' }] },
    });
  });

  it('of a key for one kind replace those of the combined key field by field', () => {
    const data = {
      'resource.customizations': 'Secret: {health.lua: old, health.lua.useOpenLibs: true, ignoreDifferences: "jsonPointers: [/old]"}',
      'resource.customizations.ignoreDifferences.Secret': 'jsonPointers: [/new]',
    };
    expect(overridesOf(data)).toEqual({
      Secret: { health: 'old', useOpenLibs: true, ignoreDifferences: { ...none, jsonPointers: ['/new'] } },
    });
  });

  it.each(['resource.customizations.health._Secret', 'resource.customizations.health.Secret'])('of a core kind are one by %s', (key) => {
    expect(overridesOf({ [key]: 'x' })).toEqual({ Secret: { health: 'x', useOpenLibs: false } });
  });

  it('of an empty rule ignore nothing', () => {
    expect(overridesOf({ 'resource.customizations.ignoreDifferences.Secret': '' })).toEqual({
      Secret: { useOpenLibs: false, ignoreDifferences: none },
    });
  });
});

describe('settings that do not parse', () => {
  it.each([
    ['resource.customizations.health.a_b_c', 'x', 'the key must end in <group>_<kind>, or in <kind> alone for the core group'],
    ['resource.customizations.health.', 'x', 'the key must end in <group>_<kind>, or in <kind> alone for the core group'],
    [
      'resource.customizations.healthy.apps_Deployment',
      'x',
      'resource customization type healthy not supported; ' +
        'health, useOpenLibs, actions, ignoreDifferences, ignoreResourceUpdates, knownTypeFields are',
    ],
    ['resource.customizations.useOpenLibs.apps_Deployment', 'yes', 'is neither true nor false; write one of them'],
    ['resource.customizations.ignoreDifferences.apps_Deployment', '- /a', /: Invalid input: .*; write a map with lists of jsonPointers/],
    ['resource.customizations.ignoreDifferences.apps_Deployment', 'jsonPointers: /a', /: jsonPointers: Invalid input: .*; write a map/],
    ['resource.customizations.knownTypeFields.apps_Deployment', 'a: 1', /write a list of field and type$/],
    ['resource.customizations', '[', /: line 2: .*; write a map by <group>\/<kind>/],
    ['resource.customizations', 'text', /: is no map; write a map by <group>\/<kind>/],
    ['resource.customizations', 'a/b/c: {}', /: a\/b\/c: is no kind; write <group>\/<kind>/],
    ['resource.customizations', 'Secret: {health.lua.useOpenLibs: 5}', /: Secret: health.lua.useOpenLibs: Invalid input/],
    [
      'resource.customizations',
      'Secret: {ignoreDifferences: {jsonPointers: [/a]}}',
      /: Secret: ignoreDifferences: .*as a text that is YAML/,
    ],
    ['resource.customizations', 'Secret: {ignoreDifferences: "["}', /: Secret: ignoreDifferences: line 2/],
    ['resource.exclusions', 'kinds: [Pod]', /write a list of maps with lists of apiGroups, kinds and clusters$/],
    ['resource.inclusions', '- kinds: Pod', /: 0.kinds: Invalid input: .*; write a list of maps/],
    ['resource.compareoptions', 'ignoreAggregatedRoles: 1', /: ignoreAggregatedRoles: Invalid input: .*; write a map of/],
    ['resource.ignoreResourceUpdatesEnabled', 'no', 'is neither true nor false; write one of them'],
    ['application.instanceLabelKey', 'a b', 'a b is no name of a label; write one such as app.kubernetes.io/instance'],
  ])('are named: %s: %s', (key, text, message) => {
    const parse = () => resourceSettings({ [key]: text });
    expect(parse).toThrow(InvalidInput);
    expect(parse).toThrow(typeof message === 'string' ? `argocd-cm: ${key}: ${message}` : message);
    expect(parse).toThrow(`argocd-cm: ${key}: `);
  });

  it('are named all at once', () => {
    const data = { 'resource.exclusions': '{}', 'resource.customizations.x.Pod': '', 'resource.compareoptions': '[' };
    expect(() => resourceSettings(data)).toThrow(/argocd-cm: .*; argocd-cm: .*; argocd-cm: /);
  });

  const YAML = [
    'Secret:',
    'health.lua: x',
    '- ',
    '[',
    '{}',
    'a/b: {ignoreDifferences: "',
    '"',
    '\n',
    '  ',
    'kinds: [',
    ']',
    '&a',
    '*a',
    '!!binary',
    '__proto__:',
  ];
  const name = fc.constantFrom(
    'health',
    'useOpenLibs',
    'actions',
    'ignoreDifferences',
    'ignoreResourceUpdates',
    'knownTypeFields',
    'other',
  );
  const key = fc.oneof(
    fc.constantFrom('resource.customizations', 'resource.exclusions', 'resource.inclusions', 'resource.compareoptions'),
    fc.constantFrom('application.instanceLabelKey', 'application.resourceTrackingMethod', 'resource.ignoreResourceUpdatesEnabled'),
    fc.tuple(name, fc.string()).map(([type, kind]) => `resource.customizations.${type}.${kind}`),
    fc.string(),
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...YAML)).map((parts) => parts.join('')),
    fc.json(),
  );

  it('are refused as wrong input, whatever they hold', () => {
    fc.assert(
      fc.property(fc.dictionary(key, text), (data) => {
        try {
          resourceSettings(data);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
          expect((error as InvalidInput).message).toMatch(/^argocd-cm: /);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
