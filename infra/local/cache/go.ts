// The Go that is installed on this machine: which it is, where it keeps things, and what a build of ours sets for it.
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { Unavailable } from '../../../lib/model/errors.ts';

/** The installed Go, as it speaks for itself and not of one that it would fetch. */
export interface InstalledGo {
  /** `go1.26.8` */
  readonly version: string;
  /** `linux/amd64` */
  readonly platform: string;
}

/** Asks the installed Go for its version, outside of our modules and with GOTOOLCHAIN=local, so that it fetches nothing. */
export async function installedGo(): Promise<InstalledGo | undefined> {
  const [version, system, architecture] = (await askGo('GOVERSION', 'GOOS', 'GOARCH')) ?? [];
  // Go before 1.16 knows no GOVERSION and prints an empty line.
  return version === undefined
    ? undefined
    : { version: version === '' ? 'go1.15 or older' : version, platform: `${system}/${architecture}` };
}

/** The installed Go. Unavailable, with the way to get one, when there is none. */
export async function requiredGo(): Promise<InstalledGo> {
  const go = await installedGo();
  if (go === undefined) throw new Unavailable('go is not on PATH: install Go 1.21 or newer from https://go.dev/dl');
  return go;
}

/** The folders that Go keeps modules and compiled packages in. */
export async function goCaches(): Promise<readonly string[]> {
  return ((await askGo('GOMODCACHE', 'GOCACHE')) ?? []).filter((folder) => folder !== '');
}

/** The compiler that a build uses: the installed one, or the one that go.mod asks for when that is newer (go.dev/doc/toolchain). */
export function effectiveGo(installed: string, goMod: string): string {
  const asked = /^go (\d\S*)$/m.exec(goMod)?.[1] ?? '0';
  const [, own = '0'] = /go(\d[\d.]*)/.exec(installed) ?? [];
  return asked.localeCompare(own, 'en', { numeric: true }) > 0 ? `go${asked}` : installed;
}

/** The user's own Go settings (proxy, caches) hold; what would change the result is set. Images ship GOTOOLCHAIN=local. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
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
