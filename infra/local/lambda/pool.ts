// The workers of one function: started as invocations need them up to a limit, replaced when they die, each reused while it lives.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Outcome, Worker, type WorkerOptions } from './worker.ts';

export interface PoolOptions extends Omit<WorkerOptions, 'tmpDir' | 'onLine'> {
  /** Most workers at a time: Lambda's concurrency. */
  readonly limit: number;
  /** Folder under which each worker has a temporary folder of its own. */
  readonly tmpRoot: string;
  readonly onLine: (functionName: string, line: string) => void;
  /** Hears of each invocation when it has ended. */
  readonly onInvoked?: (functionName: string, invoked: Invoked) => void;
}

/** What one invocation cost. `importMs` is there when it was the first of its worker: a cold start. */
export interface Invoked {
  readonly outcome: Outcome;
  readonly milliseconds: number;
  readonly importMs: number | undefined;
}

/** A running worker. */
export interface WorkerState {
  readonly functionName: string;
  readonly pid: number;
  readonly busy: boolean;
}

export class Pool {
  readonly options: PoolOptions;
  readonly #slots: (Worker | undefined)[];
  readonly #taken = new Set<number>();
  readonly #waiting: ((slot: number) => void)[] = [];
  readonly #fresh = new WeakSet<Worker>();
  #closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.#slots = Array.from({ length: options.limit }, () => undefined);
  }

  /** Runs the function in a worker that is free, or once one is. Never rejects. */
  async invoke(event: unknown): Promise<Outcome> {
    const slot = await this.#take();
    try {
      if (this.#closed)
        return { ok: false, error: { errorType: 'Runtime.ExitError', errorMessage: 'the local host is closing', stackTrace: [] } };
      return await this.#run(this.#worker(slot), event);
    } finally {
      this.#release(slot);
    }
  }

  /** True while every worker that there may be is at work. */
  get full(): boolean {
    return this.#taken.size >= this.options.limit;
  }

  /** Starts `count` workers before they are needed; resolves with the slowest load, rejects when the bundle does not load. */
  async warm(count: number): Promise<number> {
    const workers = Array.from({ length: Math.min(count, this.options.limit) }, (_, slot) => this.#worker(slot));
    const loads = await Promise.all(workers.map((worker) => worker.ready()));
    for (const worker of workers) this.#fresh.delete(worker);
    return Math.max(...loads);
  }

  workers(): readonly WorkerState[] {
    const { functionName } = this.options;
    return this.#slots.flatMap((worker) =>
      worker?.alive && worker.pid !== undefined ? [{ functionName, pid: worker.pid, busy: worker.busy }] : [],
    );
  }

  /** Signals the workers of this function and the tools that they run. False when there are none. */
  kill(signal: NodeJS.Signals): boolean {
    const alive = this.#slots.filter((worker) => worker?.alive);
    for (const worker of alive) worker?.kill(signal);
    return alive.length > 0;
  }

  /** Ends the workers that are at rest, and those at work once they have answered: what follows meets new ones. */
  async renew(): Promise<void> {
    const old = this.#slots.splice(0, this.#slots.length, ...this.#slots.map(() => undefined));
    await Promise.all(
      old.map(async (worker) => {
        while (worker?.busy) await sleep(10);
        await worker?.close();
      }),
    );
  }

  /** Waits up to `graceMs` for what is running, then kills. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const deadline = Date.now() + graceMs;
    while (this.#slots.some((worker) => worker?.busy) && Date.now() < deadline) await sleep(20);
    await Promise.all(this.#slots.map((worker) => worker?.close()));
  }

  async #run(worker: Worker, event: unknown): Promise<Outcome> {
    const started = performance.now();
    const cold = this.#fresh.delete(worker);
    const outcome = await worker.invoke(event);
    const importMs = cold ? await worker.ready().catch(() => undefined) : undefined;
    this.options.onInvoked?.(this.options.functionName, { outcome, milliseconds: performance.now() - started, importMs });
    return outcome;
  }

  #worker(slot: number): Worker {
    const there = this.#slots[slot];
    if (there?.alive) return there;
    const { limit, tmpRoot, onLine, onInvoked, ...rest } = this.options;
    const tmpDir = join(tmpRoot, `${rest.functionName}-${slot}`);
    const worker = new Worker({ ...rest, tmpDir, onLine: (line) => onLine(rest.functionName, line) });
    this.#fresh.add(worker);
    this.#slots[slot] = worker;
    return worker;
  }

  async #take(): Promise<number> {
    const free = this.#order().find((slot) => !this.#taken.has(slot));
    if (free === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken.add(free);
    return free;
  }

  /** Warm workers first. */
  #order(): readonly number[] {
    const slots = [...this.#slots.keys()];
    return [...slots.filter((slot) => this.#slots[slot]?.alive), ...slots.filter((slot) => !this.#slots[slot]?.alive)];
  }

  #release(slot: number): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken.delete(slot);
    else next(slot);
  }
}
