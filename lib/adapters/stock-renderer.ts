// The stock kustomize and helm as processes, one a render, started with nothing of ours: no credential, no home, no PATH to find other
// programs by. What tests hold the renderer against, and what renders where the renderer is not built.
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { commandLine, type HelmJob, type KustomizeJob, type ReadFile, type RenderAnswer, type RenderRequest } from '../model/rendering.ts';
import { readYaml } from '../model/yaml.ts';
import type { Renderer } from '../ports.ts';
import { copyOf, textIn } from './private-copy.ts';
import { findProgram, type ProcessResult, runProcess } from './process.ts';
import { durationText, SHOWN, shownFault } from './render-fault.ts';
import { privateFolder, sealedEnvironment } from './sealed-environment.ts';
import { Turns } from './turns.ts';

export interface StockRendererOptions {
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

interface ToolRun {
  readonly tool: Tool;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly input: string | undefined;
  readonly hidden: readonly string[];
}

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

export function createStockRenderer(options: StockRendererOptions): Renderer {
  const turns = new Turns(options.parallel ?? availableParallelism());
  const run = (toolRun: ToolRun) => turns.take(() => runTool(toolRun, options.timeoutSeconds));
  return {
    sealed: false,
    render: (request) => rendered(request, options, run),
    version: async () => (await Promise.all([kustomizeOf(options), helmOf(options)].map(versionOf))).join(' '),
  };
}

function kustomizeOf(options: StockRendererOptions): Tool {
  if (!options.kustomize) return { name: 'kubectl', path: findProgram(options.kubectl, 'EVENKEEL_KUBECTL'), command: ['kustomize'] };
  return { name: 'kustomize', path: findProgram(options.kustomize, 'EVENKEEL_KUSTOMIZE'), command: ['build'] };
}

function helmOf(options: StockRendererOptions): Tool {
  return { name: 'helm', path: findProgram(options.helm, 'EVENKEEL_HELM'), command: [] };
}

/** The program file tells one version from another; asking the program would cost a start of each. */
async function versionOf(tool: Tool): Promise<string> {
  const { size, mtimeMs } = await stat(tool.path);
  return `${tool.name}:${size}:${Math.round(mtimeMs)}`;
}

type Run = (run: ToolRun) => Promise<string>;

async function rendered(request: RenderRequest, options: StockRendererOptions, run: Run): Promise<RenderAnswer> {
  const { job } = request;
  switch (job.type) {
    case 'kustomize':
      return documents(await kustomized(request, job, options, run), 'output of kustomize build');
    case 'helm':
      return documents(await run(helmRun(request, job, options)), 'output of helm template');
    case 'files':
      return { kind: 'files', files: await Promise.all(job.paths.map((path) => readFileAt(request, path))), reads: undefined };
    default:
      return job satisfies never;
  }
}

function documents(text: string, what: string): RenderAnswer {
  const { documents: found, fault } = readYaml(text, what);
  if (fault) throw fault;
  return { kind: 'documents', documents: found.map(({ value }) => value).filter((value) => value !== null), reads: undefined };
}

/** What a source adds is written into a private copy of the files that kustomize may read: the checkout is shared. */
async function kustomized(request: RenderRequest, job: KustomizeJob, options: StockRendererOptions, run: Run): Promise<string> {
  const own = request.roots[''] ?? '';
  const tool = kustomizeOf(options);
  // Never with helm: kustomize would start one that reads any file and reaches the loopback address.
  const [, ...args] = commandLine({ ...job, enableHelm: false }, () => '');
  const runIn = (cwd: string) => run({ tool, cwd, args, input: undefined, hidden: [cwd] }).catch(job.enableHelm ? withoutCharts : rethrown);
  if (Object.keys(request.files).length === 0) return runIn(own);
  const copy = await copyOf(own, request.allowed, request.files);
  try {
    return await runIn(copy.dir);
  } finally {
    await copy.release();
  }
}

function withoutCharts(error: unknown): never {
  if (error instanceof InvalidInput && error.message.includes('must specify --enable-helm'))
    throw new InvalidInput('kustomize with helm charts needs the renderer, which is not there: set EVENKEEL_RENDERER');
  throw error;
}

function rethrown(error: unknown): never {
  throw error;
}

function helmRun(request: RenderRequest, job: HelmJob, options: StockRendererOptions): ToolRun {
  const place = ({ root, path }: { readonly root: string; readonly path: string }) => join(request.roots[root] ?? '', path);
  return {
    tool: helmOf(options),
    cwd: join(request.roots[''] ?? '', job.folder),
    args: commandLine(job, place),
    input: job.values,
    hidden: Object.values(request.roots),
  };
}

async function readFileAt(request: RenderRequest, path: string): Promise<ReadFile> {
  if (path.endsWith('.jsonnet')) {
    const message = 'jsonnet needs the renderer, which is not there: set EVENKEEL_RENDERER';
    return { path, documents: [], fault: { line: 1, message } };
  }
  const { documents: found, fault } = readYaml(await textIn(request, path));
  const [, line = '1', message = fault?.message ?? ''] = /^line (\d+): ([\s\S]*)$/.exec(fault?.message ?? '') ?? [];
  return { path, documents: found, fault: fault && { line: Number(line), message } };
}

async function runTool({ tool, cwd, args, input, hidden }: ToolRun, timeoutSeconds: number): Promise<string> {
  const home = await privateFolder('evenkeel-tool-');
  try {
    const result = await runProcess({
      program: tool.path,
      args: [...tool.command, ...args],
      cwd,
      env: sealedEnvironment(home.dir),
      input,
      timeoutSeconds,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    const fault = faultOf(result, timeoutSeconds);
    if (fault === undefined) return result.stdout.toString('utf8');
    const hide = { ...Object.fromEntries(hidden.map((dir) => [dir, SHOWN])), [home.dir]: '<temporary folder>' };
    const message = shownFault([tool.name, ...tool.command].join(' '), args, fault, hide);
    throw result.signal !== null && !result.timedOut && !result.overflow ? new Unavailable(message) : new InvalidInput(message);
  } finally {
    await home.release();
  }
}

/** What went wrong, in Argo CD's words (spec/rendering.md §11); undefined when nothing did. */
function faultOf(result: ProcessResult, timeoutSeconds: number): string | undefined {
  if (result.timedOut) return `failed timeout after ${durationText(timeoutSeconds)}`;
  if (result.overflow) return `failed: it printed more than ${MAX_OUTPUT_BYTES} bytes`;
  if (result.signal !== null) return `was ended by ${result.signal}`;
  return result.code === 0 ? undefined : `failed exit status ${result.code}: ${errorIn(result.stderr)}`;
}

/** Warnings come before the error, if there is one. */
function errorIn(stderr: string): string {
  const at = stderr.search(/^error: /im);
  return at < 0 ? stderr : stderr.slice(at);
}
