// Counts of what the functions were asked and how it went, for tests, the benchmark and whoever wonders.
import type { Invoked } from './pool.ts';

/** Counts of one function since the start. */
export interface FunctionStats {
  readonly invocations: number;
  readonly errors: number;
  readonly milliseconds: number;
  /** How long each cold start took to load the bundle. */
  readonly coldStarts: readonly number[];
  /** Messages received, and those of them that were left in the queue. */
  readonly received: number;
  readonly failed: number;
  /** Ticks of its schedules, and those left out because the last one was still at work. */
  readonly ticks: number;
  readonly skipped: number;
}

export type Stats = Readonly<Record<string, FunctionStats>>;

const NONE: FunctionStats = { invocations: 0, errors: 0, milliseconds: 0, coldStarts: [], received: 0, failed: 0, ticks: 0, skipped: 0 };

export class Counter {
  readonly #stats = new Map<string, FunctionStats>();

  invoked(name: string, { outcome, milliseconds, importMs }: Invoked): void {
    const now = this.#of(name);
    this.#stats.set(name, {
      ...now,
      invocations: now.invocations + 1,
      errors: now.errors + (outcome.ok ? 0 : 1),
      milliseconds: now.milliseconds + milliseconds,
      coldStarts: importMs === undefined ? now.coldStarts : [...now.coldStarts, importMs],
    });
  }

  batch(name: string, { received, failed }: { readonly received: number; readonly failed: number }): void {
    const now = this.#of(name);
    this.#stats.set(name, { ...now, received: now.received + received, failed: now.failed + failed });
  }

  tick(name: string, taken: boolean): void {
    const now = this.#of(name);
    this.#stats.set(name, { ...now, ticks: now.ticks + 1, skipped: now.skipped + (taken ? 0 : 1) });
  }

  read(): Stats {
    return Object.fromEntries(this.#stats);
  }

  #of(name: string): FunctionStats {
    return this.#stats.get(name) ?? NONE;
  }
}
