// Builds small programs and libraries as a linker would lay them out, with just the parts that a loader reads.

export interface Sample {
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  /** Library -> versions; a version that ends in `?` is needed weakly. */
  readonly versions?: Readonly<Record<string, readonly string[]>>;
  /** Of the file header; 62 is x86-64. */
  readonly machine?: number;
}

/** Where the file's content is loaded: addresses and offsets differ, as they do in real files. */
const BASE = 0x400000;
const HEADER = 64;
const SEGMENT = 56;

/** The file's bytes. */
export function elfFile({ interpreter, needed = [], runpath, versions = {}, machine = 62 }: Sample): Buffer {
  const strings = new Strings();
  const records = Buffer.concat(versionRecords(versions, strings));
  const tags: (readonly [number, number])[] = [
    ...needed.map((name) => [1, strings.add(name)] as const),
    ...(runpath === undefined ? [] : [[29, strings.add(runpath)] as const]),
  ];
  const loader = Buffer.from(interpreter === undefined ? '' : `${interpreter}\0`);
  const count = interpreter === undefined ? 2 : 3;
  const at = { loader: HEADER + count * SEGMENT, strings: 0, records: 0, dynamic: 0 };
  at.strings = at.loader + loader.length;
  at.records = at.strings + strings.bytes().length;
  at.dynamic = at.records + records.length;
  tags.push([5, BASE + at.strings]);
  if (records.length > 0) tags.push([0x6ffffffe, BASE + at.records], [0x6fffffff, Object.keys(versions).length]);
  const dynamic = words(...tags.flat(), 0, 0);
  const size = at.dynamic + dynamic.length;
  const segments = [
    segment(1, 0, size),
    segment(2, at.dynamic, dynamic.length),
    ...(interpreter === undefined ? [] : [segment(3, at.loader, loader.length)]),
  ];
  return Buffer.concat([fileHeader(count, machine), ...segments, loader, strings.bytes(), records, dynamic]);
}

class Strings {
  #text = '\0';

  add(text: string): number {
    const at = this.#text.length;
    this.#text += `${text}\0`;
    return at;
  }

  bytes(): Buffer {
    return Buffer.from(this.#text);
  }
}

function fileHeader(segments: number, machine: number): Buffer {
  const header = Buffer.alloc(HEADER);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(machine, 18);
  header.writeBigUInt64LE(BigInt(HEADER), 32);
  header.writeUInt16LE(SEGMENT, 54);
  header.writeUInt16LE(segments, 56);
  return header;
}

function segment(type: number, offset: number, size: number): Buffer {
  const kind = Buffer.alloc(8);
  kind.writeUInt32LE(type, 0);
  return Buffer.concat([kind, words(offset, BASE + offset, BASE + offset, size, size, 1)]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), index * 8);
  return bytes;
}

function versionRecords(versions: Readonly<Record<string, readonly string[]>>, strings: Strings): readonly Buffer[] {
  const libraries = Object.entries(versions);
  return libraries.map(([library, names], index) => {
    const head = Buffer.alloc(16);
    head.writeUInt16LE(1, 0);
    head.writeUInt16LE(names.length, 2);
    head.writeUInt32LE(strings.add(library), 4);
    head.writeUInt32LE(16, 8);
    head.writeUInt32LE(index + 1 < libraries.length ? 16 + names.length * 16 : 0, 12);
    return Buffer.concat([head, ...names.map((name, place) => detail(name, place + 1 < names.length, strings))]);
  });
}

function detail(name: string, more: boolean, strings: Strings): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt16LE(name.endsWith('?') ? 2 : 0, 4);
  record.writeUInt32LE(strings.add(name.replace(/\?$/, '')), 8);
  record.writeUInt32LE(more ? 16 : 0, 12);
  return record;
}
