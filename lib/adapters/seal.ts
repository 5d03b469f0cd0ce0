// What a store hands out and takes back: texts, compressed, each with a code (HMAC-SHA-256, RFC 2104) over its name and its bytes.
// A folder or a bucket that others can write to is then no way in: what was not sealed with the same secret does not open.
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const CODE_BYTES = 32;
/** Part of every key: another format is another set of keys, to which what was stored before is as if it were not there. */
const FORMAT = 'evenkeel render store 1';
/** Longest text, in bytes of UTF-8, that is sealed; a megabyte and a half is what the API server takes in one object. */
export const MAX_SEALED_TEXT_BYTES = 32 * 1024 * 1024;
/** What opens is never longer: zstd adds less than this to what it cannot compress. */
export const MAX_SEALED_BYTES = MAX_SEALED_TEXT_BYTES + 1024 * 1024;

export interface Seal {
  /** A name that only the holder of the secret can work out: letters, digits and `-`. */
  nameOf(kind: string, text: string): string;
  /** The text as it may be kept under that name. */
  close(name: string, text: string): Promise<Buffer>;
  /** The exact text; undefined for what was tampered with, cut short, sealed under another name or with another secret. */
  open(name: string, sealed: Buffer): Promise<string | undefined>;
}

/** Keys by HKDF (RFC 5869) from a secret of any length. Without one they are made up, and nobody else opens what this seal closes. */
export function createSeal(secret: string | undefined): Seal {
  const material = secret ?? randomBytes(32);
  const keyFor = (purpose: string) => Buffer.from(hkdfSync('sha256', material, '', `${FORMAT}: ${purpose}`, 32));
  const [namesKey, codesKey] = [keyFor('names'), keyFor('codes')];
  const codeOf = (name: string, packed: Buffer) => createHmac('sha256', codesKey).update(`${name}\n`).update(packed).digest();
  return {
    nameOf: (kind, text) => `${kind}-${createHmac('sha256', namesKey).update(`${kind}\n${text}`).digest('hex')}`,
    close: async (name, text) => {
      const packed = await compress(Buffer.from(text));
      return Buffer.concat([codeOf(name, packed), packed]);
    },
    open: async (name, sealed) => {
      const [code, packed] = [sealed.subarray(0, CODE_BYTES), sealed.subarray(CODE_BYTES)];
      if (code.length !== CODE_BYTES || !timingSafeEqual(code, codeOf(name, packed))) return undefined;
      return (await decompress(packed, { maxOutputLength: MAX_SEALED_TEXT_BYTES })).toString('utf8');
    },
  };
}
