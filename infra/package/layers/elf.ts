// What a program or shared library says it needs, read from its dynamic section without the machine's binutils. Pure.
// Source: System V ABI, "Object Files" and "Program Loading and Dynamic Linking"; LSB Core, "Symbol Versioning".
import { InvalidInput, messageOf } from '../../../lib/model/errors.ts';

/** A version of another library's symbols that must be there when this file is loaded. */
export interface NeededVersion {
  /** `libc.so.6` */
  readonly library: string;
  /** `GLIBC_2.34` */
  readonly version: string;
}

export interface Elf {
  /** Path of the dynamic loader; undefined for a library. */
  readonly interpreter: string | undefined;
  /** Names of the libraries that it is linked with. */
  readonly needed: readonly string[];
  /** Where it says that they are, with `$ORIGIN` for its own folder. */
  readonly searchPath: readonly string[];
  readonly versions: readonly NeededVersion[];
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

interface Dynamic {
  readonly tag: number;
  readonly value: number;
}

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const X86_64 = 62;
const PT = { load: 1, dynamic: 2, interpreter: 3 };
const DT = { end: 0, needed: 1, strings: 5, searchPath: 15, runSearchPath: 29, versions: 0x6ffffffe, versionCount: 0x6fffffff };
const WEAK = 2;

/** Whether this is a file for Linux on x86-64. */
export function isElf(file: Buffer): boolean {
  if (file.length < 64 || file.readUInt32BE(0) !== MAGIC) return false;
  return file[4] === CLASS_64 && file[5] === LITTLE_ENDIAN && file.readUInt16LE(18) === X86_64;
}

/** Reads `file`. Throws InvalidInput with `name` when it is not for Linux on x86-64, or damaged. */
export function readElf(file: Buffer, name: string): Elf {
  if (!isElf(file)) throw new InvalidInput(`${name} is no program or library for Linux on x86-64`);
  try {
    return contentsOf(file);
  } catch (cause) {
    throw new InvalidInput(`${name} is damaged: ${messageOf(cause)}`, { cause });
  }
}

function contentsOf(file: Buffer): Elf {
  const segments = segmentsOf(file);
  const place = (address: number) => offsetOf(address, segments);
  const dynamic = dynamicOf(file, segments);
  const valuesOf = (tag: number) => dynamic.filter((entry) => entry.tag === tag).map(({ value }) => value);
  const [strings] = valuesOf(DT.strings).map(place);
  const text = (index: number) => textAt(file, (strings ?? Number.NaN) + index);
  const interpreter = segments.find(({ type }) => type === PT.interpreter);
  const [versions] = valuesOf(DT.versions).map(place);
  return {
    interpreter: interpreter && textAt(file, interpreter.offset),
    needed: valuesOf(DT.needed).map(text),
    searchPath: [...valuesOf(DT.searchPath), ...valuesOf(DT.runSearchPath)].flatMap((index) => text(index).split(':')),
    versions: versions === undefined ? [] : versionsOf(file, versions, valuesOf(DT.versionCount)[0] ?? 0, text),
  };
}

function segmentsOf(file: Buffer): readonly Segment[] {
  const at = wordAt(file, 32);
  const size = file.readUInt16LE(54);
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const header = at + index * size;
    return {
      type: file.readUInt32LE(header),
      offset: wordAt(file, header + 8),
      address: wordAt(file, header + 16),
      size: wordAt(file, header + 32),
    };
  });
}

/** The dynamic section gives addresses in memory; the segments say which part of the file comes there. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const holds = ({ type, address: start, size }: Segment) => type === PT.load && address >= start && address < start + size;
  const segment = segments.find(holds);
  if (segment === undefined) throw new RangeError(`nothing is loaded at address ${address}`);
  return address - segment.address + segment.offset;
}

function dynamicOf(file: Buffer, segments: readonly Segment[]): readonly Dynamic[] {
  const section = segments.find(({ type }) => type === PT.dynamic);
  const entries: Dynamic[] = [];
  for (let at = section?.offset ?? 0, end = at + (section?.size ?? 0); at < end; at += 16) {
    const tag = wordAt(file, at);
    if (tag === DT.end) break;
    entries.push({ tag, value: wordAt(file, at + 8) });
  }
  return entries;
}

/** What is needed only weakly may be missing. */
function versionsOf(file: Buffer, start: number, count: number, text: (index: number) => string): readonly NeededVersion[] {
  return recordsAt(file, start, count).flatMap((record) => {
    const library = text(file.readUInt32LE(record + 4));
    const details = recordsAt(file, record + file.readUInt32LE(record + 8), file.readUInt16LE(record + 2));
    const strong = details.filter((detail) => (file.readUInt16LE(detail + 4) & WEAK) === 0);
    return strong.map((detail) => ({ library, version: text(file.readUInt32LE(detail + 8)) }));
  });
}

/** Offsets of records that each say how far the next one is. */
function recordsAt(file: Buffer, start: number, count: number): readonly number[] {
  const records: number[] = [];
  for (let at = start; records.length < count; ) {
    records.push(at);
    const next = file.readUInt32LE(at + 12);
    if (next === 0) break;
    at += next;
  }
  return records;
}

function textAt(file: Buffer, at: number): string {
  const end = Number.isNaN(at) ? -1 : file.indexOf(0, at);
  if (end < 0) throw new RangeError('a text has no beginning or no end');
  return file.toString('utf8', at, end);
}

/** Offsets and addresses of files of a few megabytes fit into a number; what does not is out of range for all that follows. */
function wordAt(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at));
}
