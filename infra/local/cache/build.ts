// Builds the control plane's programs from the Go module proxy, once for each set of versions, flags and compiler.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InvalidInput, Unavailable } from '../../../lib/model/errors.ts';
import { type Child, startChild } from '../processes/child.ts';
import { startGuard } from '../processes/guard.ts';
import { type CacheEntry, cached, cacheFolder, entryFolder, type Progress } from './cache.ts';

const MODULE = join(import.meta.dirname, '..', 'controlplane');
const PROGRESS_MS = 15_000;
const STOP_GRACE_MS = 2_000;

/** The programs by the names that `go build` gives them; etcd's package is called server. */
export interface Programs {
  readonly etcd: string;
  readonly apiserver: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly kwok: string;
  readonly kustomize: string;
}

export interface BuildOptions {
  readonly progress: Progress;
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** The installed Go, as it speaks for itself and not of one that it would fetch. */
export interface InstalledGo {
  /** `go1.26.8` */
  readonly version: string;
  /** `linux/amd64` */
  readonly platform: string;
}

/** What a build depends on, as text: the same text gives the same programs. */
export interface BuildInputs {
  readonly goMod: string;
  readonly goSum: string;
  readonly go: InstalledGo;
}

/** Where the programs are, or will be once they are built. */
export async function programsFolder(root: string, go: InstalledGo): Promise<string> {
  return entryFolder(root, await programsEntry(go));
}

/** Paths of the programs, building them first if this cache has none. Unavailable when the build fails, with the end of its output. */
export async function controlPlanePrograms(options: BuildOptions): Promise<Programs> {
  const go = await installedGo();
  if (go === undefined) throw new Unavailable('go is not on PATH: install Go 1.21 or newer from https://go.dev/dl');
  const folder = await cached(options.root ?? cacheFolder(), await programsEntry(go), (into) => build(into, options), options);
  return programsIn(folder);
}

/** `go build` flags: the version that the API server reports, and with it Helm's capabilities, are set here and read from go.mod. */
export function buildFlags(goMod: string): readonly string[] {
  const version = kubernetesVersion(goMod);
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const values = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const sets = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
  return ['-trimpath', '-buildvcs=false', `-ldflags=-s -w ${sets.join(' ')}`];
}

/** The version of k8s.io/kubernetes that a go.mod requires. */
export function kubernetesVersion(goMod: string): string {
  const version = /^\s*(?:require\s+)?k8s\.io\/kubernetes (v\S+)/m.exec(goMod)?.[1];
  if (version === undefined) throw new InvalidInput('infra/local/controlplane/go.mod: it does not require k8s.io/kubernetes');
  return version;
}

export function buildKey(inputs: BuildInputs): string {
  const parts = [inputs.goMod, inputs.goSum, effectiveGo(inputs.go.version, inputs.goMod), inputs.go.platform, ...buildFlags(inputs.goMod)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** The compiler that a build uses: the installed one, or the one that go.mod asks for when that is newer (go.dev/doc/toolchain). */
export function effectiveGo(installed: string, goMod: string): string {
  const asked = /^go (\d\S*)$/m.exec(goMod)?.[1] ?? '0';
  const [, own = '0'] = /go(\d[\d.]*)/.exec(installed) ?? [];
  return asked.localeCompare(own, 'en', { numeric: true }) > 0 ? `go${asked}` : installed;
}

async function programsEntry(go: InstalledGo): Promise<CacheEntry> {
  const [goMod, goSum] = await Promise.all([readFile(join(MODULE, 'go.mod'), 'utf8'), readFile(join(MODULE, 'go.sum'), 'utf8')]);
  return { name: 'programs', key: buildKey({ goMod, goSum, go }) };
}

function programsIn(folder: string): Programs {
  return {
    etcd: join(folder, 'server'),
    apiserver: join(folder, 'kube-apiserver'),
    controllerManager: join(folder, 'kube-controller-manager'),
    scheduler: join(folder, 'kube-scheduler'),
    kwok: join(folder, 'kwok'),
    kustomize: join(folder, 'kustomize'),
  };
}

/** Asks the installed Go for its version, outside of our module and with GOTOOLCHAIN=local, so that it fetches nothing. */
export async function installedGo(): Promise<InstalledGo | undefined> {
  const [version, system, architecture] = (await askGo('GOVERSION', 'GOOS', 'GOARCH')) ?? [];
  // Go before 1.16 knows no GOVERSION and prints an empty line.
  return version === undefined
    ? undefined
    : { version: version === '' ? 'go1.15 or older' : version, platform: `${system}/${architecture}` };
}

/** The folders that Go keeps modules and compiled packages in. */
export async function goCaches(): Promise<readonly string[]> {
  return ((await askGo('GOMODCACHE', 'GOCACHE')) ?? []).filter((folder) => folder !== '');
}

async function askGo(...names: readonly string[]): Promise<readonly string[] | undefined> {
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '', GOWORK: 'off' };
  try {
    const { stdout } = await promisify(execFile)('go', ['env', ...names], { cwd: tmpdir(), env });
    return stdout.trimEnd().split('\n');
  } catch {
    return undefined;
  }
}

/** The user's own Go settings (proxy, caches) hold; what would change the result is set. Images ship GOTOOLCHAIN=local. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
}

async function build(into: string, options: BuildOptions): Promise<void> {
  options.progress(
    'building the control plane: 4 to 5 minutes on two cores the first time; 0.8 GB of modules, 2.9 GB of build cache, 370 MB of programs',
  );
  const goMod = await readFile(join(MODULE, 'go.mod'), 'utf8');
  const guard = startGuard();
  const output = new BuildOutput();
  const go = await startChild({
    name: 'go build',
    command: 'go',
    args: ['build', '-v', ...buildFlags(goMod), '-o', `${into}/`, 'tool'],
    cwd: MODULE,
    env: goEnvironment(),
    guard,
    onLine: (line) => output.add(line),
  });
  const timer = setInterval(() => options.progress(output.line()), PROGRESS_MS);
  try {
    await finished(go, output, options.signal);
  } finally {
    clearInterval(timer);
    guard.release();
  }
  options.progress(output.line());
}

async function finished(go: Child, output: BuildOutput, signal: AbortSignal | undefined): Promise<void> {
  const cancel = () => void go.stop(STOP_GRACE_MS);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  const how = await go.ended;
  signal?.removeEventListener('abort', cancel);
  signal?.throwIfAborted();
  if (how !== 'exit code 0')
    throw new Unavailable(
      `go build of the control plane failed (${how}); it needs the Go module proxy and free disk:\n${output.complaints()}`,
    );
}

/** Counts what `go build -v` says: a line for each module fetched, one for each package compiled, and the rest is complaint. */
class BuildOutput {
  readonly #started = Date.now();
  #modules = 0;
  #packages = 0;
  #rest: string[] = [];

  add(line: string): void {
    if (line.startsWith('go: downloading ')) this.#modules += 1;
    else if (/^[\w.~/-]+$/.test(line)) this.#packages += 1;
    else this.#rest = [...this.#rest, line].slice(-20);
  }

  line(): string {
    const seconds = Math.round((Date.now() - this.#started) / 1000);
    return `building the control plane: ${this.#modules} modules fetched, ${this.#packages} packages compiled, ${seconds} s`;
  }

  complaints(): string {
    return this.#rest.join('\n');
  }
}
