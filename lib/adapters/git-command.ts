// git as a process: a clean environment, no configuration but ours, only the protocol that the URL names, commit ids and URLs that cannot
// be options. Everything secret of a repository's access reaches git and ssh through files of their own, never arguments or environment.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import type { RepositoryAccess } from '../model/repository.ts';
import { type RepositoryUrl, repositoryUrl } from '../model/repository-url.ts';
import { type Detour, filesOf, isPlain, shellQuoted } from './git-config.ts';
import { gitFault } from './git-fault.ts';
import { localFault } from './local-fault.ts';
import { findProgram, type ProcessResult, runProcess } from './process.ts';
import { openTunnel, type Tunnel } from './socks.ts';

export interface GitOptions {
  /** Path, or a name to be found on PATH. */
  readonly git: string;
  /** Likewise; needed for repositories by SSH only. */
  readonly ssh: string;
  readonly timeoutSeconds: number;
}

export interface GitRun {
  readonly args: readonly string[];
  /** Of the repository whose URL is among the arguments. */
  readonly access?: RepositoryAccess;
  readonly cwd?: string;
  readonly indexFile?: string;
  readonly input?: string;
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const CONNECT_MS = 15_000;

const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.quotePath': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.version': '2',
  'safe.directory': '*',
};

/**
 * Runs git and returns what it prints. Throws Unavailable or InvalidInput, by what git and ssh say, with the repository's URL, and
 * DamagedClone or DiskFull for a fault of this machine.
 */
export async function runGit(options: GitOptions, run: GitRun): Promise<Buffer> {
  if (run.access === undefined) return outputOf(await start(options, run, {}), options);
  const at = repositoryUrl(run.access.url);
  const prepared = await prepare(options, run.access, at);
  try {
    const result = await start(options, run, prepared.environment);
    if (isSuccess(result)) return result.stdout;
    const tunnel = prepared.tunnel?.fault();
    if (tunnel) throw new Unavailable(`repository ${at.url} does not answer: ${tunnel.message}`);
    const said = saidBy(result, options);
    const redirect = /returned error: 30\d/.test(said) ? await redirectOf(options, run.access, prepared) : undefined;
    throw gitFault({ said, access: run.access, redirect });
  } finally {
    await prepared.release();
  }
}

interface Prepared {
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly tunnel: Tunnel | undefined;
  release(): Promise<void>;
}

async function prepare(options: GitOptions, access: RepositoryAccess, at: RepositoryUrl): Promise<Prepared> {
  const allowed = { GIT_ALLOW_PROTOCOL: at.protocol === 'ssh' ? 'ssh' : 'http:https' };
  if (isPlain(access, at)) return { environment: allowed, folder: '', tunnel: undefined, release: async () => undefined };
  const ssh = at.protocol === 'ssh' ? findProgram(options.ssh, 'EVENKEEL_SSH') : undefined;
  const tunnel = ssh === undefined ? undefined : await sshTunnel(access, at);
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-git-'));
  const release = async () => {
    tunnel?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const detour: Detour | undefined = tunnel && { host: '127.0.0.1', port: tunnel.port };
    for (const [name, text] of filesOf(access, at, folder, detour)) await writeFile(join(folder, name), text, { mode: 0o600 });
    const config = { GIT_CONFIG_GLOBAL: join(folder, 'config') };
    return { environment: { ...allowed, ...config, ...(await trusting(access, folder)), ...sshBy(ssh, folder) }, folder, tunnel, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** ssh has no proxy of its own; what is no SOCKS proxy would see and refuse its protocol. */
async function sshTunnel({ proxy }: RepositoryAccess, at: RepositoryUrl): Promise<Tunnel | undefined> {
  if (proxy === undefined) return undefined;
  const url = new URL(proxy);
  if (!url.protocol.startsWith('socks5'))
    throw new InvalidInput(
      `repository ${at.url}: proxy: SSH goes through a SOCKS proxy only: write socks5://host:port, or list ${at.host} in noProxy`,
    );
  return openTunnel(url, at, CONNECT_MS);
}

/** In the environment, where a launcher of git's may have put the machine's own. The empty folder keeps the system's away. */
async function trusting({ ca }: RepositoryAccess, folder: string): Promise<Readonly<Record<string, string>>> {
  if (ca === undefined) return {};
  await mkdir(join(folder, 'no-cas'));
  return { GIT_SSL_CAINFO: join(folder, 'ca'), GIT_SSL_CAPATH: join(folder, 'no-cas') };
}

function sshBy(ssh: string | undefined, folder: string): Readonly<Record<string, string>> {
  if (ssh === undefined) return {};
  return { GIT_SSH_COMMAND: `${shellQuoted(ssh)} -F ${shellQuoted(join(folder, 'ssh_config'))}`, GIT_SSH_VARIANT: 'ssh' };
}

function start(options: GitOptions, run: GitRun, environment: Readonly<Record<string, string>>): Promise<ProcessResult> {
  return runProcess({
    program: findProgram(options.git, 'EVENKEEL_GIT'),
    args: run.args,
    cwd: run.cwd ?? tmpdir(),
    env: { ...cleanEnvironment(), ...environment, ...(run.indexFile === undefined ? {} : { GIT_INDEX_FILE: run.indexFile }) },
    input: run.input,
    timeoutSeconds: options.timeoutSeconds,
    maxOutputBytes: MAX_OUTPUT_BYTES,
  });
}

function cleanEnvironment(): Readonly<Record<string, string>> {
  const settings = Object.entries(SETTINGS);
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries(numbered),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: '',
    GIT_LFS_SKIP_SMUDGE: '1',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
  };
}

function isSuccess({ code, overflow }: ProcessResult): boolean {
  return code === 0 && !overflow;
}

function saidBy(result: ProcessResult, { timeoutSeconds }: GitOptions): string {
  if (result.timedOut) return `no answer within ${timeoutSeconds} s`;
  return result.stderr || `git ended with ${result.code ?? result.signal}`;
}

function outputOf(result: ProcessResult, options: GitOptions): Buffer {
  if (isSuccess(result)) return result.stdout;
  const said = saidBy(result, options);
  throw localFault(said, 'a repository') ?? new Unavailable(`git does not answer: ${said}`);
}

/** git does not say where a redirect that it refuses leads, except in a trace of its headers, where it hides credentials by itself. */
async function redirectOf(options: GitOptions, access: RepositoryAccess, prepared: Prepared): Promise<string | undefined> {
  if (prepared.folder === '') return undefined;
  const trace = join(prepared.folder, 'trace');
  const environment = { ...prepared.environment, GIT_TRACE_CURL: trace, GIT_TRACE_CURL_NO_DATA: '1' };
  await start(options, { args: ['ls-remote', '--quiet', '--', access.url] }, environment);
  const text = await readFile(trace, 'utf8').catch(() => '');
  const location = [...text.matchAll(/<= Recv header: location:\s*(\S+)/gi)].at(-1)?.[1];
  const url = location === undefined ? null : URL.parse(location, access.url);
  return url ? `${url.protocol}//${url.host}${url.pathname.replace(/\/info\/refs$/, '')}` : undefined;
}
