// A lock between processes: a file that names its holder. A holder that is no longer running holds nothing.
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessIdentity, parseIdentity, thisProcess } from '../processes/identity.ts';
import type { Progress } from './cache.ts';

const POLL_MS = 200;

/**
 * Runs `action` while holding the lock at `path`, waiting for whoever holds it now.
 * The lock saves work; what it guards must stay correct without it, since two may take over a dead holder's lock in the same instant.
 */
export async function withLock<T>(
  path: string,
  options: { readonly progress: Progress; readonly signal?: AbortSignal },
  action: () => Promise<T>,
): Promise<T> {
  let waitingFor: number | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await take(path)) break;
    const holder = await holderOf(path);
    if (holder === undefined) continue;
    if (!isRunning(holder)) {
      await removeDead(path);
      continue;
    }
    if (waitingFor !== holder.pid) options.progress(`waiting for process ${holder.pid}, which is making the same thing`);
    waitingFor = holder.pid;
    await sleep(POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

/** Linking a finished file is atomic, so nobody ever reads a lock without its holder's name. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(thisProcess()));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return parseIdentity(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Moves the lock away before looking again: somebody may have taken it over since it was read, and gets it back then. */
async function removeDead(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    const holder = await holderOf(aside);
    if (holder !== undefined && isRunning(holder)) await link(aside, path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EEXIST') throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
