// Writes zip archives that are the same, byte for byte, whenever their files are: sorted, without times, with permission bits
// (APPNOTE.TXT, deflated entries, no zip64).
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw);

/** A file to pack. */
export interface PackedFile {
  /** Path in the archive, with `/`. */
  readonly path: string;
  readonly content: Buffer;
  readonly executable?: boolean;
}

interface Entry extends PackedFile {
  readonly name: Buffer;
  readonly data: Buffer;
  readonly offset: number;
}

/** A field of a header: its value, and its size in bytes. */
type Field = readonly [value: number, bytes: 2 | 4];

const VERSION = 20;
/** Upper byte 3: permissions are Unix's. */
const MADE_ON_UNIX = (3 << 8) | VERSION;
/** Names are UTF-8. */
const FLAGS = 1 << 11;
const DEFLATED = 8;
/** Midnight of 1 January 1980, the first that the format knows: day 1, month 1. */
const DATE = (1 << 5) | 1;
const REGULAR_FILE = 0o100000;

/** Packs files; their order does not matter. */
export async function zipOf(files: readonly PackedFile[]): Promise<Buffer> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const packed = await Promise.all(sorted.map(async (file) => ({ ...file, data: await deflate(file.content) })));
  const entries: Entry[] = [];
  const bodies: Buffer[] = [];
  let offset = 0;
  for (const file of packed) {
    const entry = { ...file, name: Buffer.from(file.path), offset };
    const header = localHeader(entry);
    entries.push(entry);
    bodies.push(header, entry.name, entry.data);
    offset += header.length + entry.name.length + entry.data.length;
  }
  const directory = Buffer.concat(entries.flatMap((entry) => [directoryHeader(entry), entry.name]));
  return Buffer.concat([...bodies, directory, endOf(entries.length, directory.length, offset)]);
}

function localHeader(entry: Entry): Buffer {
  return header([0x04034b50, 4], [VERSION, 2], ...described(entry), [0, 2]);
}

function directoryHeader(entry: Entry): Buffer {
  const mode = REGULAR_FILE | (entry.executable ? 0o755 : 0o644);
  const place: readonly Field[] = [
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [0, 2],
    [mode, 2],
    [entry.offset, 4],
  ];
  return header([0x02014b50, 4], [MADE_ON_UNIX, 2], [VERSION, 2], ...described(entry), ...place);
}

/** What both headers say alike. */
function described({ name, content, data }: Entry): readonly Field[] {
  return [
    [FLAGS, 2],
    [DEFLATED, 2],
    [0, 2],
    [DATE, 2],
    [crc32(content), 4],
    [data.length, 4],
    [content.length, 4],
    [name.length, 2],
  ];
}

function endOf(count: number, directoryLength: number, directoryAt: number): Buffer {
  return header([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [directoryLength, 4], [directoryAt, 4], [0, 2]);
}

function header(...fields: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [, size]) => sum + size, 0));
  let at = 0;
  for (const [value, size] of fields) at = bytes.writeUIntLE(value, at, size);
  return bytes;
}
