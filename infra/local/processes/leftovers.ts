// Notes what each local host has running, so that the next start can clear what a killed one left behind.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { isRunning, type ProcessIdentity, thisProcess } from './identity.ts';

const identity = z.object({ pid: z.number(), startedAt: z.string() });
const note = z.object({ owner: identity, folder: z.string(), processes: z.array(identity) });
type Note = z.infer<typeof note>;

/** Data folders carry this name, and nothing that does not is ever removed. */
export const DATA_FOLDER_PREFIX = 'evenkeel-local-';

/** What one owner has running: written before anything starts and after each start, removed at an orderly end. */
export interface RunningNote {
  readonly add: (child: ProcessIdentity) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Begins a note about this process and its data folder under the cache folder `root`. */
export async function noteRunning(root: string, folder: string): Promise<RunningNote> {
  await mkdir(notesIn(root), { recursive: true });
  const path = join(notesIn(root), `${randomUUID()}.json`);
  const processes: ProcessIdentity[] = [];
  const write = () => replace(path, JSON.stringify({ owner: thisProcess(), folder, processes }));
  await write();
  return {
    add: async (child) => {
      processes.push(child);
      await write();
    },
    remove: () => rm(path, { force: true }),
  };
}

/** Ends the processes and removes the folders of owners that no longer run; returns how many owners that were. */
export async function clearLeftovers(root: string): Promise<number> {
  const names = await readdir(notesIn(root)).catch(() => []);
  const cleared = await Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => clear(join(notesIn(root), name))));
  return cleared.filter(Boolean).length;
}

/** How many owners have something running now. */
export async function runningOwners(root: string): Promise<number> {
  const names = await readdir(notesIn(root)).catch(() => []);
  const notes = await Promise.all(names.map((name) => readNote(join(notesIn(root), name))));
  return notes.filter((found) => found !== undefined && isRunning(found.owner)).length;
}

async function clear(path: string): Promise<boolean> {
  const left = await readNote(path);
  if (left === undefined || isRunning(left.owner)) return false;
  for (const child of left.processes.filter(isRunning)) killQuietly(child.pid);
  if (basename(left.folder).startsWith(DATA_FOLDER_PREFIX)) await rm(left.folder, { recursive: true, force: true, maxRetries: 5 });
  await rm(path, { force: true });
  return true;
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return note.safeParse(JSON.parse(await readFile(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended between the look and the kill.
  }
}

function notesIn(root: string): string {
  return join(root, 'running');
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
