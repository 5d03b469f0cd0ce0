// How long a function's module takes to load in a process that has just started.
import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const RUNS = 5;
const MEASURE = 'const start = performance.now(); await import(process.argv[1]); console.log(performance.now() - start);';

/** Median milliseconds of five processes. Throws when the module does not load. */
export async function coldImport(file: string): Promise<number> {
  const times: number[] = [];
  for (let left = RUNS; left > 0; left -= 1) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', MEASURE, pathToFileURL(file).href], { env: {} });
    times.push(Number(stdout));
  }
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
}
