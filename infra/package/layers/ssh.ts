// ssh for the git layer: this machine's OpenSSH client with all that it is linked with, the C library and its loader included, since
// Debian's needs a newer glibc than the runtime has.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { InvalidInput } from '../../../lib/model/errors.ts';
import type { PackedFile } from '../zip.ts';
import { readElf } from './elf.ts';
import { GLIBC_LOADER } from './glibc.ts';
import { type Binary, completeLibrariesOf, WAY_OUT } from './libraries.ts';

/** Path of the launcher in the layer. */
export const SSH = 'git/bin/ssh';
/** Folder of the program, its loader and its libraries. */
export const SSH_FOLDER = 'git/ssh';

/** Name of the loader that starts it. */
export const LOADER = basename(GLIBC_LOADER);

/** Files of ssh. Throws InvalidInput when this machine has none, or one that another loader starts. */
export function sshFiles(searchPath: string = process.env['PATH'] ?? ''): readonly PackedFile[] {
  const program = sshIn(searchPath);
  const { interpreter } = readElf(program.content, program.path);
  if (interpreter !== GLIBC_LOADER)
    throw new InvalidInput(`${program.path} is started by ${interpreter}, and not by ${GLIBC_LOADER}: ${WAY_OUT}`);
  const loader = { name: LOADER, content: readFileSync(interpreter) };
  const libraries = completeLibrariesOf(program).filter(({ name }) => name !== LOADER);
  return [
    { path: SSH, content: Buffer.from(LAUNCHER), executable: true },
    ...[program, loader, ...libraries].map(({ name, content }) => ({ path: `${SSH_FOLDER}/${name}`, content, executable: true })),
  ];
}

/** What ssh starts itself, such as a proxy command, is the runtime's own and gets none of our libraries. */
const LAUNCHER = `#!/bin/sh
folder=\${0%/bin/ssh}/ssh
unset LD_LIBRARY_PATH
exec "$folder/${LOADER}" --library-path "$folder" "$folder/ssh" "$@"
`;

function sshIn(searchPath: string): Binary {
  const places = searchPath.split(delimiter).filter(isAbsolute);
  const found = places.map((folder) => join(folder, 'ssh')).find((path) => existsSync(path));
  if (found === undefined)
    throw new InvalidInput(
      "the git layer's ssh is collected from this machine, and PATH leads to none: install OpenSSH's client (Debian: openssh-client)",
    );
  const path = realpathSync(found);
  return { name: 'ssh', path, content: readFileSync(path) };
}
