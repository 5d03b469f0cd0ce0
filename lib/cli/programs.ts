// Where the programs that render are for somebody who has installed none: the local host has unpacked and built them in the user's cache.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { BuiltFolders, Programs } from './settings.ts';

/** What is still being made has another ending to its name. */
const COMPLETE = /^[0-9a-f]+$/;

/** Names that PATH does not know become paths into the unpacked layer, where there is one; likewise the renderer that was built last. */
export function withBuilt(programs: Programs, built: BuiltFolders, searchPath: string): Programs {
  const found = (program: string): string => {
    const places = program.includes('/') ? [program] : searchPath.split(delimiter).map((folder) => join(folder, program));
    if (places.some((place) => existsSync(place))) return program;
    return newest(built.layer, program) ?? program;
  };
  const renderer = programs.renderer ?? newest(built.renderer, 'renderer');
  return { ...programs, kubectl: found(programs.kubectl), helm: found(programs.helm), renderer };
}

/** A program in the youngest of the folders that hold one. */
function newest(folder: string, program: string): string | undefined {
  const versions = existsSync(folder) ? readdirSync(folder).filter((name) => COMPLETE.test(name)) : [];
  const places = versions.map((version) => join(folder, version, program)).filter((place) => existsSync(place));
  return places.toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)[0];
}
