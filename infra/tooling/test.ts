// `npm test`: every check and every test, group after group, with the minutes of each. Ends with 1 when a group failed.
import { spawn } from 'node:child_process';
import process from 'node:process';

interface Group {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const VITEST = ['vitest', 'run', '--config', 'infra/tooling/vitest.config.ts'] as const;

const GROUPS: readonly Group[] = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint and format', command: ['biome', 'check', '--config-path=infra/tooling/lint.json', '.'] },
  { name: 'import directions', command: ['node', 'infra/tooling/check-imports.ts'] },
  { name: 'unused code', command: ['knip', '--config', 'infra/tooling/knip.json'] },
  { name: 'unit tests', command: [...VITEST, '--project', 'unit'] },
  { name: 'tests against the real parts', command: [...VITEST, '--project', 'adapters', '--project', 'journey'] },
];

/** Runs a command of node_modules/.bin, which npm puts first on PATH, and resolves with its exit code. */
function run([program, ...args]: Group['command']): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 1));
  });
}

const results: { readonly name: string; readonly code: number; readonly minutes: string }[] = [];
for (const { name, command } of GROUPS) {
  process.stdout.write(`\n=== ${name}: ${command.join(' ')}\n`);
  const start = performance.now();
  const code = await run(command);
  results.push({ name, code, minutes: ((performance.now() - start) / 60_000).toFixed(2) });
}

process.stdout.write('\n');
for (const { name, code, minutes } of results) {
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${minutes.padStart(6)} min  ${name}\n`);
}
const failed = results.filter(({ code }) => code !== 0).length;
process.stdout.write(`groups: ${results.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
