// Reads files out of a zip archive without the machine's unzip (APPNOTE.TXT: stored and deflated entries, no zip64, no encryption).
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { InvalidInput } from '../../../lib/model/errors.ts';

const inflate = promisify(inflateRaw);

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LONGEST_COMMENT = 0xffff;
const END_SIZE = 22;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly mode: number;
  readonly offset: number;
}

/** A file as the archive's directory lists it. */
export interface ZippedFile {
  readonly name: string;
  /** Bytes once unpacked. */
  readonly size: number;
  /** Permission bits; 0 where the archive was made without. */
  readonly mode: number;
}

/** The files in `archive`, folders left out. InvalidInput when the archive is not a zip. */
export function listZipped(archive: Buffer): readonly ZippedFile[] {
  const files = directoryOf(archive).filter(({ name }) => !name.endsWith('/'));
  return files.map(({ name, size, mode }) => ({ name, size, mode }));
}

/** The content of `name` in `archive`. InvalidInput when the archive is not a zip, has no such file, or the content is damaged. */
export async function readZipped(archive: Buffer, name: string): Promise<Buffer> {
  const entry = directoryOf(archive).find((candidate) => candidate.name === name);
  if (entry === undefined) throw new InvalidInput(`zip archive: no file ${name} in it`);
  const content = await contentOf(archive, entry);
  if (content.length !== entry.size || crc32(content) !== entry.crc) throw new InvalidInput(`zip archive: ${name} is damaged`);
  return content;
}

function directoryOf(archive: Buffer): readonly Entry[] {
  const end = endOfDirectory(archive);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== DIRECTORY_ENTRY) {
      throw new InvalidInput('zip archive: its directory is damaged');
    }
    const nameLength = archive.readUInt16LE(at + 28);
    entries.push(entryAt(archive, at, nameLength));
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function entryAt(archive: Buffer, at: number, nameLength: number): Entry {
  return {
    name: archive.toString('utf8', at + 46, at + 46 + nameLength),
    method: archive.readUInt16LE(at + 10),
    crc: archive.readUInt32LE(at + 16),
    compressedSize: archive.readUInt32LE(at + 20),
    size: archive.readUInt32LE(at + 24),
    mode: archive.readUInt16LE(at + 40) & 0o777,
    offset: archive.readUInt32LE(at + 42),
  };
}

/** The end record is last but for a comment of unknown length, so it is searched for from the back. */
function endOfDirectory(archive: Buffer): number {
  const earliest = Math.max(0, archive.length - END_SIZE - LONGEST_COMMENT);
  for (let at = archive.length - END_SIZE; at >= earliest; at -= 1) {
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  }
  throw new InvalidInput('zip archive: this is not one, or its end is missing');
}

/** The local header repeats name and extra field with lengths of its own, which decide where the data begins. */
async function contentOf(archive: Buffer, entry: Entry): Promise<Buffer> {
  if (entry.offset + 30 > archive.length) throw new InvalidInput(`zip archive: ${entry.name} is cut off`);
  const start = entry.offset + 30 + archive.readUInt16LE(entry.offset + 26) + archive.readUInt16LE(entry.offset + 28);
  const data = archive.subarray(start, start + entry.compressedSize);
  if (entry.method === 0) return data;
  if (entry.method !== 8)
    throw new InvalidInput(`zip archive: ${entry.name} uses compression method ${entry.method}, only 0 and 8 are read`);
  try {
    return await inflate(data);
  } catch (cause) {
    throw new InvalidInput(`zip archive: ${entry.name} is damaged`, { cause });
  }
}
