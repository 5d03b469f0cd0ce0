// The terminal as it really is: streams, questions, colours.
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { EXIT_FAILED, Exit } from './exit.ts';
import type { Terminal } from './shell.ts';
import type { Paint } from './view/table.ts';

const COLOURS: Readonly<Record<string, number>> = {
  Synced: 32,
  Healthy: 32,
  Succeeded: 32,
  OutOfSync: 33,
  Progressing: 36,
  Running: 36,
  Suspended: 33,
  Missing: 33,
  Degraded: 31,
  Failed: 31,
  Error: 31,
  SyncFailed: 31,
};

/** `colour`: what the settings say; without a word from them, colours are for terminals. */
export function processTerminal(colour: boolean | undefined): Terminal {
  const coloured = colour ?? process.stdout.isTTY;
  return {
    write: (chunk) => void process.stdout.write(chunk),
    note: (line) => void process.stderr.write(`${line}\n`),
    interactive: process.stdin.isTTY && process.stdout.isTTY,
    ask,
    readStdin: () => text(process.stdin),
    paint: coloured ? paintedWord : plain,
    paintLine: coloured ? paintedLine : plain,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

const LINE_COLOURS: Readonly<Record<string, number>> = { '+': 32, '-': 31, '@': 36 };

const plain: Paint = (text) => text;
const paintedWord: Paint = (word) => painted(word, COLOURS, word);
const paintedLine: Paint = (line) => painted(line, LINE_COLOURS, line.slice(0, 1));

function painted(text: string, colours: Readonly<Record<string, number>>, key: string): string {
  return Object.hasOwn(colours, key) ? `\u001b[${colours[key]}m${text}\u001b[0m` : text;
}

/** Throws Exit when the input ends instead of an answer. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const ended = new Promise<never>((_, reject) => {
    lines.once('close', () => reject(new Exit(EXIT_FAILED, 'the question was not answered')));
  });
  try {
    return await Promise.race([lines.question(question), ended]);
  } finally {
    ended.catch(() => undefined);
    lines.close();
  }
}
