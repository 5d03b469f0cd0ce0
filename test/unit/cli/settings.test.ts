import { describe, expect, it } from 'vitest';
import { cliSettings } from '../../../lib/cli/settings.ts';

describe('what the command line takes from its environment', () => {
  it('has a default for everything', () => {
    expect(cliSettings({}, '/home/jane', '/cache/kubeconfig')).toEqual({
      namespace: 'argocd',
      kubeconfigs: [
        { path: '/home/jane/.kube/config', chosen: false },
        { path: '/cache/kubeconfig', chosen: false },
      ],
      colour: undefined,
      externalDiff: undefined,
    });
  });

  it('takes KUBECONFIG first, file by file', () => {
    const { kubeconfigs } = cliSettings({ KUBECONFIG: '/a::/b' }, '/home/jane', '/cache/kubeconfig');
    expect(kubeconfigs.slice(0, 2)).toEqual([
      { path: '/a', chosen: true },
      { path: '/b', chosen: true },
    ]);
  });

  it('takes namespace, colours and diff program', () => {
    const env = { EVENKEEL_NAMESPACE: 'gitops', NO_COLOR: '1', KUBECTL_EXTERNAL_DIFF: 'meld' };
    expect(cliSettings(env, '/', '/')).toMatchObject({ namespace: 'gitops', colour: false, externalDiff: 'meld' });
  });
});
