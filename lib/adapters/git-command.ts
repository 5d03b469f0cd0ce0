// git as a process: a clean environment, no configuration but ours, http and https only, commit ids and URLs that cannot be options.
// A user name and password in a URL reach git through a file of its own, never through arguments or environment.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInput, Unavailable } from '../model/errors.ts';
import { findProgram, runProcess } from './process.ts';

export interface GitOptions {
  /** Path, or a name to be found on PATH. */
  readonly git: string;
  readonly timeoutSeconds: number;
}

/** A repository's URL without user name and password, and those apart. */
export interface Remote {
  readonly url: string;
  readonly authorization: string | undefined;
}

export interface GitRun {
  readonly args: readonly string[];
  readonly remote?: Remote;
  readonly cwd?: string;
  readonly indexFile?: string;
}

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;
const METADATA_HOSTS = new Set(['metadata.google.internal', 'metadata', '[fd00:ec2::254]', '100.100.100.200']);

const SETTINGS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.symlinks': 'true',
  'core.quotePath': 'false',
  'credential.helper': '',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.version': '2',
  'safe.directory': '*',
};

/** Takes a repoURL apart. Throws InvalidInput for another scheme, for what is no URL, and for hosts that serve a machine's credentials. */
export function remoteOf(repoURL: string): Remote {
  const url = URL.canParse(repoURL) ? new URL(repoURL) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new InvalidInput(`repository URL ${withoutUserinfo(repoURL)} is no http or https URL`);
  const { hostname } = url;
  if (METADATA_HOSTS.has(hostname) || (isIPv4(hostname) && hostname.startsWith('169.254.')) || /^\[fe[89ab]/.test(hostname)) {
    throw new InvalidInput(`repository URL ${withoutUserinfo(repoURL)} names a link-local or metadata address, which is refused`);
  }
  const userinfo = url.username || url.password ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined;
  url.username = '';
  url.password = '';
  return { url: url.href, authorization: userinfo && `Basic ${Buffer.from(userinfo).toString('base64')}` };
}

function withoutUserinfo(url: string): string {
  return url.replace(/^([^/]*\/\/)?[^/@]*@/, '$1');
}

/** Runs git and returns what it prints. Throws Unavailable or InvalidInput, by what git says, with the repository's URL. */
export async function runGit(options: GitOptions, run: GitRun): Promise<Buffer> {
  const folder = run.remote?.authorization === undefined ? undefined : await credentialFolder(run.remote, run.remote.authorization);
  try {
    const result = await runProcess({
      program: findProgram(options.git, 'EVENKEEL_GIT'),
      args: run.args,
      cwd: run.cwd ?? tmpdir(),
      env: environment(folder, run),
      timeoutSeconds: options.timeoutSeconds,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    if (result.code === 0 && !result.overflow) return result.stdout;
    const why = result.timedOut
      ? `no answer within ${options.timeoutSeconds} s`
      : result.stderr || `git ended with ${result.code ?? result.signal}`;
    throw faultOf(why, run.remote?.url);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function environment(folder: string | undefined, run: GitRun): Readonly<Record<string, string>> {
  const settings = Object.entries(SETTINGS);
  const numbered = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries(numbered),
    GIT_CONFIG_COUNT: String(settings.length),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: folder === undefined ? '/dev/null' : join(folder, 'config'),
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'http:https',
    GIT_LFS_SKIP_SMUDGE: '1',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    ...(run.indexFile === undefined ? {} : { GIT_INDEX_FILE: run.indexFile }),
  };
}

/** The header would follow a redirect to another host, so with credentials none is followed. */
async function credentialFolder(remote: Remote, authorization: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'evenkeel-git-'));
  const text = `[http "${remote.url}"]\n\textraHeader = Authorization: ${authorization}\n[http]\n\tfollowRedirects = false\n`;
  await writeFile(join(folder, 'config'), text, { mode: 0o600 });
  return folder;
}

const REFUSED = /authentication failed|could not read (?:username|password)|returned error: 40[13]|access denied/i;
const MISSING =
  /returned error: 404|repository '.*' not found|does not appear to be a git repository|unable to update url base from redirection/i;
const NO_REVISION = /not our ref|couldn't find remote ref|unadvertised object|no such remote ref/i;

function faultOf(stderr: string, url: string | undefined): Error {
  const where = url === undefined ? 'git' : `repository ${url}`;
  const line = stderr.split('\n').findLast((text) => /^(?:fatal|error):/.test(text)) ?? stderr.slice(0, 500);
  const why = line.replace(/^(?:fatal|error): /, '').replace(/\/\/[^/@\s]*@/g, '//');
  if (NO_REVISION.test(stderr)) return new InvalidInput(`${where}: no such revision: ${why}`);
  if (REFUSED.test(stderr)) return new InvalidInput(`${where}: access refused: ${why}`);
  if (MISSING.test(stderr)) return new InvalidInput(`${where}: not found: ${why}`);
  return new Unavailable(`${where} does not answer: ${why}`);
}
