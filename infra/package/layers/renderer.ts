// The renderer layer: our own Go program, built from infra/renderer as the local host builds it. It is linked with nothing.
import { readFile } from 'node:fs/promises';
import type { BuildOptions } from '../../local/cache/build.ts';
import { rendererProgram } from '../../local/cache/renderer.ts';
import type { PackedFile } from '../zip.ts';

/** Path of the program in the layer. */
export const RENDERER = 'renderer/renderer';

/** Files of the layer. Throws Unavailable when the program cannot be built. */
export async function rendererLayer(options: BuildOptions): Promise<readonly PackedFile[]> {
  return [{ path: RENDERER, content: await readFile(await rendererProgram(options)), executable: true }];
}
