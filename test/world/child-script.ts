// Runs a script in a process of its own, for tests that kill it, and reads what it says line by line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ChildScript {
  readonly pid: number;
  /** The next line that it prints. */
  readonly line: () => Promise<string>;
  /** Kills it in the way that nobody can catch, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

export function startScript(script: URL, args: readonly string[]): ChildScript {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = once(child, 'exit');
  return {
    pid: child.pid ?? 0,
    line: async () => {
      const next = await lines.next();
      if (next.done) throw new Error(`${script.pathname} ended before it said so`);
      return next.value;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
