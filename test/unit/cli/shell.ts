// A shell for tests: remembers what was written, stands still in time, answers from a list, reaches no cluster.
import type { Shell } from '../../../lib/cli/shell.ts';

export interface Recording {
  readonly shell: Shell;
  readonly written: () => string;
  readonly noted: () => string;
}

/** `paint` marks coloured words, so that a test sees where colours go. */
export function recordingShell(now: number, paint: (cell: string) => string = (cell) => cell): Recording {
  const out: string[] = [];
  const notes: string[] = [];
  const shell: Shell = {
    terminal: {
      write: (text) => void out.push(text),
      note: (line) => void notes.push(`${line}\n`),
      interactive: false,
      ask: () => Promise.reject(new Error('nobody is there to answer')),
      readStdin: () => Promise.resolve(''),
      paint,
      paintLine: paint,
      zone: 'UTC',
    },
    clock: () => now,
    sleep: () => Promise.resolve(),
    connect: () => Promise.reject(new Error('no cluster here')),
    renderer: () => Promise.reject(new Error('no tools here')),
    externalDiff: undefined,
  };
  return { shell, written: () => out.join(''), noted: () => notes.join('') };
}
