// Each function as an ES module with everything that it imports, for the local host and for the deployed package alike.
// What several share, and what is imported only when it is needed, are files of their own beside it: a cold start reads what it needs.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin, stop } from 'esbuild';

/** A function to bundle: its name, and the module that exports its handler. */
export interface BundleEntry {
  readonly name: string;
  /** Absolute path of the TypeScript module. */
  readonly entry: string;
}

export interface Bundle {
  readonly name: string;
  /** Absolute path of the bundle; the files that it loads later and the source maps are beside it. */
  readonly file: string;
  /** Absolute paths of the modules that belong to it, itself first, and of what they read. */
  readonly files: readonly string[];
  /** What a cold start reads: the bundle and the files that it imports at once. */
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

/** Packages that do nothing until they are called and do not say so in their manifests: a function that never calls them leaves them out. */
const QUIET_PACKAGES = /^(undici|yaml|js-yaml)$/;
const RESOLVED = Symbol('resolved');

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup: ({ onResolve, resolve: resolvePath }) => {
    onResolve({ filter: QUIET_PACKAGES }, async ({ path, kind, resolveDir, importer, pluginData }) => {
      if (pluginData === RESOLVED) return undefined;
      const found = await resolvePath(path, { kind, resolveDir, importer, pluginData: RESOLVED });
      return { ...found, sideEffects: false };
    });
  },
};

/** Packages that read a WebAssembly module from the folder that they are in: it is put beside the file that holds them. */
const WITH_MODULES = /[\\/]node_modules[\\/](?:wasmoon|jq-web)[\\/].*\.js$/;

const carryModules: Plugin = {
  name: 'carry-modules',
  setup: ({ onLoad }) => {
    onLoad({ filter: WITH_MODULES }, async ({ path }) => {
      const modules = (await readdir(dirname(path))).filter((name) => name.endsWith('.wasm'));
      const mentions = modules.map((name) => `require(${JSON.stringify(`./${name}`)});`);
      return { contents: [await readFile(path, 'utf8'), ...mentions].join('\n') };
    });
  },
};

/**
 * Bundles the entries to `<outDir>/<name>.mjs`. Throws with esbuild's messages when one does not build.
 * One build for all of them, since nearly everything that they import is the same; its process ends with it.
 */
export async function bundleFunctions(
  entries: readonly BundleEntry[],
  { root, outDir }: { readonly root: string; readonly outDir: string },
): Promise<readonly Bundle[]> {
  await mkdir(outDir, { recursive: true });
  try {
    const { metafile } = await build({
      ...SETTINGS,
      absWorkingDir: root,
      entryPoints: entries.map(({ name, entry }) => ({ in: entry, out: name })),
      outdir: outDir,
      metafile: true,
    });
    return entries.map(({ name }) => bundleOf(name, join(outDir, `${name}.mjs`), root, metafile));
  } finally {
    await stop();
  }
}

const SETTINGS: BuildOptions = {
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  banner: { js: COMMONJS },
  loader: { '.wasm': 'file' },
  assetNames: '[name]',
  plugins: [leaveOutUnused, carryModules],
  minify: true,
  keepNames: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'external',
  logLevel: 'silent',
};

function bundleOf(name: string, file: string, root: string, metafile: Metafile): Bundle {
  const all = [...reachable(relative(root, file), metafile, () => true)];
  const atOnce = [...reachable(relative(root, file), metafile, (kind) => kind === 'import-statement')];
  return {
    name,
    file,
    files: all.map((path) => resolve(root, path)),
    bytes: atOnce.reduce((sum, path) => sum + (metafile.outputs[path]?.bytes ?? 0), 0),
    inputs: [...new Set(all.flatMap((path) => Object.keys(metafile.outputs[path]?.inputs ?? {})))],
  };
}

/** An output and what it imports in those ways, directly or not. esbuild also writes what only left-out code would have imported. */
function reachable(entry: string, { outputs }: Metafile, follow: (kind: string) => boolean): ReadonlySet<string> {
  const reached = new Set([entry]);
  for (const path of reached) {
    const imports = outputs[path]?.imports.filter(({ kind, external }) => !external && follow(kind)) ?? [];
    for (const imported of imports) reached.add(imported.path);
  }
  return reached;
}
