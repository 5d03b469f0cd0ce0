import { describe, expect, it } from 'vitest';
import { cliSettings } from '../../../lib/cli/settings.ts';

describe('what the command line takes from its environment', () => {
  it('has a default for everything', () => {
    expect(cliSettings({}, '/home/jane')).toEqual({
      namespace: 'argocd',
      kubeconfigs: [],
      standardKubeconfig: '/home/jane/.kube/config',
      localHost: '/home/jane/.cache/evenkeel/host.json',
      colour: undefined,
      externalDiff: undefined,
      programs: { git: 'git', ssh: 'ssh', kubectl: 'kubectl', helm: 'helm', kustomize: undefined, renderer: undefined },
      built: { layer: '/home/jane/.cache/evenkeel/layer', renderer: '/home/jane/.cache/evenkeel/renderer' },
      cacheDir: '/home/jane/.cache/evenkeel/cli',
      cacheMiB: 2048,
      toolTimeoutSeconds: 90,
      remoteBases: 'fixed',
    });
  });

  it.each([
    ['512', 512],
    ['0', 2048],
    ['a lot', 2048],
  ])('keeps clones within EVENKEEL_CACHE_MIB=%s: %d', (text, mebibytes) => {
    expect(cliSettings({ EVENKEEL_CACHE_MIB: text }, '/').cacheMiB).toBe(mebibytes);
  });

  it('takes KUBECONFIG file by file', () => {
    expect(cliSettings({ KUBECONFIG: '/a::/b' }, '/').kubeconfigs).toEqual(['/a', '/b']);
  });

  it.each([
    ['/var/cache', '/var/cache/evenkeel/host.json'],
    ['relative', '/home/jane/.cache/evenkeel/host.json'],
  ])('finds the local host with XDG_CACHE_HOME=%s', (folder, path) => {
    expect(cliSettings({ XDG_CACHE_HOME: folder }, '/home/jane').localHost).toBe(path);
  });

  it('takes namespace, colours, diff program and tools', () => {
    const env = { EVENKEEL_NAMESPACE: 'gitops', NO_COLOR: '1', KUBECTL_EXTERNAL_DIFF: 'colordiff -N  -u', EVENKEEL_HELM: '/opt/helm' };
    expect(cliSettings(env, '/')).toMatchObject({
      namespace: 'gitops',
      colour: false,
      externalDiff: ['colordiff', '-N', '-u'],
      programs: { helm: '/opt/helm' },
    });
  });
});
