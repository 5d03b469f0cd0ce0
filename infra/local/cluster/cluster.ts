// The control cluster of a local host: our own control plane, one that runs already, or a cluster of the user's own; installed into,
// with a credential for the functions.
import { join } from 'node:path';
import { NotPermitted } from '../../../lib/model/errors.ts';
import type { Progress } from '../cache/cache.ts';
import { type LayerTools, layerTools } from '../cache/layer.ts';
import { type ControlPlane, startControlPlane } from '../controlplane/controlplane.ts';
import { workerCredential, writeWorkerKubeconfig } from './credential.ts';
import { contextOf, fullInstall, type InstallPlan, install, missingFrom, NAMESPACE, planNames, uninstall } from './install.ts';
import { type Kubectl, kubectlFor } from './kubectl.ts';
import { relocated } from './relocate.ts';

/** What is about to be done to a cluster of the user's own. */
export interface Proposal {
  readonly context: string;
  readonly server: string;
  /** Objects that will be created, and taken away at the end. */
  readonly creates: readonly string[];
}

export interface ClusterOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
  /** One that runs already and is left running. */
  readonly controlPlane?: ControlPlane | undefined;
  /** Control namespace, in place of the usual one. */
  readonly namespace?: string | undefined;
  /** Kubeconfig of a cluster of the user's own, in place of a control plane. */
  readonly kubeconfig?: string | undefined;
  /** Asked before anything is created in a cluster of the user's own. */
  readonly confirm?: ((proposal: Proposal) => Promise<boolean>) | undefined;
}

export interface ControlCluster {
  /** The administrator's kubeconfig. */
  readonly kubeconfigPath: string;
  /** The functions' kubeconfig: the rights of the worker's service account. */
  readonly workerKubeconfigPath: string;
  readonly kubectl: Kubectl;
  readonly tools: LayerTools;
  readonly controlPlane: ControlPlane | undefined;
  readonly namespace: string;
  /** Writes the functions' kubeconfig anew, with another address of the API server, or again with its own. */
  route(server: string | undefined): Promise<void>;
}

/** Brings the cluster up, installs what is missing, and leaves its undoing on `undo`. Throws NotPermitted when `confirm` said no. */
export async function openCluster(options: ClusterOptions, dir: string, undo: AsyncDisposableStack): Promise<ControlCluster> {
  const { progress, signal, kubeconfig, namespace = NAMESPACE } = options;
  const tools = await layerTools({ progress, ...(signal && { signal }) });
  const controlPlane = kubeconfig === undefined ? (options.controlPlane ?? (await ownControlPlane(options, undo))) : undefined;
  const kubeconfigPath = kubeconfig ?? controlPlane?.kubeconfigPath ?? '';
  const kubectl = kubectlFor(tools.kubectl, kubeconfigPath, join(dir, 'kubectl-cache'));
  const full = relocated(await fullInstall(kubectl), namespace);
  const fresh = controlPlane !== undefined && controlPlane !== options.controlPlane;
  const plan = fresh ? full : await missingFrom(kubectl, full);
  if (kubeconfig !== undefined) await agree(kubectl, plan, options, undo);
  await install(kubectl, plan);
  const workerKubeconfigPath = join(dir, 'worker.kubeconfig');
  const credential = await workerCredential(kubectl, namespace);
  const route = (server: string | undefined) => writeWorkerKubeconfig(workerKubeconfigPath, credential, server);
  await route(undefined);
  return { kubeconfigPath, workerKubeconfigPath, kubectl, tools, controlPlane, namespace, route };
}

async function ownControlPlane({ progress, signal }: ClusterOptions, undo: AsyncDisposableStack): Promise<ControlPlane> {
  const controlPlane = await startControlPlane({ progress, ...(signal && { signal }) });
  undo.defer(() => controlPlane.close());
  return controlPlane;
}

async function agree(
  kubectl: Kubectl,
  plan: InstallPlan,
  { confirm, progress }: ClusterOptions,
  undo: AsyncDisposableStack,
): Promise<void> {
  const proposal = { ...(await contextOf(kubectl)), creates: planNames(plan) };
  if (!(await confirm?.(proposal))) throw new NotPermitted(`context ${proposal.context} was not confirmed: nothing was changed there`);
  undo.defer(async () => {
    progress(`taking away what was brought to context ${proposal.context}`);
    for (const line of await uninstall(kubectl, plan)) progress(line);
  });
}
