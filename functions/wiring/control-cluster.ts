// The control cluster by the worker's own identity, from wherever the settings say that its kubeconfig is.
import type { Config } from '../../lib/adapters/config.ts';
import { loadConnection } from '../../lib/adapters/kubeconfig.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { readSecret } from '../../lib/adapters/secret.ts';
import type { ClusterConnection } from '../../lib/adapters/transport.ts';

/** Throws what reading the kubeconfig throws; the cluster itself is not asked for anything yet. */
export async function controlCluster({
  kubeconfig,
}: Config): Promise<{ readonly connection: ClusterConnection; readonly cluster: OpenCluster }> {
  const source = 'path' in kubeconfig ? kubeconfig : { text: await readSecret(kubeconfig.secretArn) };
  const connection = await loadConnection(source);
  return { connection, cluster: createCluster(connection) };
}
