// However the control plane ends, nothing of it stays; and it never listens beyond this machine.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../infra/local/cache/cache.ts';
import { startControlPlane } from '../../infra/local/controlplane/controlplane.ts';
import { runningHost } from '../../infra/local/processes/host-record.ts';
import { identityOf, isRunning } from '../../infra/local/processes/identity.ts';
import { clearLeftovers, DATA_FOLDER_PREFIX, noteRunning } from '../../infra/local/processes/leftovers.ts';
import { startScript } from '../world/child-script.ts';
import { eventually } from '../world/world.ts';

const silent = { progress: () => undefined };

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'evenkeel-end-'));
  await symlink(join(cacheFolder(), 'programs'), join(root, 'programs'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function notes(): Promise<readonly string[]> {
  return readdir(join(root, 'running'));
}

describe('a control plane', () => {
  test('listens on loopback only, and leaves no process, folder or note when it is closed', async () => {
    const plane = await startControlPlane({ root, ...silent });
    const identities = Object.values(plane.pids).map(identityOf);
    expect(Object.keys(plane.pids)).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok']);
    expect(identities.every(isRunning)).toBe(true);
    const addresses = await listeningAddresses(Object.values(plane.pids));
    expect(addresses).toHaveLength(3);
    expect(new Set(addresses)).toEqual(new Set([LOOPBACK]));
    expect(await notes()).toHaveLength(1);
    await Promise.all([plane.close(), plane.close()]);
    expect(identities.filter(isRunning)).toEqual([]);
    expect(existsSync(dirname(plane.kubeconfigPath))).toBe(false);
    expect(await notes()).toEqual([]);
  });

  test('says which program ended that should not, and closes all the same', async () => {
    const plane = await startControlPlane({ root, ...silent });
    process.kill(plane.pids['kube-scheduler'] ?? 0, 'SIGKILL');
    expect((await plane.failed).message).toContain('kube-scheduler ended (signal SIGKILL)');
    await plane.close();
    expect(Object.values(plane.pids).map(identityOf).filter(isRunning)).toEqual([]);
  });

  test('can be ended while it starts', async () => {
    const signal = AbortSignal.timeout(700);
    await expect(startControlPlane({ root, signal, ...silent })).rejects.toThrow('aborted due to timeout');
    expect(await notes()).toEqual([]);
  });

  test('goes down with a host that is killed, and the next start clears what is left', async () => {
    const host = startScript(new URL('../world/start-and-stay.ts', import.meta.url), [root]);
    const up: { kubeconfigPath: string; pids: number[] } = JSON.parse(await host.line());
    const identities = up.pids.map(identityOf);
    expect(await runningHost(root)).toEqual({ kubeconfig: up.kubeconfigPath });
    await host.kill();
    await eventually(async () => expect(identities.filter(isRunning)).toEqual([]));
    expect(await runningHost(root)).toBeUndefined();
    expect(existsSync(up.kubeconfigPath)).toBe(true);
    const next = await startControlPlane({ root, ...silent });
    expect(existsSync(dirname(up.kubeconfigPath))).toBe(false);
    expect(await notes()).toHaveLength(1);
    await next.close();
  });
});

describe('clearing what is left', () => {
  async function leave(
    owner: { readonly pid: number; readonly startedAt: string },
    child: { readonly pid: number; readonly startedAt: string },
  ) {
    const folder = await mkdtemp(join(tmpdir(), DATA_FOLDER_PREFIX));
    const note = await noteRunning(root, folder);
    await note.add(child);
    const [name = ''] = await notes();
    const path = join(root, 'running', name);
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), owner }));
    return folder;
  }

  function sleeper() {
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    return { identity: identityOf(child.pid ?? 0), child, gone: once(child, 'exit') };
  }

  const dead = { pid: process.pid, startedAt: '1' };

  test('ends the processes of an owner that is gone', async () => {
    const { identity, gone } = sleeper();
    const folder = await leave(dead, identity);
    expect(await clearLeftovers(root)).toBe(1);
    await gone;
    expect(existsSync(folder)).toBe(false);
    expect(await notes()).toEqual([]);
  });

  test('spares a stranger that got the pid of such a process', async () => {
    const { identity, child, gone } = sleeper();
    await leave(dead, { ...identity, startedAt: '1' });
    expect(await clearLeftovers(root)).toBe(1);
    expect(isRunning(identity)).toBe(true);
    child.kill();
    await gone;
  });

  test('leaves alone what belongs to an owner that runs', async () => {
    const { identity, child, gone } = sleeper();
    const folder = await leave(identityOf(process.pid), identity);
    expect(await clearLeftovers(root)).toBe(0);
    expect(isRunning(identity)).toBe(true);
    expect(existsSync(folder)).toBe(true);
    child.kill();
    await gone;
    await rm(folder, { recursive: true });
  });

  test('removes no folder that is not a data folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'precious-'));
    await noteRunning(root, folder);
    const [name = ''] = await notes();
    await writeFile(join(root, 'running', name), JSON.stringify({ owner: dead, folder, processes: [] }));
    expect(await clearLeftovers(root)).toBe(1);
    expect(existsSync(folder)).toBe(true);
    await rm(folder, { recursive: true });
    expect(basename(folder).startsWith(DATA_FOLDER_PREFIX)).toBe(false);
  });
});

const LOOPBACK = '127.0.0.1';
const LISTEN = '0A';

/** Local addresses of the TCP sockets that processes listen on, from /proc: four bytes in host order, or sixteen for IPv6. */
async function listeningAddresses(pids: readonly number[]): Promise<readonly string[]> {
  const inodes = new Set((await Promise.all(pids.map(socketInodes))).flat());
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')));
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/));
  return rows.flatMap(([, local = '', , state, , , , , , inode = '']) => (state === LISTEN && inodes.has(inode) ? [readable(local)] : []));
}

function readable(local: string): string {
  const hex = local.split(':')[0] ?? '';
  return hex === '0100007F' ? LOOPBACK : hex;
}

async function socketInodes(pid: number): Promise<readonly string[]> {
  const names = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
}
