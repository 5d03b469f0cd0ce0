// kustomize and helm as processes, started with nothing of ours: no credential, no home, no PATH to find other programs by.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import type { ToolRun, Tools } from '../ports.ts';
import { findProgram, type ProcessResult, runProcess } from './process.ts';
import { Turns } from './turns.ts';

export interface ToolsOptions {
  /** Paths, or names to be found on PATH. Without a kustomize, kubectl's own is used. */
  readonly kustomize?: string | undefined;
  readonly kubectl: string;
  readonly helm: string;
  readonly timeoutSeconds: number;
  /** How many run at once; as many as there are cores unless given. */
  readonly parallel?: number;
}

interface Tool {
  readonly name: string;
  readonly path: string;
  /** What comes before the arguments of a run. */
  readonly command: readonly string[];
}

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;
const MAX_MESSAGE = 8 * 1024;
/** Go programs send requests to anything but the loopback address through these: nowhere. */
const NO_NETWORK = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '' };

export function createTools(options: ToolsOptions): Tools {
  const turns = new Turns(options.parallel ?? availableParallelism());
  const kustomize = () => kustomizeOf(options);
  const helm = (): Tool => ({ name: 'helm', path: findProgram(options.helm, 'EVENKEEL_HELM'), command: [] });
  const run = (tool: Tool, toolRun: ToolRun) => turns.take(() => runTool(tool, toolRun, options.timeoutSeconds));
  return {
    kustomize: async (toolRun) => run(kustomize(), toolRun),
    helm: async (toolRun) => run(helm(), toolRun),
    versions: async () => (await Promise.all([kustomize(), helm()].map(versionOf))).join(' '),
  };
}

function kustomizeOf(options: ToolsOptions): Tool {
  if (!options.kustomize) return { name: 'kubectl', path: findProgram(options.kubectl, 'EVENKEEL_KUBECTL'), command: ['kustomize'] };
  return { name: 'kustomize', path: findProgram(options.kustomize, 'EVENKEEL_KUSTOMIZE'), command: ['build'] };
}

/** The program file tells one version from another; asking the program would cost a start of each. */
async function versionOf(tool: Tool): Promise<string> {
  const { size, mtimeMs } = await stat(tool.path);
  return `${tool.name}:${size}:${Math.round(mtimeMs)}`;
}

async function runTool(tool: Tool, run: ToolRun, timeoutSeconds: number): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'evenkeel-tool-'));
  try {
    const result = await runProcess({
      program: tool.path,
      args: [...tool.command, ...run.args],
      cwd: run.cwd,
      env: environmentIn(home),
      input: run.input,
      timeoutSeconds,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    const fault = faultOf(result, timeoutSeconds);
    if (fault === undefined) return result.stdout.toString('utf8');
    const message = shown(`\`${commandLine(tool, run)}\` ${fault}`, { ...run.hide, [home]: '<temporary folder>' });
    throw result.signal !== null && !result.timedOut && !result.overflow ? new Unavailable(message) : new InvalidInput(message);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function environmentIn(home: string): Readonly<Record<string, string>> {
  return {
    ...NO_NETWORK,
    PATH: home,
    HOME: home,
    TMPDIR: home,
    XDG_CACHE_HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_DATA_HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    LC_ALL: 'C.UTF-8',
  };
}

/** What went wrong, in Argo CD's words (spec/rendering.md §11); undefined when nothing did. */
function faultOf(result: ProcessResult, timeoutSeconds: number): string | undefined {
  if (result.timedOut) return `failed timeout after ${durationText(timeoutSeconds)}`;
  if (result.overflow) return `failed: it printed more than ${MAX_OUTPUT_BYTES} bytes`;
  if (result.signal !== null) return `was ended by ${result.signal}`;
  return result.code === 0 ? undefined : `failed exit status ${result.code}: ${withoutLiterals(result.stderr).slice(0, MAX_MESSAGE)}`;
}

/** Kustomize repeats the literal of a secretGenerator that is no key=value. */
function withoutLiterals(stderr: string): string {
  return stderr.replace(/literal sources? .*(?=, expected key=value)/gs, 'literal source ***');
}

function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** The clusters' API versions run to hundreds and help nobody; values of parameters may be secret. */
function commandLine(tool: Tool, run: ToolRun): string {
  const args = run.args
    .filter((arg) => !arg.startsWith('--api-versions'))
    .map((arg) => arg.replace(/^(--set(?:-string)?=[^=]*=).*$/s, '$1******'));
  return [tool.name, ...tool.command, ...args].join(' ');
}

function shown(text: string, hide: Readonly<Record<string, string>>): string {
  return Object.entries(hide).reduce((message, [hidden, instead]) => message.replaceAll(hidden, instead), text);
}
