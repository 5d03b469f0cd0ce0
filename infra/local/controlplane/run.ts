// One run of the control plane: its programs in the order that they were started, and an end that takes down all of them.
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, Unavailable } from '../../../lib/model/errors.ts';
import { type Child, startChild } from '../processes/child.ts';
import { type Guard, startGuard } from '../processes/guard.ts';
import type { RunningNote } from '../processes/leftovers.ts';
import { type ApiClient, apiClient, type Connection } from './connection.ts';
import type { MetricsServer } from './metrics.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const STOP_GRACE_MS = 3_000;

/** What has been started so far, so that an end at any point takes down all of it. */
export class Run {
  readonly dataDir: string;
  readonly failed: Promise<Error>;
  metrics: MetricsServer | undefined;
  readonly #note: RunningNote;
  readonly #signal: AbortSignal | undefined;
  readonly #guard: Guard = startGuard();
  readonly #children: Child[] = [];
  #api: ApiClient | undefined;
  #closing: Promise<void> | undefined;
  #fail: (error: Error) => void = () => undefined;
  #failure: Error | undefined;

  constructor(dataDir: string, note: RunningNote, signal: AbortSignal | undefined) {
    this.dataDir = dataDir;
    this.#note = note;
    this.#signal = signal;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
  }

  async start(name: string, command: string, args: readonly string[]): Promise<void> {
    const child = await startChild({ name, command, args, cwd: this.dataDir, env: { HOME: this.dataDir }, guard: this.#guard });
    this.#children.push(child);
    void child.ended.then((how) => this.#childEnded(child, how));
    await this.#note.add(child.identity);
  }

  connect(connection: Connection): ApiClient {
    this.#api = apiClient(connection);
    return this.#api;
  }

  pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#children.map((child) => [child.name, child.identity.pid]));
  }

  /** Tries until it works. Unavailable when it takes too long or a program ends meanwhile; the signal's reason when it is aborted. */
  async until<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      this.#signal?.throwIfAborted();
      if (this.#failure !== undefined) throw this.#failure;
      try {
        return await attempt();
      } catch (cause) {
        if (Date.now() > deadline) throw new Unavailable(`control plane: ${what} did not come up: ${messageOf(cause)}`, { cause });
        await sleep(POLL_MS);
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  /** The API server goes before etcd, without which it hangs; all else goes before the API server. */
  async #stop(): Promise<void> {
    await this.metrics?.close();
    this.#api?.close();
    const [etcd, apiserver, ...workers] = this.#children;
    await Promise.all(workers.map((child) => child.stop(STOP_GRACE_MS)));
    await apiserver?.stop(STOP_GRACE_MS);
    await etcd?.stop(STOP_GRACE_MS);
    this.#guard.release();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    await this.#note.remove();
  }

  #childEnded(child: Child, how: string): void {
    if (this.#closing !== undefined) return;
    this.#failure = new Unavailable(`control plane: ${child.name} ended (${how}):\n${child.tail()}`);
    this.#fail(this.#failure);
  }
}
