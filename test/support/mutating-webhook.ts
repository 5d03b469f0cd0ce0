// An admission webhook of the test's own, over HTTPS on this machine, that changes what is created and updated in one namespace.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Manifest } from '../../lib/model/manifest.ts';
import { collectionPath, eventually, freshName, type World } from '../world/world.ts';
import { createAuthority } from './certificates.ts';

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
  let asked = 0;
  const authority = createAuthority('webhooks');
  const server = createServer(authority.issue('localhost'), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { request: review } = JSON.parse(Buffer.concat(chunks).toString()) as { request: { uid: string; object: Manifest } };
      asked += 1;
      const patch = Buffer.from(JSON.stringify(mutate(review.object))).toString('base64');
      const answer = { uid: review.uid, allowed: true, patchType: 'JSONPatch', patch };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server
  const name = freshName('mutating');
  const rule = (apiGroups: string, resources: string) => ({
    ...{ apiGroups: [apiGroups], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: [resources] },
  });
  const webhook = {
    ...{ name: 'mutating.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', reinvocationPolicy: 'IfNeeded' },
    clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(authority.ca).toString('base64') },
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    rules: [rule('apps', 'deployments'), rule('', 'configmaps')],
  };
  await here.create(...COLLECTION, { metadata: { name }, webhooks: [webhook] });
  // It is asked once the API server has heard of it.
  await eventually(async () => {
    const probe = freshName('probe');
    await here.create('v1', 'configmaps', namespace, { metadata: { name: probe } });
    await here.api.send(`${collectionPath('v1', 'configmaps', namespace)}/${probe}`, { method: 'DELETE' });
    if (asked === 0) throw new Error('the webhook is not asked yet');
  });
  return {
    mutate: (by) => {
      mutate = by;
    },
    close: async () => {
      await here.api.send(`${collectionPath(...COLLECTION)}/${name}`, { method: 'DELETE' });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
