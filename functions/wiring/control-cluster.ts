// The control cluster by the worker's own identity, from wherever the settings say that its kubeconfig is.
import type { Config } from '../../lib/adapters/config.ts';
import { kubeconfigSecret, loadConnection } from '../../lib/adapters/kubeconfig.ts';
import { createCluster, type OpenCluster } from '../../lib/adapters/kubernetes.ts';
import { readSecret } from '../../lib/adapters/secret.ts';
import type { ClusterConnection } from '../../lib/adapters/transport.ts';

interface ControlCluster {
  readonly connection: ClusterConnection;
  readonly cluster: OpenCluster;
  /** What only holders of the kubeconfig know (see there). */
  secret(): Promise<string | undefined>;
}

/** Throws what reading the kubeconfig throws; the cluster itself is not asked for anything yet. */
export async function controlCluster({ kubeconfig }: Config): Promise<ControlCluster> {
  const source = 'path' in kubeconfig ? kubeconfig : { text: await readSecret(kubeconfig.secretArn) };
  const connection = await loadConnection(source);
  return { connection, cluster: createCluster(connection), secret: () => kubeconfigSecret(source) };
}
