// One function in a process of its own, as Lambda runs it: one invocation at a time, killed when its time is up.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FunctionError, Invocation, RuntimeMessage } from './runtime.ts';

/** What a function answered, or how it failed. */
export type Outcome = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: FunctionError };

export interface WorkerOptions {
  readonly functionName: string;
  readonly file: string;
  readonly exportName: string;
  readonly timeoutSeconds: number;
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** The worker's own temporary folder, as `/tmp` is a Lambda sandbox's own. */
  readonly tmpDir: string;
  /** Each line that the function prints. */
  readonly onLine: (line: string) => void;
}

const RUNTIME = fileURLToPath(new URL('./runtime.ts', import.meta.url));

function failed(errorType: string, errorMessage: string): Outcome {
  return { ok: false, error: { errorType, errorMessage, stackTrace: [] } };
}

export class Worker {
  readonly options: WorkerOptions;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #ready: Promise<number>;
  #settle: ((outcome: Outcome) => void) | undefined;
  #alive = true;
  #invoking = false;

  constructor(options: WorkerOptions) {
    this.options = options;
    mkdirSync(options.tmpDir, { recursive: true });
    this.#child = fork(RUNTIME, [options.file, options.exportName], {
      env: { ...options.environment, TMPDIR: options.tmpDir },
      cwd: options.tmpDir,
      // As in Lambda no source maps are read: that would cost each cold start and each error; they are beside the bundles.
      execArgv: [],
      // A group of its own: the terminal's Ctrl-C passes it by, and a kill takes the tools that it runs along.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    eachLine(this.#child.stdout, options.onLine);
    eachLine(this.#child.stderr, options.onLine);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(this.#died(code, signal)));
      this.#child.once('error', () => resolve(this.#died(null, null)));
    });
    this.#ready = this.#listen();
    this.#ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False once the process has ended: it takes no more invocations. */
  get alive(): boolean {
    return this.#alive;
  }

  /** True from the call of `invoke` until its outcome is there, the load of the bundle included. */
  get busy(): boolean {
    return this.#invoking;
  }

  /** Milliseconds that the bundle took to load. Rejects when it could not be loaded. */
  ready(): Promise<number> {
    return this.#ready;
  }

  /** Runs the function once. Never rejects: a crash, a kill and a timeout are outcomes. */
  async invoke(event: unknown): Promise<Outcome> {
    this.#invoking = true;
    try {
      return await this.#run(event);
    } finally {
      this.#invoking = false;
    }
  }

  async #run(event: unknown): Promise<Outcome> {
    try {
      await this.#ready;
    } catch (thrown) {
      return failed('Runtime.ImportModuleError', thrown instanceof Error ? thrown.message : String(thrown));
    }
    if (!this.#alive) return failed('Runtime.ExitError', 'the process had ended');
    const requestId = randomUUID();
    const { timeoutSeconds } = this.options;
    const invocation: Invocation = { requestId, event, deadline: Date.now() + timeoutSeconds * 1000 };
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#settle = resolve;
    const timer = setTimeout(() => {
      this.#finish(failed('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds}.00 seconds`));
      this.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    this.#child.send(invocation, (cause) => cause && this.#finish(failed('Runtime.ExitError', cause.message)));
    return promise.finally(() => clearTimeout(timer));
  }

  /** Signals the process and whatever it has started. */
  kill(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Already gone: nothing is left to signal.
    }
  }

  /** Kills and waits for the end. */
  async close(): Promise<void> {
    this.kill('SIGKILL');
    await this.#ended;
  }

  #listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: RuntimeMessage) => {
        if (message.kind === 'ready') resolve(message.importMs);
        if (message.kind === 'broken') reject(new Error(message.error.errorMessage));
        if (message.kind === 'result') this.#finish({ ok: true, result: message.result });
        if (message.kind === 'error') this.#finish({ ok: false, error: message.error });
      });
      void this.#ended.then(() => reject(new Error('the process ended before it was ready')));
    });
  }

  #finish(outcome: Outcome): void {
    this.#settle?.(outcome);
    this.#settle = undefined;
  }

  #died(code: number | null, signal: string | null): void {
    this.#alive = false;
    // What it was running must not outlive it, as nothing outlives a sandbox.
    this.kill('SIGKILL');
    this.#finish(failed('Runtime.ExitError', `the process ended with ${signal ?? `exit code ${code}`}`));
  }
}

function eachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
  stream?.on('end', () => rest !== '' && onLine(rest));
}
