// What a test needs to meet the run's control plane: how to reach it, the tools, and a namespace of its own.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from 'vitest';
import { type ApiClient, apiClient, type Connection } from '../../infra/local/controlplane/connection.ts';
import { setLoad } from '../../infra/local/controlplane/metrics.ts';
import { messageOf } from '../../lib/model/errors.ts';

/** What the setup hands to the tests: an administrator's connection and the paths of the real tools. */
export interface ProvidedWorld extends Connection {
  readonly kubeconfigPath: string;
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize: string;
  readonly renderer: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    world: ProvidedWorld;
  }
}

export interface World extends ProvidedWorld {
  readonly api: ApiClient;
  /** Creates a namespace that no other test has. Namespaces go with the control plane; tests need not delete them. */
  readonly freshNamespace: (prefix: string) => Promise<string>;
  /** Creates an object from its manifest, in `namespace` unless it is cluster-scoped; `plural` as in its URL. */
  readonly create: (groupVersion: string, plural: string, namespace: string | undefined, object: object) => Promise<unknown>;
  /** CPU that pods whose names begin with `prefix` are said to use. */
  readonly setCpu: (namespace: string, prefix: string, millicores: number) => Promise<void>;
}

/** The run's control plane, reached from this test file. */
export function world(): World {
  return worldOf(inject('world'));
}

/** Another control plane, for a test that changes what all others share. */
export function worldOf(provided: ProvidedWorld): World {
  const api = apiClient(provided);
  return {
    ...provided,
    api,
    freshNamespace: async (prefix) => {
      const name = freshName(prefix);
      await api.send('/api/v1/namespaces', { method: 'POST', body: { metadata: { name } } });
      // Pods are refused until the namespace has its default service account.
      await eventually(() => api.send(`/api/v1/namespaces/${name}/serviceaccounts/default`));
      return name;
    },
    create: (groupVersion, plural, namespace, body) => api.send(collectionPath(groupVersion, plural, namespace), { method: 'POST', body }),
    setCpu: (namespace, prefix, millicores) => setLoad(api, namespace, prefix, millicores),
  };
}

/** A name that fits wherever Kubernetes wants a DNS label, different in each call. */
export function freshName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

/** The URL path of a kind's objects: `apps/v1`, `deployments`, `shop`. */
export function collectionPath(groupVersion: string, plural: string, namespace?: string): string {
  const root = groupVersion.includes('/') ? '/apis' : '/api';
  return `${root}/${groupVersion}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`;
}

/** Repeats `attempt` until it does not throw, and gives back what it gave; fails with its last error after `withinMs`. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${messageOf(cause)}`, { cause });
      await sleep(50);
    }
  }
}
