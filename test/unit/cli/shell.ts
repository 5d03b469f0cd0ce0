// A shell for tests: remembers what was written, stands still in time, answers from a list, reaches no cluster.
import { createScripts } from '../../../lib/adapters/scripts/scripts.ts';
import type { Shell } from '../../../lib/cli/shell.ts';

export interface Recording {
  readonly shell: Shell;
  readonly written: () => string;
  readonly noted: () => string;
}

/** `answers` are what somebody types, one a question; without any, nobody is there. */
export function recordingShell(now: number, answers: readonly string[] = []): Recording {
  const paint = (text: string) => text;
  const typed = [...answers];
  const out: string[] = [];
  const notes: string[] = [];
  const shell: Shell = {
    terminal: {
      write: (text) => void out.push(text),
      note: (line) => void notes.push(`${line}\n`),
      interactive: answers.length > 0,
      ask: async (question) => {
        out.push(question);
        const answer = typed.shift();
        if (answer === undefined) throw new Error('nobody is there to answer');
        return answer;
      },
      readStdin: () => Promise.resolve(''),
      paint,
      paintLine: paint,
      zone: 'UTC',
    },
    clock: () => now,
    sleep: () => Promise.resolve(),
    onInterrupt: () => () => undefined,
    connect: () => Promise.reject(new Error('no cluster here')),
    renderer: () => Promise.reject(new Error('no tools here')),
    offline: { namespace: 'argocd', remoteBases: 'fixed', open: () => Promise.reject(new Error('no folders here')) },
    scripts: async () => createScripts(),
    externalDiff: undefined,
  };
  return { shell, written: () => out.join(''), noted: () => notes.join('') };
}
