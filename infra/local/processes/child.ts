// A program of the local host as a child process: started apart from the terminal, its output kept, ended for certain.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../../lib/model/errors.ts';
import type { Guard } from './guard.ts';
import { identityOf, type ProcessIdentity } from './identity.ts';

const TAIL_LINES = 20;

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing of ours is added. */
  readonly env: NodeJS.ProcessEnv;
  readonly guard: Guard;
  /** Takes each line of output as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface Child {
  readonly name: string;
  readonly identity: ProcessIdentity;
  /** Resolves when the process has ended, with how: `exit code 1`, `signal SIGKILL`. Never rejects. */
  readonly ended: Promise<string>;
  readonly isRunning: () => boolean;
  /** The last lines that it wrote. */
  readonly tail: () => string;
  /** SIGTERM, then SIGKILL after the grace; resolves once it is gone. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** Starts a child that leads a process group of its own. Unavailable when the program cannot be started. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const child = spawn(spec.command, spec.args, { cwd: spec.cwd, env: spec.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = endOf(child);
  const lines = keepTail(child, spec.onLine);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new Unavailable(`${spec.name} cannot be started: ${cause.message}`, { cause })));
  });
  const pid = child.pid ?? 0;
  spec.guard.watch(pid);
  return {
    name: spec.name,
    identity: identityOf(pid),
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    tail: () => lines.join('\n'),
    stop: (graceMs) => stop(child, ended, graceMs),
  };
}

/** Signals a whole process group; false when there is none such any more. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

function keepTail(
  child: { readonly stdout: Readable | null; readonly stderr: Readable | null },
  onLine?: (line: string) => void,
): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > TAIL_LINES) lines.shift();
      onLine?.(line);
    });
  }
  return lines;
}

async function stop(child: ChildProcess, ended: Promise<string>, graceMs: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  signalGroup(child.pid, 'SIGTERM');
  const timer = new AbortController();
  const late = sleep(graceMs, 'late', { signal: timer.signal }).catch(() => 'ended');
  if ((await Promise.race([ended, late])) === 'late') signalGroup(child.pid, 'SIGKILL');
  timer.abort();
  await ended;
}
