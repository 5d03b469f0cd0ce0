// What the command line takes from its environment (spec/cli.md §1).
import { isAbsolute, join } from 'node:path';
import { REMOTE_BASES, type RemoteBases } from '../model/remote-bases.ts';

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
  /** A program, with its arguments, that shows how two files differ. */
  readonly externalDiff: readonly string[] | undefined;
  readonly programs: Programs;
  /** Where the local host keeps what it unpacks and builds. */
  readonly built: BuiltFolders;
  /** Where clones are kept. */
  readonly cacheDir: string;
  /** All that is kept there, together. */
  readonly cacheMiB: number;
  readonly toolTimeoutSeconds: number;
  readonly remoteBases: RemoteBases;
}

export interface BuiltFolders {
  /** kubectl and helm, in a folder for each version. */
  readonly layer: string;
  /** The renderer, in a folder for each build. */
  readonly renderer: string;
}

/** Paths, or names to be found on PATH. Without a kustomize, kubectl's own is used; without a renderer, kustomize and helm render. */
export interface Programs {
  readonly git: string;
  readonly ssh: string;
  readonly kubectl: string;
  readonly helm: string;
  readonly kustomize: string | undefined;
  readonly renderer: string | undefined;
}

const TOOL_TIMEOUT_SECONDS = 90;
const CACHE_MIB = 2048;

/** `home`: the user's home folder. */
export function cliSettings(env: Environment, home: string): CliSettings {
  const cache = cacheFolder(env, home);
  const differ = (env['KUBECTL_EXTERNAL_DIFF'] ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    namespace: env['EVENKEEL_NAMESPACE'] || 'argocd',
    kubeconfigs: (env['KUBECONFIG'] ?? '').split(':').filter((path) => path !== ''),
    standardKubeconfig: join(home, '.kube', 'config'),
    localHost: join(cache, 'host.json'),
    colour: env['NO_COLOR'] ? false : undefined,
    externalDiff: differ.length > 0 ? differ : undefined,
    programs: programsIn(env),
    built: { layer: join(cache, 'layer'), renderer: join(cache, 'renderer') },
    cacheDir: env['EVENKEEL_CACHE_DIR'] || join(cache, 'cli'),
    cacheMiB: Number(/^[1-9]\d*$/.exec(env['EVENKEEL_CACHE_MIB'] ?? '')?.[0] ?? CACHE_MIB),
    toolTimeoutSeconds: TOOL_TIMEOUT_SECONDS,
    remoteBases: REMOTE_BASES.find((word) => word === env['EVENKEEL_REMOTE_BASES']) ?? 'fixed',
  };
}

function programsIn(env: Environment): Programs {
  return {
    git: env['EVENKEEL_GIT'] || 'git',
    ssh: env['EVENKEEL_SSH'] || 'ssh',
    kubectl: env['EVENKEEL_KUBECTL'] || 'kubectl',
    helm: env['EVENKEEL_HELM'] || 'helm',
    kustomize: env['EVENKEEL_KUSTOMIZE'] || undefined,
    renderer: env['EVENKEEL_RENDERER'] || undefined,
  };
}

/** Shared with the local host (XDG Base Directory Specification: a relative path is to be ignored). */
function cacheFolder(env: Environment, home: string): string {
  const cache = env['XDG_CACHE_HOME'];
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(home, '.cache'), 'evenkeel');
}
