// A warm thread for one interpreter: one job at a time, each with a limit from outside that no script can talk its way around. A thread that
// is ended for one job is followed by a new one for the next.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf, Unavailable } from '../../model/errors.ts';
import { Turns } from '../turns.ts';
import type { Engine, Setup } from './worker.ts';

export interface ThreadOptions {
  readonly engine: Engine;
  /** MiB of the interpreter's own memory. */
  readonly memoryMiB: number;
  /** How long a thread waits for more to do. */
  readonly idleMs: number;
}

/** `ended`: why there is no answer. Both with the milliseconds that the job itself took. */
export type Ran<Answer> = { readonly ms: number } & ({ readonly answer: Answer } | { readonly ended: string });

/** What a job is told that took too long; the words are Go's. */
export const DEADLINE_EXCEEDED = 'context deadline exceeded';

const START_MS = 30_000;
/** For what passes between the threads, beside the interpreter's own memory. */
const HEAP = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

export class Thread<Job, Answer> {
  readonly #options: ThreadOptions;
  readonly #turns = new Turns(1);
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  /** Throws Unavailable when no thread can be started. */
  run(job: Job, limitMs: number): Promise<Ran<Answer>> {
    return this.#turns.take(() => this.#run(job, limitMs));
  }

  async #run(job: Job, limitMs: number): Promise<Ran<Answer>> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? (await started(this.#options));
    this.#worker = worker;
    const startedAt = performance.now();
    worker.ref();
    const outcome = await outcomeOf<Answer>(worker, job, limitMs);
    const ms = performance.now() - startedAt;
    worker.unref();
    if ('ended' in outcome) await this.#end();
    else this.#idle = setTimeout(() => void this.#turns.take(() => this.#end()), this.#options.idleMs).unref();
    return { ...outcome, ms };
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

/** A thread with nothing of ours: no environment, no arguments, no way to our output. */
async function started({ engine, memoryMiB }: ThreadOptions): Promise<Worker> {
  // Its file is one of its own in a bundle too, for it is imported just when it is needed.
  const { workerFile } = await import('./worker.ts');
  const setup: Setup = { engine, maxBytes: memoryMiB * 1024 * 1024 };
  const worker = new Worker(workerFile, {
    workerData: setup,
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: HEAP,
  });
  // Who waits for it hears of it; when nobody does, nothing is lost.
  worker.on('error', () => undefined);
  try {
    await once(worker, 'message', { signal: AbortSignal.timeout(START_MS) });
  } catch (cause) {
    await worker.terminate();
    throw new Unavailable(`scripts cannot be run: ${messageOf(cause)}`, { cause });
  }
  worker.unref();
  return worker;
}

function outcomeOf<Answer>(worker: Worker, job: unknown, limitMs: number): Promise<{ answer: Answer } | { ended: string }> {
  return new Promise((resolve) => {
    const settle = (outcome: { answer: Answer } | { ended: string }) => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      resolve(outcome);
    };
    const onMessage = (answer: Answer) => settle({ answer });
    const onError = (thrown: unknown) => settle({ ended: reasonOf(thrown) });
    const onExit = () => settle({ ended: 'the thread ended' });
    const timer = setTimeout(() => settle({ ended: DEADLINE_EXCEEDED }), limitMs);
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job);
  });
}

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'not enough memory' : messageOf(thrown);
}
