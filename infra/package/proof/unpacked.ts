// The archives unpacked as Lambda lays them out: each function in a folder of its own, the layers together where /opt would be.
import { join } from 'node:path';
import type { Artifacts } from '../build.ts';
import type { Bundle } from '../bundle.ts';
import { modulePath } from '../functions.ts';
import { GIT, GIT_ROOTS } from '../layers/git.ts';
import { RENDERER } from '../layers/renderer.ts';
import { SSH } from '../layers/ssh.ts';
import { unpack } from '../unpack.ts';

export interface Unpacked {
  readonly bundles: readonly Bundle[];
  /** Programs of the layers. */
  readonly git: string;
  readonly ssh: string;
  readonly kubectl: string;
  readonly helm: string;
  readonly renderer: string;
  /** The certificates that git trusts. */
  readonly roots: string;
  /** Folder that stands for the layer's part of the file system. */
  readonly opt: string;
}

/** Unpacks below `folder`. */
export async function unpackAll({ functions, layers }: Artifacts, folder: string): Promise<Unpacked> {
  const opt = join(folder, 'opt');
  for (const { path } of layers) await unpack(path, opt);
  for (const { name, path } of functions) await unpack(path, join(folder, 'task', name));
  return {
    bundles: functions.map(({ name, planned, bundleBytes }) => {
      const file = join(folder, 'task', name, modulePath(planned));
      return { name, file, files: [file], bytes: bundleBytes, inputs: [] };
    }),
    git: join(opt, GIT),
    ssh: join(opt, SSH),
    kubectl: join(opt, 'kubectl', 'kubectl'),
    helm: join(opt, 'helm', 'helm'),
    renderer: join(opt, RENDERER),
    roots: join(opt, GIT_ROOTS),
    opt,
  };
}

/** What the functions' environment says on Lambda by default paths, said for this place; no PATH leads to a program of this machine. */
export function environmentOf({ git, ssh, kubectl, helm, renderer }: Unpacked): Readonly<Record<string, string | undefined>> {
  return {
    PATH: '',
    EVENKEEL_GIT: git,
    EVENKEEL_SSH: ssh,
    EVENKEEL_KUBECTL: kubectl,
    EVENKEEL_HELM: helm,
    EVENKEEL_KUSTOMIZE: undefined,
    EVENKEEL_RENDERER: renderer,
  };
}
