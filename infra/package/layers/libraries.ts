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
/** What to do about a machine whose programs will not do. */
export const WAY_OUT =
  'build the package where git was made for that glibc or an older one, such as Debian 12 or Amazon Linux 2023 (a container will do)';

/**
 * The programs' libraries and the libraries of those, but for the runtime's own.
 * Throws InvalidInput when one is nowhere, and, with every fault, when what was found cannot run on the runtime.
 */
export function librariesOf(programs: readonly Binary[], folders: readonly string[] = systemFolders()): readonly Binary[] {
  const libraries = collect(programs, folders, (name) => !isRuntimeLibrary(name));
  const faults = [...programs, ...libraries].flatMap(({ path, content }) => runtimeFaults(path, readElf(content, path)));
  if (faults.length > 0) throw new InvalidInput(`${faults.join('; ')}: ${WAY_OUT}`);
  return libraries;
}

/** The program's libraries, its C library and loader among them: it runs wherever the loader is told to start it. InvalidInput as above. */
export function completeLibrariesOf(program: Binary, folders: readonly string[] = systemFolders()): readonly Binary[] {
  return collect([program], folders, () => true);
}

function collect(programs: readonly Binary[], folders: readonly string[], wanted: (name: string) => boolean): readonly Binary[] {
  const libraries = new Map<string, Binary>();
  const read = ({ path, content }: Binary) => {
    const elf = readElf(content, path);
    const places = [...elf.searchPath.map((folder) => fromOrigin(folder, path)), ...folders];
    for (const name of elf.needed.filter((needed) => wanted(needed) && !libraries.has(needed))) {
      const library = find(name, places, path);
      libraries.set(name, library);
      read(library);
    }
  };
  for (const program of programs) read(program);
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
