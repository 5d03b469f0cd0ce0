// Starts a program and waits for it: no shell, an environment of ours alone, a time limit that ends the whole process group,
// bounded output. Says what happened as data; what a failure means is the caller's to say.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Unavailable } from '../model/errors.ts';

export interface ProcessRun {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string | undefined;
  readonly timeoutSeconds: number;
  readonly maxOutputBytes: number;
}

/** `overflow`: it printed more than it may and was ended for that. `timedOut`: it was ended at its time limit. */
export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
  readonly overflow: boolean;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const MAX_STDERR_BYTES = 64 * 1024;
const GO_CRASHED = 2;

/** Groups that run now, so that none outlives this process when it ends in order. */
const running = new Set<number>();
process.once('exit', () => {
  for (const pid of running) endGroup(pid);
});

/** The absolute path of a program that is given by path or by name. Throws Unavailable with the setting to change. */
export function findProgram(program: string, setting: string, searchPath: string | undefined = process.env['PATH']): string {
  const places = isAbsolute(program)
    ? [program]
    : (searchPath ?? '')
        .split(delimiter)
        .filter(isAbsolute)
        .map((folder) => join(folder, program));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Unavailable(`${program} is not there: install it, or name its path in ${setting}`);
  return found;
}

/** Resolves however the program ends; throws Unavailable when it cannot be started. */
export function runProcess(run: ProcessRun): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child: Child = spawn(run.program, run.args, { cwd: run.cwd, env: run.env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = { timedOut: false, overflow: false };
    const end = (why: keyof typeof ended) => {
      ended[why] = true;
      endGroup(child.pid);
    };
    const timer = setTimeout(() => end('timedOut'), run.timeoutSeconds * 1000);
    const stdout = collected(child.stdout, run.maxOutputBytes, () => end('overflow'));
    const stderr = collected(child.stderr, MAX_STDERR_BYTES, () => undefined);
    guarded(child.pid);
    const settle = () => {
      clearTimeout(timer);
      unguarded(child.pid);
    };
    child.once('error', (cause) => {
      settle();
      reject(new Unavailable(`${run.program} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => {
      settle();
      resolve({ code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8').trim(), ...ended });
    });
    // A program that ends without reading its input closes the pipe; its exit says why.
    child.stdin.on('error', () => undefined).end(run.input ?? '');
  });
}

/** Whether a Go program ended because the system gave it no more memory, by what it said of that. */
export function ranOutOfMemory(code: number | null, complaint: string): boolean {
  return code === GO_CRASHED && /^.*(?:out of memory|cannot allocate memory|new OS thread)/.test(complaint);
}

function collected(stream: Readable, limit: number, onOverflow: () => void): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
    if (size > limit && size - chunk.length <= limit) onOverflow();
  });
  return chunks;
}

/** The group of a process ends with us from now on. */
export function guarded(pid: number | undefined): void {
  if (pid !== undefined) running.add(pid);
}

export function unguarded(pid: number | undefined): void {
  if (pid !== undefined) running.delete(pid);
}

/** Children of the program are in its group and end with it. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
