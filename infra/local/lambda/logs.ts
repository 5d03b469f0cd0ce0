// What functions print: kept in one file a function, and the lines that a person should see shown.
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../../lib/model/manifest.ts';

export interface Logs {
  /** Folder of the files, `<function>.log` each. */
  readonly dir: string;
  add(functionName: string, line: string): void;
  close(): Promise<void>;
}

/** `show` gets warnings, errors and whatever is no log line at all, such as a crash; with `verbose` everything. */
export function openLogs(dir: string, show: (line: string) => void, verbose: boolean): Logs {
  mkdirSync(dir, { recursive: true });
  const files = new Map<string, WriteStream>();
  const fileOf = (name: string) => {
    const file = files.get(name) ?? createWriteStream(join(dir, `${name}.log`), { flags: 'a', mode: 0o600 });
    files.set(name, file);
    return file;
  };
  return {
    dir,
    add: (name, line) => {
      fileOf(name).write(`${line}\n`);
      if (verbose || isImportant(line)) show(`${name}: ${readable(line)}`);
    },
    close: async () => {
      await Promise.all([...files.values()].map((file) => new Promise<void>((resolve) => file.end(resolve))));
    },
  };
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isImportant(line: string): boolean {
  return parsed(line)?.['level'] !== 'info';
}

/** A structured line as a person reads it: level, step, then the fields. */
export function readable(line: string): string {
  const fields = parsed(line);
  if (fields === undefined) return line;
  const { time, level, step, ...rest } = fields;
  const shown = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [level === 'info' ? '' : `${level}: `, String(step ?? ''), shown.length > 0 ? ' ' : '', shown.join(' ')].join('');
}
