// Builds a Go module of ours, with what it takes from the Go module proxy, once for each set of versions, sources, flags and compiler.
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Unavailable } from '../../../lib/model/errors.ts';
import { type Child, startChild } from '../processes/child.ts';
import { startGuard } from '../processes/guard.ts';
import { type CacheEntry, cached, cacheFolder, entryFolder, type Progress } from './cache.ts';
import { effectiveGo, goEnvironment, type InstalledGo, requiredGo } from './go.ts';

/** A flag of `go build`: what only a debugger reads is not made, which the linker would leave out anyway; a seventh of a build's time. */
export const WITHOUT_DEBUG = '-gcflags=all=-dwarf=false';

const PROGRESS_MS = 15_000;
const STOP_GRACE_MS = 2_000;

/** A folder with a go.mod, and what is to be built of it. */
export interface GoModule {
  /** What a person calls it: `the control plane`. */
  readonly title: string;
  /** Its name in the cache. */
  readonly entry: string;
  /** Absolute path. */
  readonly folder: string;
  /** The programs that go.mod names on its `tool` lines, or the module's own program. */
  readonly builds: 'tool' | '.';
  /** Flags of `go build`, from the text of go.mod. */
  readonly flags: (goMod: string) => readonly string[];
  /** How long a first build takes and how much disk. */
  readonly cost: string;
}

export interface BuildOptions {
  readonly progress: Progress;
  /** The cache folder; the user's own unless given. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** What a build depends on, as text: the same text gives the same programs. */
export interface BuildInputs {
  readonly goMod: string;
  readonly goSum: string;
  readonly go: InstalledGo;
  readonly flags: readonly string[];
  /** The module's own Go files, each as its path and its content, in the order of their paths. */
  readonly sources: readonly string[];
}

/** Folder that holds the module's programs, built first if this cache has none. Unavailable when the build fails, with the end of its output. */
export async function builtModule(module: GoModule, options: BuildOptions): Promise<string> {
  const entry = await entryOf(module, await requiredGo());
  return cached(options.root ?? cacheFolder(), entry, (into) => build(module, into, options), options);
}

/** Where a module's programs are, or will be once they are built. */
export async function moduleFolder(module: GoModule, root: string, go: InstalledGo): Promise<string> {
  return entryFolder(root, await entryOf(module, go));
}

export function buildKey({ goMod, goSum, go, flags, sources }: BuildInputs): string {
  const parts = [goMod, goSum, effectiveGo(go.version, goMod), go.platform, ...flags, ...sources];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

async function entryOf({ entry, folder, flags }: GoModule, go: InstalledGo): Promise<CacheEntry> {
  const [goMod, goSum] = await Promise.all([readFile(join(folder, 'go.mod'), 'utf8'), readFile(join(folder, 'go.sum'), 'utf8')]);
  return { name: entry, key: buildKey({ goMod, goSum, go, flags: flags(goMod), sources: await sourcesIn(folder) }) };
}

/** Tests are no part of a program. */
async function sourcesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /(?<!_test)\.go$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = paths.sort().map(async (path) => [relative(folder, path), await readFile(path, 'utf8')]);
  return (await Promise.all(texts)).flat();
}

async function build(module: GoModule, into: string, options: BuildOptions): Promise<void> {
  const { title, folder, flags, builds, cost } = module;
  options.progress(`building ${title}: ${cost}`);
  const goMod = await readFile(join(folder, 'go.mod'), 'utf8');
  const guard = startGuard();
  const output = new BuildOutput(title);
  const go = await startChild({
    name: 'go build',
    command: 'go',
    args: ['build', '-v', ...flags(goMod), '-o', `${into}/`, builds],
    cwd: folder,
    env: goEnvironment(),
    guard,
    onLine: (line) => output.add(line),
  });
  const timer = setInterval(() => options.progress(output.line()), PROGRESS_MS);
  try {
    await finished(title, go, output, options.signal);
  } finally {
    clearInterval(timer);
    guard.release();
  }
  options.progress(output.line());
}

async function finished(title: string, go: Child, output: BuildOutput, signal: AbortSignal | undefined): Promise<void> {
  const cancel = () => void go.stop(STOP_GRACE_MS);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const how = await go.ended;
  signal?.removeEventListener('abort', cancel);
  signal?.throwIfAborted();
  if (how !== 'exit code 0')
    throw new Unavailable(`go build of ${title} failed (${how}); it needs the Go module proxy and free disk:\n${output.complaints()}`);
}

/** Counts what `go build -v` says: a line for each module fetched, one for each package compiled, and the rest is complaint. */
class BuildOutput {
  readonly #title: string;
  readonly #started = Date.now();
  #modules = 0;
  #packages = 0;
  #rest: string[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  add(line: string): void {
    if (line.startsWith('go: downloading ')) this.#modules += 1;
    else if (/^[\w.~/-]+$/.test(line)) this.#packages += 1;
    else this.#rest = [...this.#rest, line].slice(-20);
  }

  line(): string {
    const seconds = Math.round((Date.now() - this.#started) / 1000);
    return `building ${this.#title}: ${this.#modules} modules fetched, ${this.#packages} packages compiled, ${seconds} s`;
  }

  complaints(): string {
    return this.#rest.join('\n');
  }
}
