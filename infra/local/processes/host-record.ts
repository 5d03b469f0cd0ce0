// Remembers which local host runs, so that commands in other terminals find it.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from '../cache/cache.ts';
import { isRunning, thisProcess } from './identity.ts';

const record = z.object({ process: z.object({ pid: z.number(), startedAt: z.string() }), kubeconfig: z.string() });

export interface HostRecord {
  readonly kubeconfig: string;
}

/** Says that this process is the running host from now on; the returned function takes that back, unless another host came since. */
export async function recordHost(host: HostRecord, root: string = cacheFolder()): Promise<() => Promise<void>> {
  const own = thisProcess();
  await mkdir(root, { recursive: true });
  const path = pathIn(root);
  await writeFile(`${path}.${own.pid}`, JSON.stringify({ process: own, kubeconfig: host.kubeconfig }), { mode: 0o600 });
  await rename(`${path}.${own.pid}`, path);
  return async () => {
    if ((await readRecord(path))?.process.pid === own.pid) await rm(path, { force: true });
  };
}

/** The host that runs now, or undefined; one that was killed does not count. */
export async function runningHost(root: string = cacheFolder()): Promise<HostRecord | undefined> {
  const found = await readRecord(pathIn(root));
  return found !== undefined && isRunning(found.process) ? { kubeconfig: found.kubeconfig } : undefined;
}

function pathIn(root: string): string {
  return join(root, 'host.json');
}

async function readRecord(path: string): Promise<z.infer<typeof record> | undefined> {
  try {
    return record.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
