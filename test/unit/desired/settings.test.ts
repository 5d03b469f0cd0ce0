import { describe, expect, it } from 'vitest';
import { renderSettings } from '../../../lib/desired/settings.ts';

describe('renderSettings', () => {
  it('lets everything be that nobody switched off', () => {
    expect(renderSettings({}, 'fixed')).toEqual({
      kustomize: true,
      helm: true,
      jsonnet: true,
      loadRestrictionsNone: false,
      enableHelm: false,
      valuesFileSchemes: ['https', 'http'],
      remoteBases: 'fixed',
    });
  });

  it.each([
    ['true', true],
    ['', true],
    ['false', false],
    ['True', false],
    ['off', false],
  ])('takes %j for a switch as %s', (text, expected) => {
    const data = { 'kustomize.enable': text, 'helm.enable': text, 'jsonnet.enable': text };
    const { kustomize, helm, jsonnet } = renderSettings(data, 'any');
    expect([kustomize, helm, jsonnet]).toEqual([expected, expected, expected]);
  });

  it.each([
    ['--enable-helm', { enableHelm: true, loadRestrictionsNone: false }],
    ['--load-restrictor LoadRestrictionsNone  --enable-helm=true', { enableHelm: true, loadRestrictionsNone: true }],
    ['--enable-helm --enable-helm=false', { enableHelm: false, loadRestrictionsNone: false }],
    ['--load-restrictor=LoadRestrictionsNone', { enableHelm: false, loadRestrictionsNone: true }],
    ['--load-restrictor=LoadRestrictionsRootOnly --reorder=none', { enableHelm: false, loadRestrictionsNone: false }],
  ])('reads build options %s', (text, expected) => {
    expect(renderSettings({ 'kustomize.buildOptions': text }, 'fixed')).toMatchObject(expected);
  });

  it.each(['--enable-exec', '--enable-alpha-plugins', '--helm-command=/bin/sh', '--network', '--load-restrictor', '-o /tmp/x'])(
    'refuses the build option %s, which would start programs, write or open the network',
    (text) => {
      expect(() => renderSettings({ 'kustomize.buildOptions': text }, 'fixed')).toThrow(
        `argocd-cm: kustomize.buildOptions: ${text.split(' ')[0]} is not supported`,
      );
    },
  );

  it('takes an empty list of schemes for none', () => {
    expect(renderSettings({ 'helm.valuesFileSchemes': '' }, 'fixed').valuesFileSchemes).toEqual([]);
    expect(renderSettings({ 'helm.valuesFileSchemes': 'https, s3' }, 'fixed').valuesFileSchemes).toEqual(['https', 's3']);
  });
});
