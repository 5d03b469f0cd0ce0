// Where kubectl and helm are for somebody who has installed neither: the local host has unpacked them into the user's cache.
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Programs } from './settings.ts';

/** Names that PATH does not know become paths into the unpacked layer, where there is one. */
export function withLayer(programs: Programs, layerFolder: string, searchPath: string): Programs {
  const layers = existsSync(layerFolder) ? readdirSync(layerFolder).map((name) => join(layerFolder, name)) : [];
  const found = (program: string): string => {
    const places = program.includes('/') ? [program] : searchPath.split(delimiter).map((folder) => join(folder, program));
    if (places.some((place) => existsSync(place))) return program;
    return layers.map((layer) => join(layer, program)).find((place) => existsSync(place)) ?? program;
  };
  return { ...programs, kubectl: found(programs.kubectl), helm: found(programs.helm) };
}
