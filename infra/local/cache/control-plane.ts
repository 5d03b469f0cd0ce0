// The control plane's programs, built from the versions that infra/local/controlplane/go.mod names.
import { join } from 'node:path';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { type BuildOptions, builtModule, type GoModule, WITHOUT_DEBUG } from './build.ts';

/** The programs by the names that `go build` gives them; etcd's package is called server. */
export interface Programs {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
  readonly kustomize: string;
}

export const CONTROL_PLANE: GoModule = {
  title: 'the control plane',
  entry: 'programs',
  folder: join(import.meta.dirname, '..', 'controlplane'),
  builds: 'tool',
  flags: buildFlags,
  cost: '4 to 5 minutes on two cores the first time; 0.8 GB of modules, 2.9 GB of build cache, 370 MB of programs',
};

/** Paths of the programs, building them first if this cache has none. Unavailable when the build fails, with the end of its output. */
export async function controlPlanePrograms(options: BuildOptions): Promise<Programs> {
  const folder = await builtModule(CONTROL_PLANE, options);
  return {
    etcd: join(folder, 'server'),
    apiserver: join(folder, 'kube-apiserver'),
    controllerManager: join(folder, 'kube-controller-manager'),
    scheduler: join(folder, 'kube-scheduler'),
    kwok: join(folder, 'kwok'),
    kustomize: join(folder, 'kustomize'),
  };
}

/** `go build` flags: the version that the API server reports, and with it Helm's capabilities, are set here and read from go.mod. */
export function buildFlags(goMod: string): readonly string[] {
  const version = kubernetesVersion(goMod);
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const sets = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-trimpath', '-buildvcs=false', `-ldflags=-s -w ${sets.join(' ')}`, WITHOUT_DEBUG];
}

/** The version of k8s.io/kubernetes that a go.mod requires. */
export function kubernetesVersion(goMod: string): string {
  const version = /^\s*(?:require\s+)?k8s\.io\/kubernetes (v\S+)/m.exec(goMod)?.[1];
  if (version === undefined) throw new InvalidInput('infra/local/controlplane/go.mod: it does not require k8s.io/kubernetes');
  return version;
}
