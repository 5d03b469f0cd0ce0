// What the processes of this machine show of themselves while something runs: arguments and environment, as anybody could read them.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessWatch {
  /** Ends the watch: arguments and environment of every process that was started meanwhile, was seen, and fits the pattern. */
  stop(): readonly string[];
}

const EVERY_MS = 10;

export function watchProcesses(pattern: RegExp): ProcessWatch {
  const seen = new Set<string>();
  const before = new Set(readdirSync('/proc'));
  const look = () => {
    for (const pid of readdirSync('/proc')) {
      if (before.has(pid)) continue;
      const text = shown(pid);
      if (pattern.test(text)) seen.add(text);
    }
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen];
    },
  };
}

function shown(pid: string): string {
  try {
    const [line, environment] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' '));
    return `${line}\n${environment}`;
  } catch {
    return ''; // It has ended, or is somebody else's.
  }
}
