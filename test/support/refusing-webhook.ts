// An admission webhook of the test's own, over HTTPS on this machine, that refuses what the test says, in its words.
import type { Manifest } from '../../lib/model/manifest.ts';
import { collectionPath, eventually, freshName, type World } from '../world/world.ts';
import { startAdmissionServer } from './admission-server.ts';

/** `admission.k8s.io/v1` AdmissionRequest, as far as it is used. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly kind: { readonly group: string; readonly kind: string };
  readonly subResource?: string;
  readonly name: string;
  /** `''` for objects of the cluster. */
  readonly namespace?: string;
  readonly userInfo: { readonly username: string };
  readonly object: Manifest | null;
  readonly oldObject: Manifest | null;
}

export interface Refusal {
  readonly code: 403 | 422;
  readonly message: string;
}

export type Judge = (request: AdmissionRequest) => Refusal | undefined;

export interface RefusingWebhook {
  /** Objects in namespaces with these labels are judged. */
  readonly labels: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const NAME = 'refusing.example.com';
const COLLECTION = ['admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', undefined] as const;

/** What the API server puts before the words of a refusal. */
export const REFUSED_BY_WEBHOOK = /admission webhook "[^"]*" denied the request: /g;

/** Asked about everything in namespaces with its labels, and about definitions of kinds whose names contain `definitions`. */
export async function startRefusingWebhook(here: World, definitions: string, judge: Judge): Promise<RefusingWebhook> {
  const server = await startAdmissionServer<AdmissionRequest>((request) => {
    const status = judge(request);
    return { allowed: !status, ...(status && { status }) };
  });
  const name = freshName('refusing');
  const labels = { 'example.com/refusing': name };
  const common = {
    ...{ name: NAME, admissionReviewVersions: ['v1'], sideEffects: 'None' },
    clientConfig: server.clientConfig,
  };
  const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE', 'DELETE'] };
  const inNamespaces = {
    ...common,
    namespaceSelector: { matchLabels: labels },
    rules: [{ ...rule, resources: ['*', 'persistentvolumeclaims/status'], scope: 'Namespaced' }],
  };
  const ofDefinitions = {
    ...common,
    rules: [{ ...rule, apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], scope: 'Cluster' }],
    matchConditions: [{ name: 'own', expression: `request.name.contains('${definitions}')` }],
  };
  await here.create(...COLLECTION, { metadata: { name }, webhooks: [inNamespaces, { ...ofDefinitions, name: `definitions.${NAME}` }] });
  const namespace = freshName('refusing');
  await here.create('v1', 'namespaces', undefined, { metadata: { name: namespace, labels } });
  // It is asked once the API server has heard of it.
  await eventually(async () => {
    await here.create('v1', 'configmaps', namespace, { metadata: { name: freshName('probe') } });
    if (!server.wasAsked()) throw new Error('the webhook is not asked yet');
  });
  return {
    labels,
    close: async () => {
      await here.api.send(`${collectionPath(...COLLECTION)}/${name}`, { method: 'DELETE' });
      await server.close();
    },
  };
}
