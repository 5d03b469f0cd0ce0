// Which process is meant: a pid alone may be a stranger's by now, so the time that it started goes with it.
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot at which the process started; empty where the system does not tell. */
  readonly startedAt: string;
}

/** Reads an identity back from JSON. Anything else is nobody: pid 0, which never runs. */
export function parseIdentity(value: unknown): ProcessIdentity {
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value)) return NOBODY;
  const { pid, startedAt } = value;
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : NOBODY;
}

const NOBODY: ProcessIdentity = { pid: 0, startedAt: '' };

export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: startOf(pid) ?? '' };
}

export function thisProcess(): ProcessIdentity {
  return identityOf(process.pid);
}

/** Whether that very process still runs; a zombie does not. */
export function isRunning(identity: ProcessIdentity): boolean {
  if (identity.pid <= 0) return false;
  if (identity.startedAt !== '') return startOf(identity.pid) === identity.startedAt;
  try {
    process.kill(identity.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); the name in field 2 may hold blanks and brackets, so fields count from its end. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
