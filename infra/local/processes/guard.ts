// Ends our children when we are killed in a way that nobody can catch: a shell of one line waits for its input, which we hold, to end.
import { spawn } from 'node:child_process';

export interface Guard {
  /** From now on the process group that this child leads goes down with us. */
  readonly watch: (pid: number) => void;
  /** Everything has been stopped in an orderly way; nothing is left to guard. */
  readonly release: () => void;
}

// A POSIX shell's builtins only. The input ends when the last process that holds its other side is gone, whatever took it.
const SCRIPT = 'groups=""; while read -r group; do groups="$groups -$group"; done; [ -z "$groups" ] || kill -9 $groups 2>/dev/null';

/** Starts a guard, in a session of its own so that a Ctrl-C in the terminal does not reach it before it is needed. */
export function startGuard(): Guard {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} });
  // Without a shell there is no guard; the next start still clears what is left.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return {
    watch: (pid) => void shell.stdin.write(`${pid}\n`),
    release: () => void shell.kill('SIGKILL'),
  };
}
