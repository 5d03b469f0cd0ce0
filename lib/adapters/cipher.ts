// Texts made unreadable, and bound to the name that they are kept under: AES-256-GCM (NIST SP 800-38D), compressed before.
// Where the keys come from is the business of whoever makes a Cipher.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { InvalidInput } from '../model/errors.ts';
import { isRecord } from '../model/manifest.ts';
import { kept } from './remembered.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export interface Cipher {
  close(name: string, text: string): Promise<Buffer>;
  /** Throws InvalidInput for what was changed, cut short, moved to another name, or closed with another key. */
  open(name: string, sealed: Buffer): Promise<string>;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** No object is larger: the API server takes a megabyte and a half. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/** What `openWith` opens again with the same key and name. */
export async function closeWith(key: Buffer, name: string, text: string): Promise<Buffer> {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(await compress(Buffer.from(text))), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

/** Throws InvalidInput, with nothing of the content in its words. */
export async function openWith(key: Buffer, name: string, sealed: Buffer): Promise<string> {
  const [iv, tag, body] = [
    sealed.subarray(0, IV_BYTES),
    sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES),
    sealed.subarray(IV_BYTES + TAG_BYTES),
  ];
  if (tag.length !== TAG_BYTES) throw notOurs(name);
  const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name)).setAuthTag(tag);
  try {
    const packed = Buffer.concat([decipher.update(body), decipher.final()]);
    return (await decompress(packed, { maxOutputLength: MAX_TEXT_BYTES })).toString('utf8');
  } catch {
    throw notOurs(name);
  }
}

function notOurs(name: string): InvalidInput {
  return new InvalidInput(`${name} is not as it was written, or was written with another key`);
}

/** With a key in a file that its owner alone can read; the file is made when something is closed first. */
export function createFileCipher(path: string): Cipher {
  const key = kept(() => keyIn(path));
  return {
    close: async (name, text) => closeWith(await key(), name, text),
    open: async (name, sealed) => openWith(await key(), name, sealed),
  };
}

async function keyIn(path: string): Promise<Buffer> {
  if (!existsSync(path)) await created(path);
  const [{ mode }, key] = await Promise.all([stat(path), readFile(path)]);
  if ((mode & 0o077) !== 0) throw new InvalidInput(`${path}: others can read this key: chmod 600, or remove it and lose what it closed`);
  if (key.length !== KEY_BYTES) throw new InvalidInput(`${path} is no key: remove it and lose what it closed`);
  return key;
}

/** Of several that begin at once the first one's key counts; under its name it is whole, whoever reads it. */
async function created(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(aside, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' });
    await link(aside, path);
  } catch (thrown) {
    if (!isRecord(thrown) || thrown['code'] !== 'EEXIST') throw thrown;
  } finally {
    await rm(aside, { force: true });
  }
}
