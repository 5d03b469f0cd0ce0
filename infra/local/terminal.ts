// The person at the terminal: lines to read, a question to answer, and Ctrl-C.
import { createInterface } from 'node:readline/promises';
import { InvalidInput } from '../../lib/model/errors.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Takes one line at a time. A reader that has gone away, such as `head`, is no reason to end. */
export function printerTo(stream: NodeJS.WriteStream): (line: string) => void {
  stream.on('error', () => undefined);
  return (line) => void stream.write(`${line}\n`);
}

/** Asks a question that wants `y` or `yes`. Throws InvalidInput when there is nobody to ask. */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new InvalidInput('there is no terminal to ask on: give --yes to go on without being asked');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}

/**
 * Aborts at the first Ctrl-C (or SIGTERM, SIGHUP). The second ends this process at once: the parts see that it is gone and end themselves,
 * and the next start removes the data.
 */
export function interrupts(say: (line: string) => void): AbortSignal {
  const first = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (first.signal.aborted) process.exit(130);
      say('stopping; once more to stop at once');
      first.abort();
    });
  }
  return first.signal;
}
