// The user's own program for differences, on two private files that are gone afterwards (KUBECTL_EXTERNAL_DIFF).
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unavailable } from '../model/errors.ts';

/** `words`: program and arguments. It has the terminal to itself; its exit code says only that there is a difference. */
export function externalDiff(words: readonly string[]): (live: string, target: string, name: string) => Promise<void> {
  return async (live, target, name) => {
    const folder = await mkdtemp(join(tmpdir(), 'evenkeel-diff-'));
    try {
      const files = [join(folder, `${name}-live.yaml`), join(folder, `${name}.yaml`)] as const;
      await writeFile(files[0], live, { mode: 0o600 });
      await writeFile(files[1], target, { mode: 0o600 });
      await runToEnd(words, files);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function runToEnd([program = '', ...args]: readonly string[], files: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args, ...files], { stdio: 'inherit' });
    child.once('exit', () => resolve());
    child.once('error', (cause) =>
      reject(new Unavailable(`KUBECTL_EXTERNAL_DIFF: ${program} cannot be started: ${cause.message}`, { cause })),
    );
  });
}
