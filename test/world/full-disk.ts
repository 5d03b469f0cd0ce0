// Fetches onto a small disk, and prints as JSON what each attempt came to and what is left.
// Arguments: where the disk is mounted, and what to fetch.
import { appendFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { anonymousCredentials } from '../../lib/adapters/credentials.ts';
import { createRenderPorts } from '../../lib/adapters/render-ports.ts';
import { messageOf } from '../../lib/model/errors.ts';
import type { Checkout } from '../../lib/ports.ts';

export interface Wanted {
  readonly renderer: string;
  readonly git: readonly { readonly repoURL: string; readonly commit: string }[];
  readonly chart: { readonly repoURL: string; readonly chart: string };
  readonly file: string;
}

/** The first of `git` on a disk without a single byte left; then, in the order of `git`, `chart`, `file`, and the first of `git` again: null for what was there, else the error's name and message. */
export interface Outcome {
  readonly faults: readonly (string | null)[];
  /** How many checkouts are kept after each. */
  readonly checkouts: readonly number[];
  /** Below the cache folder, after the first has been fetched again. */
  readonly left: readonly string[];
}

const [dir = '', text = ''] = process.argv.slice(2);
const wanted = JSON.parse(text) as Wanted; // its own test wrote it
const { repositories, downloads } = createRenderPorts({
  programs: { git: 'git', ssh: 'ssh', kubectl: '', helm: '', renderer: wanted.renderer },
  credentials: anonymousCredentials(),
  cacheDir: dir,
  cacheMiB: 1024,
  cacheShared: false,
  clock: Date.now,
  timeoutSeconds: 60,
  dial: { loopback: true },
});

function fill(path: string): void {
  try {
    for (;;) appendFileSync(path, Buffer.alloc(4096, 'x'));
  } catch (error) {
    if (!messageOf(error).includes('ENOSPC')) throw error;
  }
}

async function faultOf(work: Promise<Checkout>): Promise<string | null> {
  try {
    (await work).release();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
  }
}

const [first = { repoURL: '', commit: '' }] = wanted.git;
const firstAgain = () => repositories.checkout({ repoURL: first.repoURL }, first.commit, 'default');
const faults: (string | null)[] = [];
const checkouts: number[] = [];
const attempt = async (work: Promise<Checkout>) => {
  faults.push(await faultOf(work));
  const folder = join(dir, 'checkouts');
  checkouts.push(existsSync(folder) ? readdirSync(folder).length : 0);
};
fill(join(dir, 'filler'));
await attempt(firstAgain());
rmSync(join(dir, 'filler'));
for (const { repoURL, commit } of wanted.git) await attempt(repositories.checkout({ repoURL }, commit, 'default'));
await attempt(repositories.checkout({ ...wanted.chart, targetRevision: '1.0.0' }, '1.0.0', 'default'));
await attempt(downloads.download(wanted.file, 0));
await attempt(firstAgain());
const left = ['checkouts', 'repositories', 'charts', 'downloads', 'locks'].flatMap((name) =>
  readdirSync(join(dir, name)).map((one) => `${name}/${one}`),
);
process.stdout.write(`${JSON.stringify({ faults, checkouts, left } satisfies Outcome)}\n`);
