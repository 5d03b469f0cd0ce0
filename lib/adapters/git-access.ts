// A repository's access as git and ssh are given it: everything secret through files of their own, never arguments or environment.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInput } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import type { RepositoryUrl } from '../model/repository-url.ts';
import type { GitOptions, GitSurroundings } from './git-command.ts';
import { filesOf, isPlain, knownAs, shellQuoted } from './git-config.ts';
import type { Route } from './git-route.ts';
import { findProgram } from './process.ts';
import { openTunnel, type Tunnel } from './socks.ts';

export interface PreparedAccess extends GitSurroundings {
  readonly tunnel: Tunnel | undefined;
  /** Takes away what was made for it. */
  release(): Promise<void>;
}

const CONNECT_MS = 15_000;

/** Throws InvalidInput for a proxy that the protocol cannot go through, Unavailable when there is no ssh. */
export async function prepareAccess(
  options: GitOptions,
  access: RepositoryAccess,
  at: RepositoryUrl,
  { settings, ssh: pinned }: Route,
): Promise<PreparedAccess> {
  const allowed = { GIT_ALLOW_PROTOCOL: at.protocol === 'ssh' ? 'ssh' : 'http:https' };
  if (isPlain(access, at)) return { environment: allowed, settings, tunnel: undefined, release: async () => undefined };
  const ssh = at.protocol === 'ssh' ? findProgram(options.ssh, 'EVENKEEL_SSH') : undefined;
  const tunnel = ssh === undefined ? undefined : await sshTunnel(access, at);
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-git-'));
  const release = async () => {
    tunnel?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const way = tunnel ? { host: '127.0.0.1', port: tunnel.port, knownAs: knownAs(at) } : pinned;
    for (const [name, text] of filesOf(access, at, folder, way)) await writeFile(join(folder, name), text, { mode: 0o600 });
    const config = { GIT_CONFIG_GLOBAL: join(folder, 'config') };
    const environment = { ...allowed, ...config, ...(await trusting(access, folder)), ...sshBy(ssh, folder) };
    return { environment, settings, tunnel, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** ssh has no proxy of its own; what is no SOCKS proxy would see and refuse its protocol. */
async function sshTunnel({ proxy }: RepositoryAccess, at: RepositoryUrl): Promise<Tunnel | undefined> {
  if (proxy === undefined) return undefined;
  const url = new URL(proxy);
  if (!url.protocol.startsWith('socks5'))
    throw new InvalidInput(
      `repository ${at.url}: proxy: SSH goes through a SOCKS proxy only: write socks5://host:port, or list ${at.host} in noProxy`,
    );
  return openTunnel(url, at, CONNECT_MS);
}

/** In the environment, where a launcher of git's may have put the machine's own. The empty folder keeps the system's away. */
async function trusting({ ca }: RepositoryAccess, folder: string): Promise<Readonly<Record<string, string>>> {
  if (ca === undefined) return {};
  await mkdir(join(folder, 'no-cas'));
  return { GIT_SSL_CAINFO: join(folder, 'ca'), GIT_SSL_CAPATH: join(folder, 'no-cas') };
}

function sshBy(ssh: string | undefined, folder: string): Readonly<Record<string, string>> {
  if (ssh === undefined) return {};
  return { GIT_SSH_COMMAND: `${shellQuoted(ssh)} -F ${shellQuoted(join(folder, 'ssh_config'))}`, GIT_SSH_VARIANT: 'ssh' };
}
