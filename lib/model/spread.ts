// Numbers that look as if they were drawn, and are the same for the same text each time.
import { createHash } from 'node:crypto';

const VALUES = 65_536;

/** From 0 to 1, 1 left out. */
export function drawn(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt16BE(0) / VALUES;
}
