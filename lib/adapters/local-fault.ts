// What is wrong on this machine, told apart from everything that a network or a server does. What git says is all there is to tell it by.
import { Unavailable } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';

/** Thrown where git finds its own files damaged. A clone that is made anew may do. */
export class DamagedClone extends Unavailable {}

/** Thrown where nothing more can be written to the disk. */
export class DiskFull extends Unavailable {}

/** Of a file of a checkout git does not say why it cannot be written. */
const FULL = [/(?:No space left on device|Disk quota exceeded)$/, /^error: unable to write file /];

/** What git says of its own files: of the repository, of objects loose or packed, of refs and locks that a killed git left. */
const DAMAGE = [
  /not a git repository: /,
  /bad (?:shallow|config) (?:line|file)/,
  /(?:failed to unpack|not a) tree object/,
  /\(stored in .*\) is corrupt|corrupt loose object|object file .* is empty/,
  /packfile .* (?:does not match index|cannot be accessed|is truncated)|index file .* is too small/,
  /unable to read sha1 file|unable to (?:read|unpack) [0-9a-f]{40}/,
  /fatal: (?:bad object|missing (?:blob|tree|commit)) |did not send all necessary objects|unresolved deltas/,
  /does not point to a valid object|bad ref for /,
  /Unable to create '[^']*\.lock': File exists/,
];

/** What a server says is no word on this machine. */
const FROM_REMOTE = /^(?:remote:|fatal: remote error:)/;

/**
 * The error to throw when git, by what it printed to standard error, failed for a fault of this machine; undefined for any other. `why` stands
 * for the line that tells it, where that may hold secrets.
 */
export function localFault(said: string, where: string, why?: string): DamagedClone | DiskFull | undefined {
  const own = said.split('\n').filter((line) => !FROM_REMOTE.test(line));
  const telling = (rules: readonly RegExp[]) => own.find((line) => rules.some((says) => says.test(line)));
  const [full, damaged] = [telling(FULL), telling(DAMAGE)];
  if (full !== undefined) return new DiskFull(`${where}: ${why ?? full}`);
  return damaged === undefined ? undefined : new DamagedClone(`${where}: its clone here is damaged: ${why ?? damaged}`);
}

/** Whether a failure, of ours or of a program, is for want of room on the disk. */
export function isDiskFull(thrown: unknown): boolean {
  return thrown instanceof DiskFull || (isRecord(thrown) && (thrown['code'] === 'ENOSPC' || thrown['code'] === 'EDQUOT'));
}
