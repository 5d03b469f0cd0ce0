// What the command line takes from its environment (spec/cli.md §1).
import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CliSettings {
  /** Control namespace. */
  readonly namespace: string;
  /** Files that `KUBECONFIG` names; those that do not exist are left out, as kubectl does. */
  readonly kubeconfigs: readonly string[];
  readonly standardKubeconfig: string;
  /** Where a running local host says how to reach it. */
  readonly localHost: string;
  /** Colours on or off; undefined leaves it to the terminal. */
  readonly colour: boolean | undefined;
  /** A program that shows how two folders differ, in place of `diff`. */
  readonly externalDiff: string | undefined;
}

/** `home`: the user's home folder. */
export function cliSettings(env: Environment, home: string): CliSettings {
  const cache = env['XDG_CACHE_HOME'];
  return {
    namespace: env['EVENKEEL_NAMESPACE'] || 'argocd',
    kubeconfigs: (env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== ''),
    standardKubeconfig: join(home, '.kube', 'config'),
    localHost: join(cache !== undefined && isAbsolute(cache) ? cache : join(home, '.cache'), 'evenkeel', 'host.json'),
    colour: env['NO_COLOR'] ? false : undefined,
    externalDiff: env['KUBECTL_EXTERNAL_DIFF'] || undefined,
  };
}
