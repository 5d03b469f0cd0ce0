// kubectl run as a program against one kubeconfig, for what the local host installs and for whoever drives it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Unavailable } from '../../../lib/model/errors.ts';

const run = promisify(execFile);
const MAX_OUTPUT = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

/** Runs kubectl and resolves with its output. Throws Unavailable with what kubectl complained of. */
export type Kubectl = (args: readonly string[], options?: { readonly input?: string }) => Promise<string>;

/** A kubectl for that kubeconfig. The user's own environment holds, since a kubeconfig may name programs that log in. */
export function kubectlFor(program: string, kubeconfigPath: string, cacheDir: string): Kubectl {
  return async (args, { input } = {}) => {
    const own = ['--kubeconfig', kubeconfigPath, '--cache-dir', cacheDir];
    const running = run(program, [...own, ...args], { maxBuffer: MAX_OUTPUT, timeout: TIMEOUT_MS });
    // kubectl may end without reading all of its input; its exit code says why.
    running.child.stdin?.on('error', () => undefined).end(input ?? '');
    return running.then(
      ({ stdout }) => stdout,
      (cause: unknown) => {
        throw new Unavailable(`kubectl ${args.slice(0, 3).join(' ')}: ${complaint(cause)}`, { cause });
      },
    );
  };
}

function complaint(cause: unknown): string {
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
  return stderr === '' ? String(cause) : stderr;
}
