// Looks at the machine for the preflight: tools on PATH, free disk, memory. Nothing is downloaded or changed.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { moduleFolder } from '../cache/build.ts';
import { cacheFolder } from '../cache/cache.ts';
import { CONTROL_PLANE } from '../cache/control-plane.ts';
import { goCaches, type InstalledGo, installedGo } from '../cache/go.ts';
import { RENDERER } from '../cache/renderer.ts';
import type { Buildable, DiskSpace, MachineFacts } from './preflight.ts';

const BUILDS = { 'control plane': CONTROL_PLANE, renderer: RENDERER } as const;
const BUILDABLE: readonly Buildable[] = ['control plane', 'renderer'];

/** Gathers the facts. What is built already is asked of the cache folder `root`, the user's own unless given. */
export async function machineFacts(root: string = cacheFolder()): Promise<MachineFacts> {
  const [git, go] = await Promise.all([gitVersion(), installedGo()]);
  const folders = go === undefined ? [root] : [root, ...(await goCaches())];
  return {
    node: process.version,
    git,
    go: go?.version,
    unbuilt: await unbuiltIn(root, go),
    disks: await Promise.all(folders.map(freeSpace)),
    availableMemoryBytes: process.availableMemory(),
  };
}

/** Without a Go nothing can be said to be built: the compiler is part of what tells one build from another. */
async function unbuiltIn(root: string, go: InstalledGo | undefined): Promise<readonly Buildable[]> {
  if (go === undefined) return BUILDABLE;
  const built = await Promise.all(BUILDABLE.map(async (program) => existsSync(await moduleFolder(BUILDS[program], root, go))));
  return BUILDABLE.filter((_, index) => !built[index]);
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
