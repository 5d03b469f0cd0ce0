// A clone on this disk that git cannot use any more, told apart from everything that a network or a server does: what git says is all there
// is to tell it by.
import { Unavailable } from '../model/errors.ts';

/** Thrown where git finds its own files damaged. A clone that is made anew may do. */
export class DamagedClone extends Unavailable {}

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

/** What a server says is no word on the clone. */
const FROM_REMOTE = /^(?:remote:|fatal: remote error:)/;

/** Whether git, by what it printed to standard error, finds the repository that it works on damaged. */
export function tellsDamage(said: string): boolean {
  const own = said.split('\n').filter((line) => !FROM_REMOTE.test(line));
  return own.some((line) => DAMAGE.some((says) => says.test(line)));
}
