// What commands read: a file, or standard input for `-`.
import { readFile } from 'node:fs/promises';
import { InvalidInput, messageOf } from '../model/errors.ts';
import type { Terminal } from './shell.ts';

/** The text behind `--file`. Throws InvalidInput when it cannot be read. */
export async function readInput(terminal: Terminal, file: string): Promise<string> {
  if (/^https?:\/\//.test(file))
    throw new InvalidInput(`--file ${file}: reading from a URL is not there yet; fetch it and pipe it into --file -`);
  return file === '-' ? terminal.readStdin() : readText(file);
}

/** Throws InvalidInput that names the file when it cannot be read. */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new InvalidInput(`cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}
