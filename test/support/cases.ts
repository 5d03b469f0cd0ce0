// Golden cases: folders under test/cases/<module>/ whose names are sentences; data only. A contributor adds a case without code.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { parseJson } from '../../lib/model/json.ts';

const ROOT = join(import.meta.dirname, '..', 'cases');

export interface GoldenCase {
  /** The folder's name with spaces: the sentence that the test is called by. */
  readonly name: string;
  readonly dir: string;
  /** File and folder names inside the case, sorted. */
  readonly files: readonly string[];
  /** The first YAML document of a file; undefined when there is no such file. */
  readonly read: (file: string) => unknown;
  /** Every YAML document of a file that is not empty; none when there is no such file. */
  readonly readAll: (file: string) => readonly unknown[];
  /** Holds a result against `expected.yaml` (or the file named); rewrites that file instead when UPDATE_CASES=1. */
  readonly check: (actual: unknown, file?: string) => void;
}

/** Every case of a module, sorted by name; throws when there is none, since then nothing would be tested. */
export function casesOf(module: string): readonly GoldenCase[] {
  const folder = join(ROOT, module);
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  if (names.length === 0) throw new Error(`no cases in test/cases/${module}`);
  return names.map((entry) => caseIn(join(folder, entry.name), entry.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function caseIn(dir: string, folder: string): GoldenCase {
  const readAll = (file: string) => documents(join(dir, file));
  return {
    name: folder.replaceAll('-', ' '),
    dir,
    files: readdirSync(dir).sort(),
    readAll,
    read: (file) => readAll(file)[0],
    check: (actual, file = 'expected.yaml') => checkAgainst(join(dir, file), plain(actual)),
  };
}

function documents(path: string): readonly unknown[] {
  if (!existsSync(path)) return [];
  const parsed = parseAllDocuments(readFileSync(path, 'utf8'), { intAsBigInt: true });
  const faults = Array.isArray(parsed) ? parsed.flatMap((document) => document.errors) : [];
  if (faults.length > 0) throw new Error(`${path}: ${faults.map(String).join('; ')}`);
  return Array.isArray(parsed)
    ? parsed.map((document): unknown => document.toJS({ reviver: (_key, value) => integerOf(value) })).filter((value) => value !== null)
    : [];
}

/** As manifests are read: a bigint only where a double may not hold an integer of 64 bits. */
function integerOf(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  return BigInt.asIntN(64, value) !== value || Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Only what JSON carries: `undefined` members go, as they do on the way to the API server. */
function plain(value: unknown): unknown {
  return value === undefined ? null : parseJson(JSON.stringify(value));
}

function checkAgainst(path: string, actual: unknown): void {
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, stringify(actual, { lineWidth: 0 }));
  expect(actual).toEqual(documents(path)[0]);
}
