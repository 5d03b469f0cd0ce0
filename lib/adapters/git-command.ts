// git as a process: a clean environment, no configuration but ours, no protocol unless its caller names one.
import { tmpdir } from 'node:os';
import { Unavailable } from '../model/errors.ts';
import { localFault } from './local-fault.ts';
import { findProgram, type ProcessResult, runProcess } from './process.ts';

export interface GitOptions {
  /** Path, or a name to be found on PATH. */
  readonly git: string;
  /** Likewise; needed for repositories by SSH only. */
  readonly ssh: string;
  readonly timeoutSeconds: number;
}

export interface GitRun {
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly indexFile?: string;
  readonly input?: string;
}

/** What one run is given beside what all are: variables, and settings as git-config(1) has them, in order. */
export interface GitSurroundings {
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: readonly Setting[];
}

export type Setting = readonly [key: string, value: string];

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

const SETTINGS: readonly Setting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['core.symlinks', 'true'],
  ['core.quotePath', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  ['protocol.version', '2'],
  ['safe.directory', '*'],
  // Where a redirect leads has to be judged first; git takes the alternates of a server for redirects too.
  ['http.followRedirects', 'false'],
];

/** Runs git on this machine alone and returns what it prints. Throws DamagedClone or DiskFull for a fault of this machine, else Unavailable. */
export async function runGit(options: GitOptions, run: GitRun): Promise<Buffer> {
  const result = await startGit(options, run, { environment: {}, settings: [] });
  if (isSuccess(result)) return result.stdout;
  const said = saidBy(result, options);
  throw localFault(said, 'a repository') ?? new Unavailable(`git does not answer: ${said}`);
}

/** The whole run as data, however it ended. */
export function startGit(options: GitOptions, run: GitRun, { environment, settings }: GitSurroundings): Promise<ProcessResult> {
  return runProcess({
    program: findProgram(options.git, 'EVENKEEL_GIT'),
    args: run.args,
    cwd: run.cwd ?? tmpdir(),
    env: { ...cleanEnvironment(settings), ...environment, ...(run.indexFile === undefined ? {} : { GIT_INDEX_FILE: run.indexFile }) },
    input: run.input,
    timeoutSeconds: options.timeoutSeconds,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
}

function cleanEnvironment(more: readonly Setting[]): Readonly<Record<string, string>> {
  const settings = [...SETTINGS, ...more];
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries(numbered),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: '',
    GIT_LFS_SKIP_SMUDGE: '1',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
  };
}

export function isSuccess({ code, overflow }: ProcessResult): boolean {
  return code === 0 && !overflow;
}

/** What git said, or why there is nothing of it. */
export function saidBy(result: ProcessResult, { timeoutSeconds }: GitOptions): string {
  if (result.timedOut) return `no answer within ${timeoutSeconds} s`;
  return result.stderr || `git ended with ${result.code ?? result.signal}`;
}
