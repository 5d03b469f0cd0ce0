// What the command line takes from its environment (spec/cli.md §1).
import { join } from 'node:path';

export interface CliSettings {
  /** Control namespace. */
  readonly namespace: string;
  /** Kubeconfig files to try, best first; the first that exists is used. `chosen` ones must exist. */
  readonly kubeconfigs: readonly { readonly path: string; readonly chosen: boolean }[];
  /** Colours on or off; undefined leaves it to the terminal. */
  readonly colour: boolean | undefined;
  /** A program that shows two files' differences, in place of our own. */
  readonly externalDiff: string | undefined;
}

/** `home`: the user's home folder; `localHost`: where a running local host keeps its kubeconfig. */
export function cliSettings(env: Readonly<Record<string, string | undefined>>, home: string, localHost: string): CliSettings {
  const listed = (env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  return {
    namespace: env['EVENKEEL_NAMESPACE'] || 'argocd',
    kubeconfigs: [
      ...listed.map((path) => ({ path, chosen: true })),
      { path: join(home, '.kube', 'config'), chosen: false },
      { path: localHost, chosen: false },
    ],
    colour: env['NO_COLOR'] ? false : undefined,
    externalDiff: env['KUBECTL_EXTERNAL_DIFF'] || undefined,
  };
}
