// What a tool that renders finds around it: a private folder that goes with it, and no variable of ours.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PrivateFolder {
  readonly dir: string;
  release(): Promise<void>;
}

export async function privateFolder(prefix: string): Promise<PrivateFolder> {
  const dir = await mkdtemp(join(tmpdir(), prefix));
  return { dir, release: () => rm(dir, { recursive: true, force: true }) };
}

/** Go programs send requests to anything but the loopback address through these: nowhere. */
const NO_NETWORK = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };

/** An environment in which everything that a tool might look for is in `home`. */
export function sealedEnvironment(home: string): Readonly<Record<string, string>> {
  return {
    ...NO_NETWORK,
    PATH: home,
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    LC_ALL: 'C.UTF-8',
  };
}
