// Renders in one warm process of ours: many requests at a time, one line each way. A request that takes too long, or that brings the
// process down, fails alone: whatever else was under way is asked again of a new process.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Unavailable } from '../model/errors.ts';
import type { RenderAnswer, RenderRequest } from '../model/rendering.ts';
import type { Renderer } from '../ports.ts';
import { findProgram } from './process.ts';
import { durationText } from './render-fault.ts';
import { readAnswer, renderFault, requestLine } from './renderer-lines.ts';
import { type Ending, RendererProcess } from './renderer-process.ts';

export interface RendererOptions {
  /** Path, or a name to be found on PATH. */
  readonly program: string;
  readonly timeoutSeconds: number;
  /** How many are under way at once; twice as many as there are cores unless given. */
  readonly parallel?: number;
  /** MiB of memory at which a render is given up. */
  readonly maxMemoryMiB?: number;
}

interface Waiting {
  readonly request: RenderRequest;
  readonly resolve: (answer: RenderAnswer) => void;
  readonly reject: (error: Error) => void;
  /** Was under way when a process ended: it is tried again with nothing beside it, so that it is known whose fault that is. */
  suspect: boolean;
}

interface UnderWay extends Waiting {
  readonly timer: NodeJS.Timeout;
}

/** With our own and git's, within what the function has (serverless.yml). */
const MAX_MEMORY_MIB = 768;

export function createRenderer(options: RendererOptions): Renderer {
  const pool = new RenderQueue(options);
  let version: Promise<string> | undefined;
  return {
    sealed: true,
    render: (request) => pool.render(request),
    version: async () => {
      version ??= digestOf(findProgram(options.program, 'EVENKEEL_RENDERER')).then((digest) => `renderer:${digest}`);
      return version;
    },
  };
}

/** By content: archives give every file of a layer one date, and two builds may have one size. */
async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex').slice(0, 32);
}

class RenderQueue {
  readonly #options: RendererOptions;
  readonly #parallel: number;
  readonly #waiting: Waiting[] = [];
  readonly #underWay = new Map<string, UnderWay>();
  #process: RendererProcess | undefined;
  #count = 0;

  constructor(options: RendererOptions) {
    this.#options = options;
    this.#parallel = options.parallel ?? availableParallelism() * 2;
  }

  render(request: RenderRequest): Promise<RenderAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject, suspect: false });
      this.#next();
    });
  }

  /** Sends what may be sent: a suspect goes alone. */
  #next(): void {
    while (this.#waiting.length > 0 && this.#underWay.size < this.#parallel) {
      const [first] = this.#waiting;
      const alone = first?.suspect || [...this.#underWay.values()].some(({ suspect }) => suspect);
      if (first === undefined || (alone && this.#underWay.size > 0)) break;
      this.#waiting.shift();
      this.#send(first);
    }
    this.#process?.hold(this.#underWay.size > 0);
  }

  #send(waiting: Waiting): void {
    const id = String(++this.#count);
    const timer = setTimeout(() => this.#expire(id), this.#options.timeoutSeconds * 1000);
    this.#underWay.set(id, { ...waiting, timer });
    try {
      this.#process ??= this.#start();
      this.#process.write(requestLine(id, waiting.request));
    } catch (error) {
      this.#take(id)?.reject(error instanceof Error ? error : new Unavailable(String(error)));
    }
  }

  #start(): RendererProcess {
    const { program, maxMemoryMiB = MAX_MEMORY_MIB } = this.#options;
    const started: RendererProcess = new RendererProcess({
      program: findProgram(program, 'EVENKEEL_RENDERER'),
      args: [`-memory=${maxMemoryMiB}`],
      onLine: (line) => this.#answered(line),
      onEnd: (ending) => {
        if (this.#process === started) this.#process = undefined;
        this.#ended(ending);
      },
    });
    return started;
  }

  #answered(line: string): void {
    const answered = readAnswer(line);
    const done = answered && this.#take(answered.id);
    if (!done) return;
    if ('error' in answered.outcome) done.reject(renderFault(done.request, answered.outcome.error));
    else done.resolve(answered.outcome);
    this.#next();
  }

  #take(id: string): UnderWay | undefined {
    const found = this.#underWay.get(id);
    clearTimeout(found?.timer);
    this.#underWay.delete(id);
    return found;
  }

  /**
   * Go has no way to end one of its own, so the process ends. One that was alone took too long itself; of several, any may have kept the
   * others waiting, so that each is asked again with nothing beside it.
   */
  #expire(id: string): void {
    const late = this.#take(id);
    if (late === undefined) return;
    if (this.#underWay.size === 0) {
      late.reject(renderFault(late.request, `failed timeout after ${durationText(this.#options.timeoutSeconds)}`, 'whole'));
    } else this.#again([late, ...this.#emptied()], true);
    this.#process?.kill();
  }

  #emptied(): UnderWay[] {
    return [...this.#underWay.keys()].map((id) => this.#take(id)).filter((one) => one !== undefined);
  }

  #again(requests: readonly UnderWay[], suspects: boolean): void {
    this.#waiting.unshift(
      ...requests.map(({ request, resolve, reject, suspect }) => ({ request, resolve, reject, suspect: suspect || suspects })),
    );
  }

  /** An orderly end (to give memory back) blames nobody; after another, one that was alone is to blame, several are suspects. */
  #ended({ orderly, reason }: Ending): void {
    const left = this.#emptied();
    const [only] = left;
    if (!orderly && only !== undefined && left.length === 1) {
      only.reject(reason instanceof Unavailable ? reason : renderFault(only.request, reason, 'whole'));
    } else this.#again(left, !orderly);
    this.#next();
  }
}
