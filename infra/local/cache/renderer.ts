// The renderer: our own Go program in infra/renderer, which carries kustomize's and Helm's libraries.
import { join } from 'node:path';
import { type BuildOptions, builtModule, type GoModule, WITHOUT_DEBUG } from './build.ts';

export const RENDERER: GoModule = {
  title: 'the renderer',
  entry: 'renderer',
  folder: join(import.meta.dirname, '..', '..', 'renderer'),
  builds: '.',
  flags: () => ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', WITHOUT_DEBUG],
  cost: '2 to 3 minutes on two cores the first time; 0.3 GB of modules, 0.6 GB of build cache, 42 MB of program',
};

/** Path of the program, building it first if this cache has none. Unavailable when the build fails, with the end of its output. */
export async function rendererProgram(options: BuildOptions): Promise<string> {
  return join(await builtModule(RENDERER, options), 'renderer');
}
