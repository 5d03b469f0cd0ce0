// What a script of the installation says becomes part of a status that many may read: no value of a Secret is in it.
import { expect, it } from 'vitest';
import { createScripts } from '../../../lib/adapters/scripts/scripts.ts';
import type { LiveObject } from '../../../lib/model/manifest.ts';
import { resourceSettings } from '../../../lib/model/resource-settings.ts';
import { judge } from '../../../lib/reconcile/judge.ts';
import type { Target } from '../../../lib/reconcile/target.ts';

const HEALTH = 'resource.customizations.health.Secret';
const live: LiveObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'password', namespace: 'shop' },
  data: { password: Buffer.from('canary').toString('base64') },
};
const key = { group: '', kind: 'Secret', namespace: 'shop', name: 'password' };

async function judged(script: string) {
  const target: Target = {
    application: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: { project: 'default', destination: {} },
    },
    project: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default' },
      spec: { destinations: [{ server: '*', namespace: '*' }] },
    },
    destination: { server: 'https://kubernetes.default.svc', clusterName: 'in-cluster', namespace: 'shop' },
    cluster: undefined as never, // both sides are the same, so nothing is asked of it
    controlNamespace: 'argocd',
    resources: resourceSettings({ [HEALTH]: script }),
  };
  return (await judge(target, [{ key, version: 'v1', target: live, live }], { scripts: createScripts() }, new Map())).comparison;
}

it.each(['return { status = "Healthy", message = obj.data.password }', 'error(obj.data.password)'])('of a Secret: %s', async (script) => {
  const comparison = await judged(script);
  expect(comparison.resources[0]?.health?.message).toMatch(/\+{8}$/);
  const { health, conditions } = comparison;
  expect(JSON.stringify([health, conditions, comparison.resources.map((row) => row.health)])).not.toMatch(/canary|Y2FuYXJ5/);
});
