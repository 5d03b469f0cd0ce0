// Which health script of an installation is a kind's (spec/health.md §6.2).
import { describe, expect, it } from 'vitest';
import { healthScript } from '../../../lib/model/health-script.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';

/** Each script is called after its key. */
function scriptOf(keys: readonly string[], text: string): string | undefined {
  const combined = Object.fromEntries(keys.map((key) => [key, { 'health.lua': key }]));
  const [group = '', kind = ''] = text.split('/');
  return healthScript(resourceSettings({ 'resource.customizations': JSON.stringify(combined) }), { group, kind })?.script;
}

describe('a health script', () => {
  it.each([
    ['of the kind itself', ['apps/*', 'apps/Deployment'], 'apps/Deployment', 'apps/Deployment'],
    ['of a core kind', ['*/Pod', 'Pod'], '/Pod', 'Pod'],
    ['of a glob', ['*.crossplane.io/*'], 'a.b.crossplane.io/Bucket', '*.crossplane.io/*'],
    ['of no glob that says less', ['*/*', '*/Bucket', 'aws.crossplane.*/*'], 'aws.crossplane.io/Bucket', 'aws.crossplane.*/*'],
    ['of the first of two that say as much', ['shop.*/Bucke?', 'shop.*/?ucket'], 'shop.example/Bucket', 'shop.*/?ucket'],
    [
      'of a set, which says less than a letter',
      ['shop.example/[B]ucket', 'shop.example/{B}ucket'],
      'shop.example/Bucket',
      'shop.example/{B}ucket',
    ],
    ['of none', ['apps/StatefulSet', 'apps'], 'apps/Deployment', undefined],
    ['of every kind but the core ones', ['*/*'], '/Pod', undefined],
    ['of a glob that a core kind matches', ['P*'], '/Pod', 'P*'],
    ['of no glob that is broken', ['apps/[', 'a*[/Deployment'], 'apps/Deployment', undefined],
  ])('is that %s', (_what, keys, kind, expected) => {
    expect(scriptOf(keys, kind)).toBe(expected);
  });

  it('brings its own libraries', () => {
    const data = {
      'resource.customizations.health.apps_Deployment': 'x',
      'resource.customizations.useOpenLibs.apps_Deployment': 'true',
    };
    expect(healthScript(resourceSettings(data), { group: 'apps', kind: 'Deployment' })).toEqual({ script: 'x', openLibs: true });
  });

  it('is not hidden by an override without one', () => {
    const data = {
      'resource.customizations.health.all': 'all',
      'resource.customizations.health.apps_Deployment': '',
      'resource.customizations.ignoreDifferences.apps_Deployment': 'jsonPointers: [/a]',
    };
    expect(healthScript(resourceSettings(data), { group: 'apps', kind: 'Deployment' })?.script).toBe('all');
  });
});
