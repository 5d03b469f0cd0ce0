// An OCI registry: distribution's own, the one that most registries are made from, for tests and the local stack.
import { join } from 'node:path';
import { type BuildOptions, builtModule, type GoModule, WITHOUT_DEBUG } from './build.ts';

const REGISTRY: GoModule = {
  title: 'the OCI registry',
  entry: 'registry',
  folder: join(import.meta.dirname, '..', 'registry'),
  builds: '.',
  flags: () => ['-trimpath', '-buildvcs=false', '-ldflags=-s -w', WITHOUT_DEBUG],
  cost: '2 to 4 minutes on two cores the first time; 56 MB of program',
};

/** Path of the program, building it first if this cache has none. Unavailable when the build fails, with the end of its output. */
export async function registryProgram(options: BuildOptions): Promise<string> {
  return join(await builtModule(REGISTRY, options), 'registry');
}
