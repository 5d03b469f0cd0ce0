// One at a time for a name: in this process in turn, between processes by a lock file.
import { withFileLock } from './file-lock.ts';

export class Locks {
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #maxHeldMs: number;

  /** `maxHeldMs` is the longest that any holder takes. */
  constructor(maxHeldMs: number) {
    this.#maxHeldMs = maxHeldMs;
  }

  hold<T>(path: string, work: () => Promise<T>): Promise<T> {
    const locked = () => withFileLock(path, this.#maxHeldMs, work);
    const turn = (this.#turns.get(path) ?? Promise.resolve()).then(locked, locked);
    const done = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.#turns.get(path) === done) this.#turns.delete(path);
      });
    this.#turns.set(path, done);
    return turn;
  }
}
