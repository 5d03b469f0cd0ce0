// Runs a program to its end, for tests that talk to the real tools; a failure is a result like any other.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HowToRun {
  readonly cwd?: string;
  /** The whole environment of the program; that of the test run when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Somebody presses Ctrl-C then. */
  readonly interrupt?: Promise<unknown>;
}

/** Waits for the program's end whatever its exit code; rejects only when it cannot be started. */
export async function run(program: string, args: readonly string[], how: HowToRun = {}): Promise<Ran> {
  const child = spawn(program, args, { cwd: how.cwd, env: how.env ?? process.env });
  const exit = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  child.stdin.on('error', () => {}); // a program may end before it has read all of its input
  child.stdin.end(how.input ?? '');
  const interrupted = how.interrupt?.then(() => child.kill('SIGINT'));
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  await interrupted;
  return { code, stdout, stderr };
}

/** Like `run`, but only success will do: gives back stdout, or fails with what the program said. */
export async function succeed(program: string, args: readonly string[], how: HowToRun = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, how);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
