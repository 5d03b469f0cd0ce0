// How much memory the host's processes held at most: each process's own peak (VmHWM in /proc), the largest sum of all at one moment.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessKind {
  readonly kind: string;
  readonly pid: number;
}

export interface Memory {
  /** Peak of the largest process of each kind, and how many of the kind were seen at most at a time; in bytes. */
  readonly kinds: readonly { readonly kind: string; readonly processes: number; readonly peakBytes: number }[];
  /** Largest sum of all processes, in bytes. */
  readonly sumBytes: number;
}

export interface Sampler {
  read(): Memory;
  stop(): void;
}

const EVERY_MS = 1000;

/** Looks every second at the known processes, at this one (`host`), and at what they started, by its program's name. */
export function startSampler(known: () => readonly ProcessKind[]): Sampler {
  const peaks = new Map<string, { processes: number; peakBytes: number }>();
  let sumBytes = 0;
  const look = () => {
    const seen = withTools([{ kind: 'host', pid: process.pid }, ...known()]).map(({ kind, pid }) => ({ kind, ...residentOf(pid) }));
    sumBytes = Math.max(
      sumBytes,
      seen.reduce((sum, { now }) => sum + now, 0),
    );
    for (const [kind, all] of Map.groupBy(seen, (one) => one.kind)) {
      const before = peaks.get(kind) ?? { processes: 0, peakBytes: 0 };
      const peakBytes = Math.max(before.peakBytes, ...all.map(({ peak }) => peak));
      peaks.set(kind, { processes: Math.max(before.processes, all.length), peakBytes });
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    read: () => {
      look();
      return { kinds: [...peaks].map(([kind, peak]) => ({ kind, ...peak })), sumBytes };
    },
    stop: () => clearInterval(timer),
  };
}

/** With the descendants of the known processes: git, kustomize, the bundler. */
function withTools(known: readonly ProcessKind[]): readonly ProcessKind[] {
  const kinds = new Map(known.map(({ pid, kind }) => [pid, kind]));
  const running = processes();
  const isOurs = (pid: number): boolean => kinds.has(pid) || (running.has(pid) && isOurs(running.get(pid)?.parent ?? 0));
  const tools = [...running].filter(([pid]) => !kinds.has(pid) && isOurs(pid));
  return [...known, ...tools.map(([pid, { name }]) => ({ kind: name, pid }))];
}

interface Running {
  readonly name: string;
  readonly parent: number;
}

function processes(): ReadonlyMap<number, Running> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.map((pid) => [Number(pid), parseStat(textOf(`/proc/${pid}/stat`))]));
}

/** proc(5): `pid (name) state parent …`, and a name may hold anything. Node calls its processes by their first thread. */
export function parseStat(stat: string): Running {
  const end = stat.lastIndexOf(')');
  const parent = Number(stat.slice(end + 2).split(' ')[1] ?? 0);
  const name = stat.slice(stat.indexOf('(') + 1, end);
  return { name: name === 'MainThread' ? 'node' : name, parent };
}

/** Resident bytes of a process now and at its peak; zero for one that has ended. */
export function residentOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = textOf(`/proc/${pid}/status`);
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}

/** Empty for a process that has ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
