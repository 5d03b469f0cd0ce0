// How much memory a program takes at its peak, by what the system shows of it while it runs (proc(5), VmHWM).
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface MeasuredProgram {
  /** Runs the program in its place. */
  readonly path: string;
  /** MiB, of the runs since the last time that it was asked. */
  peak(): number;
  stop(): void;
}

const EVERY_MS = 4;

/** `folder` holds the starter, which tells its process id before it becomes the program. */
export function measuredProgram(program: string, folder: string): MeasuredProgram {
  const [path, pid] = [join(folder, 'measured'), join(folder, 'measured.pid')];
  writeFileSync(path, `#!/bin/sh\necho $$ > ${pid}\nexec ${program} "$@"\n`);
  chmodSync(path, 0o755);
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, peakOf(pid));
  }, EVERY_MS);
  return {
    path,
    peak: () => {
      const seen = peak;
      peak = 0;
      return seen / 1024;
    },
    stop: () => clearInterval(look),
  };
}

function peakOf(pidFile: string): number {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // It has not begun, or has ended.
  }
}
