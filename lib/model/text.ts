// Text that goes into a status is bounded: an API server takes 1.5 MiB of an object, and a row or condition is read by people.

/** A row of a sync result: there is one for each object. */
export const ROW_BYTES = 1024;
/** A condition. */
export const CONDITION_BYTES = 8 * 1024;
/** The message of an operation, with room for what a retry adds. */
export const OPERATION_BYTES = CONDITION_BYTES - 256;

const MARK = '… (cut)';
const encoder = new TextEncoder();
const MARK_BYTES = encoder.encode(MARK).length;

/** The text itself when its UTF-8 has at most `bytes`; else as many whole characters as fit with a mark that says so. */
export function bounded(text: string, bytes: number): string {
  if (fitting(text, bytes) === text.length) return text;
  return `${text.slice(0, fitting(text, bytes - MARK_BYTES))}${MARK}`;
}

/** How much of the text, in UTF-16 code units, fits into so many bytes; a character is never split. */
function fitting(text: string, bytes: number): number {
  return encoder.encodeInto(text, new Uint8Array(Math.max(0, bytes))).read;
}
