// The stock tools at work on the sample, by themselves, as many at a time as there are cores; and how long a piece of work takes.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inParallel } from './fleet.ts';
import { baseFiles, CHART, chartFiles, type Files, overlayFiles } from './sample.ts';

const run = promisify(execFile);

/** Writes the base, an overlay for each name, and the chart below `dir`. */
export async function writeSample(dir: string, names: readonly string[]): Promise<void> {
  const files: Files = Object.assign(baseFiles(1), chartFiles(), ...names.map((name) => overlayFiles(name, 1)));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** `kustomize build` of each overlay. */
export function kustomizeBuilds(kustomize: string, dir: string, names: readonly string[]): Promise<readonly string[]> {
  return outputs(names, (name) => [kustomize, 'build', join(dir, 'overlays', name)]);
}

/** `helm template` of the chart, a release for each name. */
export function helmTemplates(helm: string, dir: string, names: readonly string[]): Promise<readonly string[]> {
  return outputs(names, (name) => [helm, 'template', name, join(dir, CHART)]);
}

async function outputs(
  names: readonly string[],
  command: (name: string) => readonly [program: string, ...args: readonly string[]],
): Promise<readonly string[]> {
  const texts: string[] = [];
  await inParallel(names, availableParallelism(), async (name) => {
    const [program, ...args] = command(name);
    texts.push((await run(program, args)).stdout);
  });
  return texts;
}

/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
