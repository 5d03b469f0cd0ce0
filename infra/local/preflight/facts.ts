// Looks at the machine for the preflight: tools on PATH, free disk, memory. Nothing is downloaded or changed.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { goCaches, installedGo, programsFolder } from '../cache/build.ts';
import { cacheFolder } from '../cache/cache.ts';
import type { DiskSpace, MachineFacts } from './preflight.ts';

/** Gathers the facts. Whether the programs are built is asked of the cache folder `root`, the user's own unless given. */
export async function machineFacts(root: string = cacheFolder()): Promise<MachineFacts> {
  const [git, go] = await Promise.all([gitVersion(), installedGo()]);
  const folders = go === undefined ? [root] : [root, ...(await goCaches())];
  return {
    node: process.version,
    git,
    go: go?.version,
    built: go !== undefined && existsSync(await programsFolder(root, go)),
    disks: await Promise.all(folders.map(freeSpace)),
    availableMemoryBytes: process.availableMemory(),
  };
}

async function gitVersion(): Promise<string | undefined> {
  try {
    return (await promisify(execFile)('git', ['--version'])).stdout.trim();
  } catch {
    return undefined;
  }
}

/** The folder need not be there yet: the space is that of its nearest parent. */
async function freeSpace(folder: string): Promise<DiskSpace> {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return { folder, freeBytes: bavail * bsize };
}
