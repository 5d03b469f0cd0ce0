// The running host as the story sees it.
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { Host } from '../host.ts';
import type { StoryHost } from './scene.ts';

/** Seconds between two ticks of the sweep and between two looks at an idle Application, as the host was started. */
export interface Pace {
  readonly sweepSeconds: number;
  readonly resyncSeconds: number;
}

/** Throws InvalidInput on a cluster of the user's own: the story needs workloads that it can make fail. */
export function storyHost(host: Host, pace: Pace): StoryHost {
  const { controlPlane, tools } = host;
  if (!controlPlane) throw new InvalidInput('the story is told on the local control plane only: leave out --kubeconfig');
  return {
    kubeconfigPath: host.kubeconfigPath,
    gitUrl: host.gitUrl,
    webhookUrl: host.webhookUrl,
    webhookSecret: host.webhookSecret,
    namespace: host.namespace,
    tools: { kubectl: tools.kubectl, kustomize: controlPlane.programs.kustomize, git: 'git' },
    folder: host.dir,
    ...pace,
    setWebhook: host.setWebhook,
    deliveries: () => host.pushes().flatMap(({ push, answer }) => (answer ? [{ commit: push.after, ...answer }] : [])),
    setCpu: controlPlane.setCpu,
    route: host.route,
    killWorkers: () => void host.kill('reconcile', 'SIGKILL'),
    controlPlane: { server: controlPlane.server, ca: controlPlane.ca },
  };
}
