// Promise: `npm start -- --story` tells the whole story on a machine that has node, npm, git, go and coreutils and nothing else, and ends
// with what it began with; a step that does not hold is named and makes the exit code say so.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { STEPS } from '../../infra/local/story/story.ts';

const ROOT = join(import.meta.dirname, '../..');
const MINUTES = 60_000;
const COREUTILS =
  'arch b2sum base32 base64 basename cat chmod chown cksum comm cp csplit cut date dd df dirname du echo env expand expr factor false fmt fold ' +
  'head id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ' +
  'ptx pwd readlink realpath rm rmdir seq sha1sum sha256sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test ' +
  'timeout touch tr true truncate tsort tty uname unexpand uniq unlink wc whoami yes';

let folder: string;
let started: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-story-'));
  mkdirSync(join(folder, 'tmp'));
  started = [];
});

afterEach(async () => {
  // The host ends what it has started when it is gone.
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await expect.poll(ours, { timeout: 10_000 }).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

/** A PATH of one folder with just these programs, and the shell that npm runs scripts with. */
function narrowPath(): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['node', 'npm', 'git', 'go', 'sh', ...COREUTILS.split(' ')]) {
    const found = outsidePath(name);
    if (found !== undefined) symlinkSync(realpathSync(found), join(bin, name));
  }
  return bin;
}

/** Where the machine has a program: what npm puts before PATH for a script is left out. */
function outsidePath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((path) => !path.includes('node_modules'));
  return folders.map((path) => join(path, name)).find(existsSync);
}

interface Running {
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Its temporary folder is the test's own, so that its processes and folders can be told from those of others. */
function start(command: string, args: readonly string[], path: string, onText: (text: string) => void = () => undefined): Running {
  const { HOME = '', XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME };
  const env = { PATH: path, HOME, ...cache, TMPDIR: join(folder, 'tmp'), CGO_ENABLED: '0' };
  const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onText(output);
    });
  }
  return { output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** Processes that have anything to do with the test's folder. */
function ours(): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.filter(
    (pid) =>
      [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].some((file) => textOf(file).includes(folder)) || cwdOf(pid).startsWith(folder),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function cwdOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

test('the whole story holds with a PATH of node, npm, git, go and coreutils only, and nothing of ours runs after it', {
  timeout: 8 * MINUTES,
}, async () => {
  const path = narrowPath();
  expect(
    ['kubectl', 'helm', 'kustomize', 'openssl', 'unzip', 'gcc', 'curl', 'sed', 'bash'].filter((name) => existsSync(join(path, name))),
  ).toEqual([]);
  const story = start(join(path, 'npm'), ['start', '--', '--story'], path);
  expect(await story.ended, story.output()).toBe(0);
  const told = [...story.output().matchAll(/^\[(\d+)\/\d+\] (.*)$/gm)].map(([, , title]) => title);
  expect(told).toEqual(STEPS.map(({ title }) => title));
  expect(story.output()).toMatch(/The story is told: \d+ steps/);
  expect(ours()).toEqual([]);
  expect(readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('evenkeel'))).toEqual([]);
});

test('a step that does not hold is named, and the exit code says so', { timeout: 2 * MINUTES }, async () => {
  const tmp = join(folder, 'tmp');
  const loseKubeconfigs = (output: string) => {
    if (!output.includes('[1/')) return;
    for (const name of readdirSync(tmp)) rmSync(join(tmp, name, 'admin.kubeconfig'), { force: true });
  };
  const story = start(process.execPath, ['infra/local/start.ts', '--story'], process.env['PATH'] ?? '', loseKubeconfigs);
  expect(await story.ended, story.output()).toBe(1);
  expect(story.output()).toContain(`step 1 of ${STEPS.length}, "${STEPS[0]?.title}", failed: kubectl apply`);
  expect(ours()).toEqual([]);
});
