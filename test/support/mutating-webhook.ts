// An admission webhook of the test's own, over HTTPS on this machine, that changes what is created and updated in one namespace.
import type { Manifest } from '../../lib/model/manifest.ts';
import { collectionPath, eventually, freshName, type World } from '../world/world.ts';
import { startAdmissionServer } from './admission-server.ts';

/** JSON patch (RFC 6902). */
export type Mutate = (object: Manifest) => readonly object[];

export interface MutatingWebhook {
  /** What it does from now on. */
  mutate(by: Mutate): void;
  close(): Promise<void>;
}

const COLLECTION = ['admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', undefined] as const;

/** Asked about Deployments and ConfigMaps of the namespace; begins with changing nothing. */
export async function startMutatingWebhook(here: World, namespace: string): Promise<MutatingWebhook> {
  let mutate: Mutate = () => [];
  const server = await startAdmissionServer<{ readonly object: Manifest }>(({ object }) => {
    const patch = Buffer.from(JSON.stringify(mutate(object))).toString('base64');
    return { allowed: true, patchType: 'JSONPatch', patch };
  });
  const name = freshName('mutating');
  const rule = (apiGroups: string, resources: string) => ({
    ...{ apiGroups: [apiGroups], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: [resources] },
  });
  const webhook = {
    ...{ name: 'mutating.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', reinvocationPolicy: 'IfNeeded' },
    clientConfig: server.clientConfig,
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [rule('apps', 'deployments'), rule('', 'configmaps')],
  };
  await here.create(...COLLECTION, { metadata: { name }, webhooks: [webhook] });
  // It is asked once the API server has heard of it.
  await eventually(async () => {
    const probe = freshName('probe');
    await here.create('v1', 'configmaps', namespace, { metadata: { name: probe } });
    await here.api.send(`${collectionPath('v1', 'configmaps', namespace)}/${probe}`, { method: 'DELETE' });
    if (!server.wasAsked()) throw new Error('the webhook is not asked yet');
  });
  return {
    mutate: (by) => {
      mutate = by;
    },
    close: async () => {
      await here.api.send(`${collectionPath(...COLLECTION)}/${name}`, { method: 'DELETE' });
      await server.close();
    },
  };
}
