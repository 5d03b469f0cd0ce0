// The person at the terminal: lines to read, a question to answer, and Ctrl-C.
import { readFileSync } from 'node:fs';
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

/** One Ctrl-C comes twice under npm: from the terminal, and passed on by npm. */
const SAME_MS = 500;
const PARENT_MS = 1000;

/**
 * Aborts at the first Ctrl-C (or SIGTERM, SIGHUP), and when the npm that started us is gone. The second ends this process at once: the parts
 * see that it is gone and end themselves, and the next start removes the data.
 */
export function interrupts(say: (line: string) => void): AbortSignal {
  const first = new AbortController();
  let firstAt = 0;
  const stop = () => {
    if (first.signal.aborted && Date.now() - firstAt > SAME_MS) process.exit(130);
    if (first.signal.aborted) return;
    firstAt = Date.now();
    say('stopping; once more to stop at once');
    first.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  if (process.env['npm_lifecycle_event'] !== undefined) whenParentIsGone(stop);
  return first.signal;
}

/** npm that is killed cannot pass that on: its place in our line of parents is taken by another process then. */
function whenParentIsGone(stop: () => void): void {
  const line = parents();
  const timer = setInterval(() => {
    if (parents() === line) return;
    clearInterval(timer);
    stop();
  }, PARENT_MS);
  timer.unref();
}

/** Our parent, and the one before it where that is only the shell that npm runs scripts with. */
function parents(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1');
    const [, , grandparent] = stat.slice(stat.lastIndexOf(')')).split(' ');
    return stat.includes('(sh)') ? `${process.ppid} ${grandparent}` : `${process.ppid}`;
  } catch {
    return `${process.ppid}`;
  }
}
