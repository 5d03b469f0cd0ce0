// The shared libraries that programs are linked with, found where the machine's dynamic loader finds them (ld.so(8)).
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { isElf, readElf } from './elf.ts';
import { isRuntimeLibrary, runtimeFaults } from './glibc.ts';

/** A file that the loader reads. */
export interface Binary {
  /** What others call it: `libz.so.1`. */
  readonly name: string;
  /** Where it was found. */
  readonly path: string;
  readonly content: Buffer;
}

const LD_CONFIG = '/etc/ld.so.conf';
const STANDARD_FOLDERS = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];
const WAY_OUT =
  'build the package where git was made for that glibc or an older one, such as Debian 12 or Amazon Linux 2023 (a container will do)';

/**
 * The programs' libraries and the libraries of those, but for the runtime's own.
 * Throws InvalidInput when one is nowhere, and, with every fault, when what was found cannot run on the runtime.
 */
export function librariesOf(programs: readonly Binary[], folders: readonly string[] = systemFolders()): readonly Binary[] {
  const libraries = new Map<string, Binary>();
  const faults: string[] = [];
  const read = (binary: Binary) => {
    const elf = readElf(binary.content, binary.path);
    faults.push(...runtimeFaults(binary.path, elf));
    const places = [...elf.searchPath.map((folder) => fromOrigin(folder, binary.path)), ...folders];
    for (const name of elf.needed.filter((needed) => !isRuntimeLibrary(needed) && !libraries.has(needed))) {
      const library = find(name, places, binary.path);
      libraries.set(name, library);
      read(library);
    }
  };
  for (const program of programs) read(program);
  if (faults.length > 0) throw new InvalidInput(`${faults.join('; ')}: ${WAY_OUT}`);
  return [...libraries.values()];
}

function fromOrigin(folder: string, path: string): string {
  return folder.replace(/\$ORIGIN|\$\{ORIGIN\}/g, dirname(path));
}

/** Folders may hold libraries of other machines too, which the loader passes by. */
function find(name: string, folders: readonly string[], wantedBy: string): Binary {
  for (const folder of folders) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const content = readFileSync(path);
    if (isElf(content)) return { name, path, content };
  }
  throw new InvalidInput(`${wantedBy} needs ${name}, which is in none of ${folders.join(', ')}: install it`);
}

/** Folders of ld.so.conf and of what it includes, then the standard ones. */
function systemFolders(): readonly string[] {
  return [...configured(LD_CONFIG), ...STANDARD_FOLDERS];
}

function configured(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim());
  return lines.filter(Boolean).flatMap((line) => {
    const [, pattern] = /^include\s+(.+)$/.exec(line) ?? [];
    return pattern === undefined
      ? [line]
      : globSync(resolve(dirname(file), pattern))
          .sort()
          .flatMap(configured);
  });
}
