// A folder of the command's own among the system's temporary ones: it goes when the command ends, by a signal too.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** The folder's path. From then on signals that end a program end this one in order, with the exit code that shells give for them. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'evenkeel-offline-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]));
  return dir;
}
