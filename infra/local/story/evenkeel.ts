// The CLI, as people run it.
import { join } from 'node:path';
import { execute, type Scene } from './scene.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'lib', 'cli', 'evenkeel.js');

/** Runs `evenkeel ...` against the host; throws with what it printed when its exit code is not 0. */
export async function evenkeel({ host, signal }: Scene, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: host.kubeconfigPath, EVENKEEL_NAMESPACE: host.namespace };
  const { code, stdout, stderr } = await execute(process.execPath, [PROGRAM, ...args], { env, signal });
  if (code !== 0) throw new Error(`evenkeel ${args.join(' ')} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}
