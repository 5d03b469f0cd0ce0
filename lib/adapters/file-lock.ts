// One at a time across the processes that share a folder: a lock file that names its holder. One whose holder is gone, or that is
// older than anybody may hold it, is taken away.
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Runs `work` while holding the lock. `maxHeldMs` is the longest that any holder takes. */
export async function withFileLock<T>(path: string, maxHeldMs: number, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  while (!(await taken(path))) {
    if (await abandoned(path, maxHeldMs)) await remove(path);
    else await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function taken(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    await file
      .writeFile(String(process.pid))
      .catch(async (cause: unknown) => {
        await rm(path, { force: true }); // a lock without its holder's name would be waited for
        throw cause;
      })
      .finally(() => file.close());
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function abandoned(path: string, maxHeldMs: number): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > maxHeldMs) return true;
    const pid = Number(await readFile(path, 'utf8'));
    return pid > 0 && !alive(pid);
  } catch {
    return false; // It was released while we looked.
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Renamed first: of two that find it abandoned, one moves it and the other moves nothing of a new holder's for long. */
async function remove(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await rename(path, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
