// The log: one line of JSON for each step. Secrets are kept out where lines are written, in case a caller forgot.
import { isRecord } from '../model/manifest.ts';
import type { Log } from '../ports.ts';
import { LOG_LEVELS, type LogLevel } from './config.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  readonly level: LogLevel;
  /** Gets each line with its line break; standard output unless given. */
  readonly write?: (line: string) => void;
}

const SECRET_KEY = /secret(?!arn|_?name)|token|passw|authorization|credential|private.?key|signature|cookie/i;
/** `https://user:password@host`, and bearer tokens in error texts. */
const SECRET_TEXT = /(:\/\/)[^/@\s"']+@|\b(bearer\s+)[\w.~+/=-]+/gi;
const MAX_DEPTH = 6;
const MAX_TEXT = 4000;

/** Never throws: what cannot be written as JSON is named instead, and a write that fails is dropped. */
export function createLog(options: LogOptions, carried: Fields = {}): Log {
  const line = (level: LogLevel, step: string, fields: Fields = {}): void => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(options.level)) return;
    try {
      const write = options.write ?? ((text: string) => process.stdout.write(text));
      write(`${lineOf(level, step, { ...carried, ...fields })}\n`);
    } catch {
      // A log that cannot be written must not stop the work that it tells of.
    }
  };
  return {
    info: (step, fields) => line('info', step, fields),
    warn: (step, fields) => line('warn', step, fields),
    error: (step, fields) => line('error', step, fields),
    with: (fields) => createLog(options, { ...carried, ...fields }),
  };
}

function lineOf(level: LogLevel, step: string, fields: Fields): string {
  const head = { time: new Date().toISOString(), level, step };
  try {
    return JSON.stringify({ ...head, ...shownFields(fields, 0) });
  } catch {
    return JSON.stringify({ ...head, fields: 'could not be written' });
  }
}

function shownFields(fields: Fields, depth: number): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, SECRET_KEY.test(key) ? '***' : shown(value, depth)]));
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutSecrets(value);
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return shownError(value, depth);
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  return isRecord(value) ? shownFields(value, depth + 1) : String(value);
}

function shownError(error: Error, depth: number): Fields {
  const { name, message, stack, cause } = error;
  return {
    name,
    message: withoutSecrets(message),
    ...(stack !== undefined && { stack: withoutSecrets(stack) }),
    ...(cause !== undefined && { cause: shown(cause, depth + 1) }),
  };
}

function withoutSecrets(text: string): string {
  const hidden = text.replace(SECRET_TEXT, (_, scheme: string | undefined, bearer: string | undefined) =>
    scheme === undefined ? `${bearer}***` : `${scheme}***@`,
  );
  return hidden.length > MAX_TEXT ? `${hidden.slice(0, MAX_TEXT)}…` : hidden;
}
