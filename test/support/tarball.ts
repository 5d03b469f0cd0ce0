// tar and tgz archives in memory, the well-made and the ill-made (POSIX.1-1988 ustar headers).
import { gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly name: string;
  readonly text?: string | Buffer;
  /** ustar's type flag: `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder. */
  readonly type?: string;
  readonly target?: string;
  readonly mode?: number;
}

const BLOCK = 512;

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(partsOf), Buffer.alloc(2 * BLOCK)]);
}

export function tgz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(tar(entries), { level: 1 });
}

/** A chart's archive; `files` lie below its folder. */
export function chartArchive(name: string, version: string, files: Readonly<Record<string, string>> = {}): Buffer {
  const own = { 'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`, ...files };
  return tgz(Object.entries(own).map(([path, text]) => ({ name: `${name}/${path}`, text })));
}

function partsOf(entry: TarEntry): readonly Buffer[] {
  const content = Buffer.from(entry.text ?? '');
  return [header(entry, content.length), content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)];
}

function header({ name, type = '0', target = '', mode = 0o644 }: TarEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, width: number) => block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  block.write(name, 0, 100);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return block;
}
