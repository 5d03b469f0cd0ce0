// Each function as one ES module with everything that it imports, for the local host and for the deployed package alike.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/** A function to bundle: its name, and the module that exports its handler. */
export interface BundleEntry {
  readonly name: string;
  /** Absolute path of the TypeScript module. */
  readonly entry: string;
}

export interface Bundle {
  readonly name: string;
  /** Absolute path of the bundle; its source map is beside it. */
  readonly file: string;
  readonly bytes: number;
  /** Files that went into it, relative to `root`. */
  readonly inputs: readonly string[];
}

/** CommonJS inside an ES module asks for these; Node gives them to CommonJS files only. */
const COMMONJS = [
  "import { createRequire as __createRequire } from 'node:module';",
  "import { fileURLToPath as __fileURLToPath } from 'node:url';",
  "import { dirname as __dirnameOf } from 'node:path';",
  'const require = __createRequire(import.meta.url);',
  'const __filename = __fileURLToPath(import.meta.url);',
  'const __dirname = __dirnameOf(__filename);',
].join(' ');

/** Bundles each entry to `<outDir>/<name>/<name>.mjs`. Throws with esbuild's messages when one does not build. */
export async function bundleFunctions(
  entries: readonly BundleEntry[],
  options: { readonly root: string; readonly outDir: string },
): Promise<readonly Bundle[]> {
  return Promise.all(entries.map((entry) => bundleFunction(entry, options)));
}

async function bundleFunction({ name, entry }: BundleEntry, { root, outDir }: { root: string; outDir: string }): Promise<Bundle> {
  const file = join(outDir, name, `${name}.mjs`);
  await mkdir(join(outDir, name), { recursive: true });
  const result = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: COMMONJS },
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  return { name, file, bytes: (await stat(file)).size, inputs: Object.keys(result.metafile.inputs) };
}
