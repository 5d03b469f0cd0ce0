// The bare repositories of the local Git server: made on demand, read by git itself.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { LOG_FORMAT, NO_COMMIT, type Push, parseLog, parseRefs, type RefChange } from './push.ts';

const run = promisify(execFile);
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,99})?$/;

/** Settings of every repository: pushes allowed, partial fetches served, nothing left running in the background after a push. */
const SETTINGS = {
  'http.receivepack': 'true',
  'http.getanyfile': 'false',
  'uploadpack.allowFilter': 'true',
  'uploadpack.allowAnySHA1InWant': 'true',
  'receive.autogc': 'false',
  'gc.auto': '0',
};

/** The name in a request path without its leading slash, without `.git`; undefined when it is not a name that the server serves. */
export function repositoryName(path: string): string | undefined {
  const name = path.replace(/\.git$/, '');
  return NAME.test(name) && !name.includes('..') && !name.includes('.git/') ? name : undefined;
}

/** What git sees of the environment: its own path, and none of the user's configuration. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', LC_ALL: 'C' };
}

async function git(dir: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('git', ['--git-dir', dir, ...args], { env: gitEnvironment(), maxBuffer: 256 * 1024 * 1024 });
  return stdout;
}

/** The folder of a repository under `root`, there or not. */
export function repositoryDir(root: string, name: string): string {
  return join(root, `${name}.git`);
}

/** Makes a bare repository unless there is one. It appears whole: made beside its place and renamed. */
export async function createRepository(root: string, name: string): Promise<void> {
  const dir = repositoryDir(root, name);
  if (existsSync(dir)) return;
  const fresh = `${dir}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await mkdir(dirname(dir), { recursive: true });
  const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  await run('git', [...settings, 'init', '-q', '--bare', '--template=', '-b', 'main', fresh], { env: gitEnvironment() });
  for (const [key, value] of Object.entries(SETTINGS)) await git(fresh, ['config', key, value]);
  await rename(fresh, dir).catch(async (cause: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    if (!existsSync(dir)) throw cause;
  });
}

export async function readRefs(dir: string): Promise<ReadonlyMap<string, string>> {
  return parseRefs(await git(dir, ['for-each-ref', '--format=%(objectname) %(refname)']));
}

/** The branch that HEAD names. In a repository whose HEAD has no commit yet the pushed branch becomes it, as at GitHub. */
export async function defaultBranch(dir: string, refs: ReadonlyMap<string, string>, pushed: readonly RefChange[]): Promise<string> {
  const head = (await git(dir, ['symbolic-ref', 'HEAD'])).trim();
  const first = pushed.find((change) => change.ref.startsWith('refs/heads/') && change.after !== NO_COMMIT)?.ref;
  if (refs.has(head) || first === undefined) return head.slice('refs/heads/'.length);
  await git(dir, ['symbolic-ref', 'HEAD', first]);
  return first.slice('refs/heads/'.length);
}

/** The commits that a change brought: what the new tip reaches and the old one, or for a new branch any older branch, does not. */
export async function pushedCommits(
  dir: string,
  change: RefChange,
  before: ReadonlyMap<string, string>,
): Promise<Pick<Push, 'commits' | 'created' | 'deleted' | 'forced'>> {
  const created = change.before === NO_COMMIT;
  const deleted = change.after === NO_COMMIT;
  if (deleted) return { commits: [], created, deleted, forced: false };
  const known = created ? [...new Set(before.values())] : [change.before];
  const log = await git(dir, [...LOG_FORMAT, change.after, '--not', ...known]);
  return { commits: parseLog(log), created, deleted, forced: !created && !(await isAncestor(dir, change)) };
}

function isAncestor(dir: string, change: RefChange): Promise<boolean> {
  return git(dir, ['merge-base', '--is-ancestor', change.before, change.after]).then(
    () => true,
    () => false,
  );
}
